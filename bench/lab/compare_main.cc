#include "bench/lab/compare_main.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "apps/build_info.h"
#include "apps/descriptor_limit.h"
#include "apps/user_path.h"
#include "bench/lab/analysis.h"
#include "bench/lab/capacity.h"
#include "bench/lab/compare_options.h"
#include "bench/lab/compare_output.h"
#include "bench/lab/condition.h"
#include "bench/lab/console.h"
#include "bench/lab/environment.h"
#include "bench/lab/exit_code.h"
#include "bench/lab/experiment.h"
#include "bench/lab/interrupt.h"
#include "bench/lab/load_check.h"
#include "bench/lab/orphans.h"
#include "bench/lab/output_directory.h"
#include "bench/lab/program_hash.h"
#include "bench/lab/results.h"
#include "bench/lab/usage_error.h"
#include "bench/lab/validity.h"
#include "bench/report/write_reports.h"

namespace polymux::bench {
namespace {

constexpr std::string_view kVerb = "polymux compare";
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

void RequireOptimised(bool allow_debug) {
  if (IsOptimised(ThisBuild()) || allow_debug) return;
  throw UsageError(
      "this is not an optimised build (bazel run -c opt makes one); "
      "--allow-debug measures it all the same");
}

// The exit code that the results deserve.
int Judge(std::span<const Condition> conditions, const Results& results) {
  const Analysis analysis = Analyze(results.plan, results.trials);
  return std::max(IsUsable(results.plan, analysis) ? kExitOk : kExitInvalid,
                  JudgeConditions(conditions, results.plan, analysis));
}

// Measures what the plan says; writes and shows it, whatever has ended it.
int Measure(const ServerOptions& server_options,
            std::span<const Condition> conditions, OutputDirectory& directory,
            Results& results) {
  const int run = ExitCodeOf(kVerb, [&] {
    RunExperiment(results, server_options,
                  [&] { Save(results, kResultsFile, directory); });
    return kExitOk;
  });
  const bool all_written = Publish(results, directory);
  if (run != kExitOk) return run;
  const int judgement = Judge(conditions, results);
  return judgement == kExitOk && !all_written ? kExitRunTimeError : judgement;
}

// The plan at rates that the arms can serve.  These are measured first, and
// stay in a file of their own.  Throws UsageError when they do not go with the
// durations; Interrupted.
Plan FindRates(const Plan& plan, const ServerOptions& server_options,
               OutputDirectory& directory) {
  Results capacity{.environment = ObserveEnvironment(),
                   .plan = CapacityPlan(plan)};
  const auto save = [&] { Save(capacity, kCapacityFile, directory); };
  try {
    RunExperiment(capacity, server_options, save);
  } catch (...) {
    save();
    throw;
  }
  save();
  Plan open =
      OpenLoopPlan(plan, LowestCapacities(capacity.plan, capacity.trials));
  CheckLoad(open, "--open-loop");
  TellUser("\n{}\n", DescribePlan(open));
  return open;
}

int Compare(CompareOptions options) {
  if (!options.out.empty()) options.out = UserPath(options.out);
  if (!options.scenario_file.empty()) {
    options.scenario_file = UserPath(options.scenario_file);
  }
  Plan plan =
      MakePlan(options, BuiltInArms(), RaiseDescriptorLimit(), AllowedCpus());
  const std::vector<Condition> conditions = ParseConditions(
      options.fail_if, options.open_loop ? ForeseenOpenLoop(plan) : plan);
  const auto names =
      OutputNames(options.open_loop ? ForeseenOpenLoop(plan) : plan);
  if (!options.out.empty()) RequireFreeOutput(options.out, names);
  const auto describe = [&] {
    return options.open_loop ? DescribeOpenLoop(plan) : DescribePlan(plan);
  };
  if (options.dry_run) {
    PrintResult(describe());
    return kExitOk;
  }
  RequireOptimised(options.allow_debug);
  HandleInterrupts();
  AdoptOrphans();
  const ServerOptions server_options{.reactors = plan.reactors,
                                     .cpus = plan.cpus.server,
                                     .directory = UserDirectory()};
  TryOwnArms(plan, server_options, options.allow_debug);
  HashPrograms(server_options.directory, plan.arms);
  TellUser("{}\n", describe());
  const auto directory = MakeOutputDirectory(options.out, names);
  if (options.open_loop) plan = FindRates(plan, server_options, *directory);
  Results results{.environment = ObserveEnvironment(), .plan = std::move(plan)};
  return Measure(server_options, conditions, *directory, results);
}

}  // namespace

int CompareMain(int argc, char** argv) {
  const auto parsed = ParseCompareOptions(argc, argv);
  if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
  return ExitCodeOf(kVerb,
                    [&] { return Compare(std::get<CompareOptions>(parsed)); });
}

}  // namespace polymux::bench
