#include "bench/lab/list_main.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

#include "apps/flag_values.h"
#include "bench/lab/console.h"
#include "bench/lab/exit_code.h"
#include "bench/lab/scenario.h"
#include "bench/peers/peers.h"
#include "poller/backends.h"

namespace polymux::bench {
namespace {

constexpr char kDescription[] =
    "Lists what `polymux compare` can compare: backends, and why one is\n"
    "unavailable; controls; scenarios and groups of them.";

constexpr char kFooter[] =
    "Example:\n"
    "  polymux list\n"
    "\n"
    "Exit code: 0; 2 usage.";

std::string DescribeLimit(const Backend& backend) {
  return backend.max_fd ? fmt::format("fd <= {}", *backend.max_fd) : "no limit";
}

void PrintBackends() {
  PrintResult("Backends (serve --backend, compare --arms)\n");
  for (const Backend& backend : Backends()) {
    const std::string obstacle = backend.probe();
    PrintResult("  {:<12} {:<28} {:<6} {:<11} {}\n", backend.name,
                backend.kernel_interface,
                backend.trigger == Trigger::kLevel ? "level" : "edge",
                DescribeLimit(backend),
                obstacle.empty() ? "available" : "unavailable: " + obstacle);
  }
}

void PrintPeers() {
  PrintResult("\nControls (compare --arms)\n");
  for (const Peer& peer : Peers()) {
    const std::string obstacle = peer.probe();
    PrintResult("  {:<12} {}{}\n", peer.name, peer.description,
                obstacle.empty() ? "" : "; unavailable: " + obstacle);
  }
}

void PrintScenarios() {
  PrintResult("\nScenarios (compare --scenarios)\n");
  for (const Scenario& scenario : BuiltInScenarios()) {
    PrintResult("  {:<14} {}\n", scenario.name, scenario.Describe());
  }
  PrintResult("\nGroups of scenarios (compare --scenarios)\n");
  for (const ScenarioGroup& group : ScenarioGroups()) {
    PrintResult("  {:<14} {}: {} to {}\n", group.name, group.question,
                group.members.front(), group.members.back());
  }
}

}  // namespace

int ListMain(int argc, char** argv) {
  CLI::App app(kDescription, argv[0]);
  app.footer(kFooter);
  if (const auto exit_code = ParseFlags(app, argc, argv)) return *exit_code;
  return ExitCodeOf(argv[0], [] {
    PrintBackends();
    PrintPeers();
    PrintScenarios();
    return kExitOk;
  });
}

}  // namespace polymux::bench
