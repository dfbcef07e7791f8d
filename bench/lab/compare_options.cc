#include "bench/lab/compare_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <map>
#include <random>

#include "bench/lab/condition.h"
#include "bench/lab/limits.h"
#include "bench/lab/load_check.h"
#include "bench/lab/percentage.h"
#include "bench/lab/scenario_file.h"
#include "bench/lab/usage_error.h"
#include "bench/load/load_limits.h"

namespace polymux::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::string_view kPreferredBaseline = "epoll-lt";
constexpr nanoseconds kMinWindow = milliseconds(10);

constexpr char kDescription[] =
    "Runs the same echo server over every I/O multiplexer, one fresh process\n"
    "after the other in random order, and tells what a message costs each.";

constexpr char kFooter[] =
    "Examples:\n"
    "  polymux compare --quick\n"
    "  polymux compare --arms epoll-lt,epoll-lt,poll --scenarios all\n"
    "  polymux compare --connections 500 --active 10% --size 4k\n"
    "  polymux compare --arm mine='./my_server --port {port}'\n"
    "  polymux compare --fail-if 'echo-100/epoll-lt.p99 > 2ms'\n"
    "\n"
    "The arms and scenarios that there are: polymux list.\n"
    "Exit code: 0; 1 run-time error, also when a file or stdout could not be\n"
    "written; 2 usage; 3 an arm has no valid trial or too many invalid ones, "
    "or\n"
    "a condition is n/a; 4 a --fail-if condition holds; 130 interrupted (what\n"
    "was measured is written and shown).";

// Flags that say what to compare.
void AddSubject(CLI::App& app, CompareOptions& options) {
  app.add_option("--arms", options.arms,
                 "Which servers; a name given twice is measured\n"
                 "twice; all: every peer and control too\n"
                 "(default: all backends and raw-epoll)")
      ->delimiter(',')
      ->type_name("NAME,...");
  app.add_option("--server", options.servers,
                 "Another build of echo_server as an arm")
      ->allow_extra_args(false)
      ->type_name("NAME=PATH");
  app.add_option("--arm", options.foreign,
                 "Any program that echoes on 127.0.0.1:{port} as\n"
                 "an arm; run by sh -c")
      ->allow_extra_args(false)
      ->type_name("NAME=COMMAND");
  app.add_option("--baseline", options.baseline,
                 "The arm that the others are compared with\n"
                 "(default: epoll-lt, or else the first)")
      ->type_name("NAME");
  app.add_option("--reactors", options.reactors,
                 "I/O loops of each server; 0: all on its main loop")
      ->check(CLI::Range(0, 1024).description(""))
      ->capture_default_str()
      ->type_name("N");
}

// Flags that say under which workload.
void AddWorkload(CLI::App& app, CompareOptions& options, CountOrPercent& active,
                 std::size_t& size) {
  const CLI::Validator positive = CLI::Range(1, 1'000'000).description("");
  app.add_option("--scenarios", options.scenarios,
                 "Built-in workloads, groups of them, or \"all\"\n"
                 "(default: echo-100,idle-900)")
      ->delimiter(',')
      ->type_name("NAME,...");
  app.add_option("--scenario-file", options.scenario_file,
                 "Workloads of your own (TOML; docs/scenarios.md)")
      ->type_name("FILE");
  app.add_option("--connections", options.connections,
                 "A workload of your own: connections")
      ->check(positive)
      ->type_name("N");
  AddCountOrPercent(app, "--active", active,
                    "... of which so many send; the others are silent");
  AddSize(app, "--size", size, "... size of a message");
  app.add_option("--depth", options.depth,
                 "... messages outstanding per connection")
      ->check(CLI::Range(1, kMaxDepth).description(""))
      ->type_name("N");
  app.add_option("--rate", options.rate,
                 "... messages per second over all connections,\n"
                 "whatever the server does (open loop)")
      ->check(CLI::Range(1.0, 1e7).description(""))
      ->type_name("N");
  std::map<std::string, Arrivals> arrivals;
  for (const Arrivals one : {Arrivals::kPoisson, Arrivals::kConstant}) {
    arrivals.emplace(ToString(one), one);
  }
  app.add_option("--arrivals", options.arrivals,
                 "When an open loop sends: \"poisson\" (default)\n"
                 "or \"constant\"")
      ->transform(CLI::Transformer(arrivals).description(""))
      ->type_name("NAME");
  app.add_flag("--open-loop", options.open_loop,
               "Find the capacities first, then measure the\n"
               "latency at 10 to 90 % of the lowest one");
}

