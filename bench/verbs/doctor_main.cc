#include "bench/verbs/doctor_main.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <span>
#include <thread>

#include "apps/build_info.h"
#include "apps/flag_values.h"
#include "bench/lab/console.h"
#include "bench/lab/cpus.h"
#include "bench/lab/exit_code.h"
#include "bench/lab/scenario.h"
#include "bench/lab/text.h"
#include "bench/verbs/checkup.h"
#include "poller/backends.h"

namespace polymux::bench {
namespace {

constexpr char kDescription[] =
    "Is this machine fit to measure? Looks at what disturbs measurements and\n"
    "says what to do about it. Changes nothing.";

constexpr char kFooter[] =
    "Examples:\n"
    "  polymux doctor\n"
    "  polymux doctor --sample 10s\n"
    "  polymux doctor --json\n"
    "\n"
    "warning: figures are noisier or some scenarios shrink; problem: do not\n"
    "trust figures of this machine.\n"
    "Exit code: 0 no problem; 1 run-time error; 2 usage; 3 a problem.";

// What a process needs beside one descriptor for each connection.
constexpr std::size_t kOtherDescriptors = 64;

std::size_t DescriptorsWanted() {
  int most = 0;
  for (const Scenario& scenario : BuiltInScenarios()) {
    most = std::max(most, scenario.connections());
  }
  return static_cast<std::size_t>(most) + kOtherDescriptors;
}

std::size_t DescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_max;
}

std::vector<UnavailableBackend> UnavailableBackends() {
  std::vector<UnavailableBackend> unavailable;
  for (const Backend& backend : Backends()) {
    const std::string reason = backend.probe();
    if (reason.empty()) continue;
    unavailable.push_back(
        {.name = std::string(backend.name),
         .kernel_interface = std::string(backend.kernel_interface),
         .reason = reason});
  }
  return unavailable;
}

std::ptrdiff_t Count(std::span<const Finding> findings, Severity severity) {
  return std::ranges::count(findings, severity, &Finding::severity);
}

std::string Topics(std::span<const Finding> findings, Severity severity) {
  std::string topics;
  for (const Finding& finding : findings) {
    if (finding.severity != severity) continue;
    topics += (topics.empty() ? "" : ", ") + finding.topic;
  }
  return topics;
}

std::string Sentence(std::span<const Finding> findings) {
  if (Count(findings, Severity::kProblem) > 0) {
    return fmt::format("This machine is not fit to measure: {}.",
                       Topics(findings, Severity::kProblem));
  }
  if (Count(findings, Severity::kWarning) > 0) {
    return fmt::format("This machine can measure, with reservations: {}.",
                       Topics(findings, Severity::kWarning));
  }
  return "This machine is fit to measure.";
}

void PrintText(std::span<const Finding> findings) {
  PrintResult("{}\n", Wrap("", Sentence(findings)));
  for (const Finding& finding : findings) {
    const std::string first =
        fmt::format("{:<8} {:<12} ", ToString(finding.severity), finding.topic);
    PrintResult("{}", Wrap(first, finding.seen));
    if (finding.remedy.empty()) continue;
    PrintResult("{}",
                Wrap(std::string(first.size(), ' ') + "-> ", finding.remedy));
  }
}

void PrintJson(std::span<const Finding> findings) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"topic", finding.topic},
                    {"severity", ToString(finding.severity)},
                    {"seen", finding.seen},
                    {"remedy", finding.remedy.empty() ? Json(nullptr)
                                                      : Json(finding.remedy)}});
  }
  const Json document{{"fit", Count(findings, Severity::kProblem) == 0},
                      {"findings", list}};
  PrintResult("{}\n",
              document.dump(1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

int DoctorMain(int argc, char** argv) {
  std::chrono::nanoseconds sample = std::chrono::seconds(1);
  bool as_json = false;
  CLI::App app(kDescription, argv[0]);
  app.footer(kFooter);
  AddDuration(app, "--sample", sample, "How long the CPUs are looked at");
  app.add_flag("--json", as_json, "The findings as JSON");
  if (const auto exit_code = ParseFlags(app, argc, argv)) return *exit_code;
  return ExitCodeOf(argv[0], [&] {
    const std::vector<Finding> findings =
        Examine({.root = "/",
                 .wait = [sample] { std::this_thread::sleep_for(sample); },
                 .usable_cpus = static_cast<int>(AllowedCpus().size()),
                 .descriptors = DescriptorLimit(),
                 .descriptors_wanted = DescriptorsWanted(),
                 .build = ThisBuild(),
                 .unavailable = UnavailableBackends()});
    if (as_json) {
      PrintJson(findings);
    } else {
      PrintText(findings);
    }
    return Count(findings, Severity::kProblem) > 0 ? kExitInvalid : kExitOk;
  });
}

}  // namespace polymux::bench
