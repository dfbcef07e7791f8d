#include "bench/lab/alarms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "bench/lab/analysis.h"
#include "tests/bench/lab_samples.h"
#include "tests/bench/simulated_run.h"

namespace polymux::bench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> AlarmsOf(const Results& results) {
  return Alarms(results, Analyze(results.plan, results.trials));
}

Results SimulatedResults() {
  std::mt19937_64 random(1);
  Results results{.environment = {},
                  .plan = SimulatedPlan(24),
                  .trials = SimulateTrials({}, random)};
  results.environment.build.ndebug = true;
  return results;
}

TEST(AlarmsTest, NoneOfASoundRun) {
  EXPECT_THAT(AlarmsOf(SampleResults()), IsEmpty());
  EXPECT_THAT(AlarmsOf(SimulatedResults()), IsEmpty());
}

TEST(AlarmsTest, ADebugBuildIsNotToBeQuoted) {
  Results results = SampleResults();
  results.trials[0].slot.arm = 1;
  results.trials[0].build->sanitizer = "address";
  results.environment.build.ndebug = false;
  EXPECT_THAT(AlarmsOf(results),
              ElementsAre("DO NOT QUOTE: not an optimised build (debug or "
                          "sanitizer): this program, low."));
}

TEST(AlarmsTest, NothingIsToBeUsedOfAnArmThatFailsOften) {
  Results results = SimulatedResults();
  for (Trial& trial : results.trials) {
    if (trial.slot.arm == 2 && trial.slot.round < 3) trial.invalid = "broken";
  }
  EXPECT_THAT(
      AlarmsOf(results),
      ElementsAre("DO NOT USE: 3 of 24 trials of " + results.plan.arms[2].name +
                  " in simulated are invalid, more than 10 %."));
}

TEST(AlarmsTest, NorIsARunWhoseControlDiffers) {
  Results results = SimulatedResults();
  for (Trial& trial : results.trials) {
    if (trial.slot.arm == 1) *trial.load.server_cpu_ns += 1'000'000'000;
  }
  EXPECT_THAT(
      AlarmsOf(results),
      ElementsAre(StartsWith("DO NOT QUOTE simulated: the control, a second "
                             "copy of base, came out as different from it (")));
}

}  // namespace
}  // namespace polymux::bench
