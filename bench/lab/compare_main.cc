#include "bench/lab/compare_main.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <exception>
#include <filesystem>
#include <span>
#include <vector>

#include "apps/build_info.h"
#include "apps/descriptor_limit.h"
#include "apps/user_path.h"
#include "bench/lab/analysis.h"
#include "bench/lab/capacity.h"
#include "bench/lab/compare_options.h"
#include "bench/lab/condition.h"
#include "bench/lab/environment.h"
#include "bench/lab/experiment.h"
#include "bench/lab/interrupt.h"
#include "bench/lab/load_check.h"
#include "bench/lab/orphans.h"
#include "bench/lab/results.h"
#include "bench/lab/table.h"
#include "bench/lab/usage_error.h"
#include "bench/lab/validity.h"
#include "bench/report/write_reports.h"

namespace polymux::bench {
namespace {

constexpr int kOk = 0;
constexpr int kRunTimeError = 1;
constexpr int kUsageErrorCode = 2;
constexpr int kInvalid = 3;
constexpr int kInterrupted = 130;

// Where the results go; made, so that it fails before the measuring.
std::filesystem::path OutputDirectory(const CompareOptions& options) {
  std::filesystem::path directory = options.out;
  if (directory.empty()) {
    directory = fmt::format("polymux-results/{:%Y%m%d-%H%M%S}",
                            fmt::localtime(std::time(nullptr)));
  }
  directory = UserPath(directory);
  std::filesystem::create_directories(directory);
  return directory;
}

void RequireOptimised(bool allow_debug) {
  if (IsOptimised(ThisBuild()) || allow_debug) return;
  throw UsageError(
      "this is not an optimised build (bazel run -c opt makes one); "
      "--allow-debug measures it all the same");
}

// Measures what the plan says and shows it, also when that is interrupted.
int Measure(const ServerOptions& server_options,
            const std::filesystem::path& file,
            std::span<const Condition> conditions, Results& results) {
  int exit_code = kOk;
  try {
    RunExperiment(results, server_options, file);
  } catch (const Interrupted&) {
    exit_code = kInterrupted;
  }
  const auto report = WriteReports(results, file.parent_path());
  fmt::print("{}\n{}\n{}\n", RenderTable(results, ColourOfStdout()),
             file.string(), report.string());
  if (exit_code == kInterrupted) return exit_code;
  const Analysis analysis = Analyze(results.plan, results.trials);
  if (LacksArm(analysis)) exit_code = kInvalid;
  return std::max(exit_code,
                  JudgeConditions(conditions, results.plan, analysis));
}

// The open loop of the plan before its rates are known: 1 per second.
Plan ForeseenOpenLoop(const Plan& plan) {
  return OpenLoopPlan(plan, std::vector<double>(plan.scenarios.size(), 1));
}

std::string DescribeOpenLoop(const Plan& plan) {
  return fmt::format(
      "open loop: {} for the capacities in a closed loop, then {} at {} % of "
      "the lowest\n"
      "the closed loop:\n{}",
      DescribeLength(EstimateAll(CapacityPlan(plan))),
      DescribeLength(EstimateAll(ForeseenOpenLoop(plan))),
      fmt::join(kOpenLoopPercents, ", "), DescribePlan(CapacityPlan(plan)));
}

// Measures the capacities, which stay in a file of their own, and returns the
// plan of the open loop.  Throws UsageError when they make rates that do not go
// with the durations; Interrupted.
Plan FindRates(const Plan& plan, const ServerOptions& server_options,
               const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / "capacity.json";
  Results capacity{.environment = ObserveEnvironment(),
                   .plan = CapacityPlan(plan)};
  try {
    RunExperiment(capacity, server_options, file);
  } catch (const Interrupted&) {
    WriteResults(capacity, file);
    fmt::print("{}\n", file.string());
    throw;
  }
  WriteResults(capacity, file);
  Plan open =
      OpenLoopPlan(plan, LowestCapacities(capacity.plan, capacity.trials));
  CheckLoad(open, "--open-loop");
  return open;
}

int Compare(CompareOptions options) {
  if (!options.scenario_file.empty()) {
    options.scenario_file = UserPath(options.scenario_file);
  }
  Plan plan =
      MakePlan(options, BuiltInArms(), RaiseDescriptorLimit(), AllowedCpus());
  const std::vector<Condition> conditions = ParseConditions(
      options.fail_if, options.open_loop ? ForeseenOpenLoop(plan) : plan);
  const std::string description =
      options.open_loop ? DescribeOpenLoop(plan) : DescribePlan(plan);
  if (options.dry_run) {
    fmt::print("{}", description);
    return kOk;
  }
  RequireOptimised(options.allow_debug);
  HandleInterrupts();
  AdoptOrphans();
  const ServerOptions server_options{.reactors = plan.reactors,
                                     .cpus = plan.cpus.server,
                                     .directory = UserDirectory()};
  TryOwnArms(plan, server_options, options.allow_debug);
  fmt::print(stderr, "{}\n", description);
  const std::filesystem::path directory = OutputDirectory(options);
  if (options.open_loop) {
    plan = FindRates(plan, server_options, directory);
    fmt::print(stderr, "\n{}\n", DescribePlan(plan));
  }
  Results results{.environment = ObserveEnvironment(), .plan = std::move(plan)};
  return Measure(server_options, directory / "results.json", conditions,
                 results);
}

}  // namespace

int CompareMain(int argc, char** argv) {
  const auto parsed = ParseCompareOptions(argc, argv);
  if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
  try {
    return Compare(std::get<CompareOptions>(parsed));
  } catch (const Interrupted&) {
    return kInterrupted;
  } catch (const UsageError& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return kUsageErrorCode;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return kRunTimeError;
  }
}

}  // namespace polymux::bench
