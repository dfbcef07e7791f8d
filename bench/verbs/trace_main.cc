#include "bench/verbs/trace_main.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <span>

#include "apps/flag_values.h"
#include "bench/lab/arm.h"
#include "bench/lab/console.h"
#include "bench/lab/exit_code.h"
#include "bench/lab/interrupt.h"
#include "bench/lab/usage_error.h"
#include "bench/verbs/recording.h"
#include "bench/verbs/timeline.h"

namespace polymux::bench {
namespace {

constexpr char kDescription[] =
    "Shows the life of one request: starts the echo server on a backend, lets\n"
    "one client connect, send a message and close, and lists the system calls\n"
    "of the server with times and what each is for. Needs strace.";

constexpr char kFooter[] =
    "Examples:\n"
    "  polymux trace epoll-lt\n"
    "  polymux trace epoll-et --messages 2\n"
    "  polymux trace poll --reactors 1\n"
    "  polymux trace raw-epoll\n"
    "\n"
    "The backends and controls that there are: polymux list.\n"
    "Exit code: 0; 1 run-time error (no strace, tracing forbidden); 2 usage;\n"
    "130 interrupted.";

Arm FindArm(const std::string& name, bool has_reactors) {
  const std::vector<Arm> arms = BuiltInArms();
  const std::vector<Arm> found =
      SelectArms(std::span(&name, 1), arms, std::span<const Arm>());
  const Arm& arm = found.front();
  if (!arm.unavailable.empty()) {
    throw std::runtime_error(
        fmt::format("{} is unavailable: {}", name, arm.unavailable));
  }
  if (has_reactors && !arm.is_polymux()) {
    throw UsageError(fmt::format(
        "--reactors: {} is a control, which has no reactors", name));
  }
  return arm;
}

int Trace(const RecordOptions& options) {
  HandleInterrupts();
  const Recording recording = Record(options);
  PrintResult("{}", RenderTimeline(options.arm.name, recording));
  return kExitOk;
}

}  // namespace

int TraceMain(int argc, char** argv) {
  std::string name;
  RecordOptions options;
  CLI::App app(kDescription, argv[0]);
  app.footer(kFooter);
  app.add_option("BACKEND", name, "A backend, or a control")
      ->required()
      ->type_name("");
  app.add_option("--messages", options.messages, "How many, one after another")
      ->check(CLI::Range(1, 100).description(""))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--reactors", options.reactors,
                 "I/O loops of the server; 0: all on its main loop")
      ->check(CLI::Range(0, 64).description(""))
      ->capture_default_str()
      ->type_name("N");
  if (const auto exit_code = ParseFlags(app, argc, argv)) return *exit_code;
  return ExitCodeOf(argv[0], [&] {
    options.arm = FindArm(name, app.count("--reactors") > 0);
    return Trace(options);
  });
}

}  // namespace polymux::bench
