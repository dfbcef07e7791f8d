#include "bench/lab/alarms.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>

#include "bench/lab/flags.h"
#include "bench/lab/snapshots.h"
#include "bench/lab/text.h"
#include "bench/lab/validity.h"

namespace polymux::bench {
namespace {

bool IsDebugBuild(const Results& results, std::size_t arm) {
  for (std::size_t i = 0; i < results.plan.scenarios.size(); ++i) {
    if (CountFlag(results.plan, results.trials, i, arm, kDebugBuild).flagged >
        0) {
      return true;
    }
  }
  return false;
}

// Whose build is not optimised.
std::vector<std::string> DebugBuilds(const Results& results) {
  std::vector<std::string> culprits;
  if (!IsOptimised(results.environment.build)) {
    culprits.emplace_back("this program");
  }
  for (std::size_t arm = 0; arm < results.plan.arms.size(); ++arm) {
    if (IsDebugBuild(results, arm)) {
      culprits.push_back(results.plan.arms[arm].name);
    }
  }
  return culprits;
}

}  // namespace

std::vector<std::string> Alarms(const Results& results,
                                const Analysis& analysis) {
  std::vector<std::string> alarms;
  if (const auto culprits = DebugBuilds(results); !culprits.empty()) {
    alarms.push_back(fmt::format(
        "DO NOT QUOTE: not an optimised build (debug or sanitizer): {}.",
        fmt::join(culprits, ", ")));
  }
  for (const std::string& invalid : InvalidArms(results.plan, analysis)) {
    alarms.push_back("DO NOT USE: " + invalid);
  }
  for (const ControlCheck& control : analysis.controls) {
    if (control.sound) continue;
    alarms.push_back(fmt::format(
        "DO NOT QUOTE {}: the control, a second copy of {}, came out as "
        "different from it ({}, {} to {}). Something but the servers made the "
        "difference.",
        results.plan.scenarios[control.scenario].name, results.plan.baseline,
        FormatRatio(control.effect.ratio), FormatRatio(control.effect.low),
        FormatRatio(control.effect.high)));
  }
  return alarms;
}

}  // namespace polymux::bench