CLI::Option* AddPreset(CLI::App& app, const char* flag, int rounds,
                       const char* what, CompareOptions& options) {
  return app.add_flag_callback(
      flag, [&options, rounds] { options.preset_rounds = rounds; },
      fmt::format("At least {} rounds: {}", rounds, what));
}

// How many rounds are measured is said in one way.
void AddRounds(CLI::App& app, CompareOptions& options) {
  CLI::Option* const quick = AddPreset(app, "--quick", kQuickRounds,
                                       "a first impression (default)", options);
  CLI::Option* const standard =
      AddPreset(app, "--standard", kStandardRounds, "to be quoted", options);
  CLI::Option* const rigorous = AddPreset(app, "--rigorous", kRigorousRounds,
                                          "for small differences", options);
  CLI::Option* const rounds =
      app.add_option("--rounds", options.rounds,
                     "How often each arm is measured; rounded up to\n"
                     "whole blocks, but for less than one block")
          ->check(CLI::Range(1, 10'000).description(""))
          ->type_name("N");
  quick->excludes(standard)->excludes(rigorous)->excludes(rounds);
  standard->excludes(rigorous)->excludes(rounds);
  rigorous->excludes(rounds);
}

// A whole number that a seed can be. CLI11 itself takes "-1" for the largest.
std::uint64_t ParseSeed(const std::string& text) {
  std::uint64_t seed = 0;
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, seed);
  if (error != std::errc() || next != end) {
    throw CLI::ValidationError(
        "--seed", fmt::format("\"{}\" is no whole number from 0 to {}", text,
                              std::numeric_limits<std::uint64_t>::max()));
  }
  return seed;
}

// Flags that say how to measure.
void AddMethod(CLI::App& app, CompareOptions& options) {
  AddRounds(app, options);
  AddPercentage(app, "--precision", options.precision,
                fmt::format("Go on until each interval is no wider than\n"
                            "this to either side, at most {} rounds",
                            kPrecisionRounds));
  AddPercentage(app, "--margin", options.margin,
                "What is too small to matter (default: 2%)");
  AddPercentage(app, "--max-invalid", options.max_invalid,
                "Of an arm's trials so many may be invalid\n"
                "(default: 10%); more is exit code 3");
  AddDuration(app, "--duration", options.window, "How long each time");
  AddDuration(app, "--warm-up", options.warm_up, "Load before that");
  app.add_option("--load-threads", options.load_threads,
                 "Threads of the load generator")
      ->check(CLI::Range(1, kMaxLoadThreads).description(""))
      ->capture_default_str()
      ->type_name("N");
  app.add_option_function<std::string>(
         "--seed",
         [&options](const std::string& text) {
           options.seed = ParseSeed(text);
         },
         "Decides the order (default: a fresh one)")
      ->type_name("N");
  app.add_flag("--allow-debug", options.allow_debug,
               "Measure even what is not an optimised build");
}

void AddOutput(CLI::App& app, CompareOptions& options) {
  app.add_option("--out", options.out,
                 "Where the files go; none that is there already\n"
                 "is replaced (default: polymux-results/DATE)")
      ->type_name("DIR");
  app.add_option("--fail-if", options.fail_if,
                 "Exit with 4 under this condition; may be repeated")
      ->allow_extra_args(false)
      ->type_name("CONDITION");
  app.add_flag("--dry-run", options.dry_run,
               "Show what would be measured and how long it takes");
}

// The one of the flags; empty without any of them.
std::optional<Scenario> CustomScenario(const CompareOptions& options) {
  if (!options.connections && !options.active && !options.message_size &&
      !options.depth && !options.rate) {
    return std::nullopt;
  }
  const int connections = options.connections.value_or(100);
  const CountOrPercent all{.number = 100, .is_percent = true};
  const auto active = static_cast<int>(
      options.active.value_or(all).Of(static_cast<std::size_t>(connections)));
  Scenario scenario{
      .name = "custom", .active = active, .idle = connections - active};
  scenario.message_size = options.message_size.value_or(scenario.message_size);
  scenario.depth = options.depth.value_or(scenario.depth);
  scenario.rate = options.rate;
  scenario.Validate();
  return scenario;
}

// Only one of a file can have the name of another, which is built in or that of
// the flags.
void RequireDistinct(const std::vector<Scenario>& scenarios) {
  for (const Scenario& scenario : scenarios) {
    if (scenario.place.empty() ||
        std::ranges::count(scenarios, scenario.name, &Scenario::name) == 1) {
      continue;
    }
    throw UsageError(
        fmt::format("{}: scenario \"{}\" is chosen outside of this file too",
                    scenario.place, scenario.name));
  }
}

// The built-in ones, those of the file, that of the flags.
std::vector<Scenario> ScenariosOf(const CompareOptions& options) {
  std::vector<Scenario> scenarios = SelectScenarios(options.scenarios);
  if (!options.scenario_file.empty()) {
    std::ranges::copy(ReadScenarioFile(options.scenario_file),
                      std::back_inserter(scenarios));
  }
  if (auto custom = CustomScenario(options)) scenarios.push_back(*custom);
  if (scenarios.empty()) {
    const std::vector<std::string> standard{"echo-100", "idle-900"};
    scenarios = SelectScenarios(standard);
  }
  RequireDistinct(scenarios);
  return scenarios;
}

// Why the arm can take part in no scenario; empty when it can in one.
std::string ObstacleEverywhere(const Plan& plan, const Arm& arm) {
  std::string first;
  for (const Scenario& scenario : plan.scenarios) {
    const std::string obstacle = Obstacle(plan, scenario, arm);
    if (obstacle.empty()) return {};
    if (first.empty()) first = obstacle;
  }
  return first;
}

std::string NamedBaseline(const Plan& plan, const std::string& name) {
  const auto named = std::ranges::find(plan.arms, name, &Arm::name);
  if (named == plan.arms.end()) {
    throw UsageError(
        fmt::format("--baseline: no arm \"{}\" is compared", name));
  }
  const std::string obstacle = ObstacleEverywhere(plan, *named);
  if (!obstacle.empty()) {
    throw UsageError(
        fmt::format("--baseline: {} cannot be measured: {}", name, obstacle));
  }
  return name;
}

// Of the arms that can be measured.
std::string DefaultBaseline(const Plan& plan) {
  const auto can_be_measured = [&plan](const Arm& arm) {
    return ObstacleEverywhere(plan, arm).empty();
  };
  auto baseline = std::ranges::find_if(plan.arms, [&](const Arm& arm) {
    return arm.name == kPreferredBaseline && can_be_measured(arm);
  });
  if (baseline == plan.arms.end()) {
    baseline = std::ranges::find_if(plan.arms, can_be_measured);
  }
  if (baseline == plan.arms.end()) {
    const Arm& first = plan.arms.front();
    throw UsageError(fmt::format("no arm can be measured; {}: {}", first.name,
                                 ObstacleEverywhere(plan, first)));
  }
  return baseline->name;
}

// The arm that is a second copy of the baseline, which is added unless there is
// one.
std::string AddControl(const std::string& baseline, std::vector<Arm>& arms) {
  Arm control = *std::ranges::find(arms, baseline, &Arm::name);
  const auto copy = std::ranges::find_if(arms, [&](const Arm& arm) {
    return arm.name != baseline && arm.kind == control.kind &&
           arm.target == control.target;
  });
  if (copy != arms.end()) return copy->name;
  control.name += "#2";
  arms.push_back(control);
  return control.name;
}

std::size_t CountAvailable(std::span<const Arm> arms) {
  return static_cast<std::size_t>(std::ranges::count_if(
      arms, [](const Arm& arm) { return arm.unavailable.empty(); }));
}

// Of what a results file may hold, and what is computed in nanoseconds.
void RequireMeasurable(const Plan& plan) {
  const std::size_t cells = plan.scenarios.size() * plan.arms.size();
  if (cells > kMostCells) {
    throw UsageError(fmt::format(
        "--scenarios, --arms: {} arms in {} scenarios; at most {} in all",
        plan.arms.size(), plan.scenarios.size(), kMostCells));
  }
  if (const std::int64_t trials = CountTrials(plan); trials > kMostTrials) {
    throw UsageError(
        fmt::format("--rounds: {} rounds are {} trials; at most {}",
                    plan.rounds, trials, kMostTrials));
  }
  const std::chrono::duration<double> time =
      static_cast<double>(CountTrials(plan)) *
      std::chrono::duration<double>(plan.warm_up + plan.window);
  if (time > kMostTime) {
    throw UsageError(fmt::format(
        "--rounds, --duration, --warm-up: {} rounds take {:.0f} hours; at most "
        "{}",
        plan.rounds, time / std::chrono::hours(1), kMostTime.count()));
  }
}

}  // namespace

std::variant<CompareOptions, int> ParseCompareOptions(int argc, char** argv) {
  CompareOptions options;
  CountOrPercent active{.number = 100, .is_percent = true};
  std::size_t size = Scenario().message_size;
  CLI::App app(kDescription, argv[0]);
  app.footer(kFooter + DescribeConditions());
  AddSubject(app, options);
  AddWorkload(app, options, active, size);
  AddMethod(app, options);
  AddOutput(app, options);
  if (const auto exit_code = ParseFlags(app, argc, argv)) return *exit_code;
  if (app.count("--active") > 0) options.active = active;
  if (app.count("--size") > 0) options.message_size = size;
  return options;
}

Plan MakePlan(const CompareOptions& options, std::span<const Arm> built_in,
              std::size_t descriptor_limit, std::span<const int> cpus) {
  if (options.window < kMinWindow) {
    throw UsageError(
        fmt::format("--duration: at least {}", FormatDuration(kMinWindow)));
  }
  std::vector<Arm> own;
  for (const std::string& text : options.servers) {
    own.push_back(ParseServerArm(text));
  }
  for (const std::string& text : options.foreign) {
    own.push_back(ParseForeignArm(text));
  }
  Plan plan{.scenarios = ScenariosOf(options),
            .arms = SelectArms(options.arms, built_in, own),
            .baseline = {},
            .reactors = options.reactors,
            .load_threads = options.load_threads,
            .precision = options.precision,
            .margin = options.margin.value_or(Plan().margin),
            .max_invalid = options.max_invalid.value_or(Plan().max_invalid),
            .warm_up = options.warm_up,
            .window = options.window,
            .seed = options.seed.value_or(std::random_device()()),
            .descriptor_limit = descriptor_limit,
            .cpus = {}};
  plan.cpus = AssignCpus(cpus, MostLoops(plan), plan.load_threads);
  const auto is_open = [](const Scenario& scenario) {
    return scenario.rate.has_value();
  };
  if (options.arrivals && !options.open_loop &&
      std::ranges::none_of(plan.scenarios, is_open)) {
    throw UsageError("--arrivals: nothing here has a rate");
  }
  for (Scenario& scenario : plan.scenarios) {
    scenario.arrivals = options.arrivals.value_or(scenario.arrivals);
    if (!scenario.idle_to_limit) continue;
    scenario.idle = MostIdle(plan, scenario);
    scenario.idle_to_limit = false;
  }
  CheckLoad(plan, "--rate");
  plan.baseline = options.baseline.empty()
                      ? DefaultBaseline(plan)
                      : NamedBaseline(plan, options.baseline);
  plan.control = AddControl(plan.baseline, plan.arms);
  plan.rounds = options.rounds.value_or(
      options.precision ? kPrecisionRounds : options.preset_rounds);
  plan.least_rounds = std::min(options.preset_rounds, plan.rounds);
  plan.whole_blocks =
      !options.rounds ||
      *options.rounds >= WholeRounds(1, CountAvailable(plan.arms));
  RequireMeasurable(plan);
  return plan;
}

}  // namespace polymux::bench
