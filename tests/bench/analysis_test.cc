#include "bench/lab/analysis.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "bench/lab/metrics.h"
#include "tests/bench/lab_samples.h"
#include "tests/bench/simulated_run.h"

namespace polymux::bench {
namespace {

TEST(AnalysisTest, SummarizesByTheMedian) {
  EXPECT_FALSE(Summarize({}));
  const Summary odd = *Summarize({3, 1, 2});
  EXPECT_EQ(odd.median, 2);
  EXPECT_EQ(odd.min, 1);
  EXPECT_EQ(odd.max, 3);
  EXPECT_EQ(Summarize({4, 1, 2, 3})->median, 2.5);
  EXPECT_EQ(Summarize({7})->median, 7);
}

TEST(AnalysisTest, ACellForEachArmInEachScenario) {
  const Results results = SampleResults();
  const auto cells = Analyze(results.plan, results.trials).cells;
  ASSERT_EQ(cells.size(), 6u);
  EXPECT_EQ(cells[0].valid_trials, 3);
  const Summary cost = *cells[0].Find(kPrimaryMetric);
  EXPECT_EQ(cost.median, 11);
  EXPECT_EQ(cost.min, 10);
  EXPECT_EQ(cost.max, 12);
  EXPECT_EQ(cells[4].arm, 1u);
  EXPECT_NE(cells[4].obstacle, "");
  EXPECT_EQ(cells[4].valid_trials, 0);
}

TEST(AnalysisTest, RatiosAreToTheBaselineOfTheSameRound) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    // Over the medians, the ratio would be 2.
    if (trial.slot.scenario == 0 && trial.slot.arm == 2) {
      trial.load.server_cpu_ns =
          (trial.slot.round == 0 ? 30'000'000 : 22'000'000);
    }
  }
  const auto cells = Analyze(results.plan, results.trials).cells;
  EXPECT_FALSE(cells[0].ratio);
  EXPECT_EQ(cells[1].ratio->median, 0.5);
  const Summary ratio = *cells[2].ratio;
  EXPECT_DOUBLE_EQ(ratio.median, 2.0);
  EXPECT_DOUBLE_EQ(ratio.min, 22.0 / 12);
  EXPECT_DOUBLE_EQ(ratio.max, 3.0);
}

TEST(AnalysisTest, APercentileThatARoundLacksCountsAsTheLargest) {
  Results results = SampleResults();
  const auto set_p99 = [&results](int round, std::optional<double> value) {
    for (Trial& trial : results.trials) {
      if (trial.slot.arm == 0 && trial.slot.round == round) {
        trial.load.latency_ns.p99 = value;
      }
    }
  };
  const auto p99_us = [&results] {
    return Analyze(results.plan, results.trials)
        .cells[0]
        .Find("latency_p99_us");
  };
  set_p99(0, 10'000);
  set_p99(1, std::nullopt);
  set_p99(2, 30'000);
  EXPECT_EQ(p99_us()->median, 30);  // of 10, 30 and one that is not known
  set_p99(0, std::nullopt);
  EXPECT_FALSE(p99_us());
}

TEST(AnalysisTest, InvalidTrialsCountOnlyAsInvalid) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    if (trial.slot.arm == 0 && trial.slot.round == 1) trial.invalid = "broken";
  }
  const auto cells = Analyze(results.plan, results.trials).cells;
  EXPECT_EQ(cells[0].valid_trials, 2);
  EXPECT_EQ(cells[0].invalid_trials, 1);
  EXPECT_EQ(cells[0].first_reason, "broken");
  EXPECT_EQ(cells[0].Find(kPrimaryMetric)->median, 11);  // of 10 and 12
  EXPECT_EQ(cells[2].ratio->median, 1);
}

TEST(AnalysisTest, WithoutTrialsNothingIsKnown) {
  const auto cells = Analyze(SamplePlan(), {}).cells;
  ASSERT_EQ(cells.size(), 6u);
  EXPECT_FALSE(cells[0].Find(kPrimaryMetric));
  EXPECT_FALSE(cells[1].ratio);
}

// The arms of a simulation.
constexpr std::size_t kControl = 1;
constexpr std::size_t kSame = 2;
constexpr std::size_t kSlow = 3;

// Without noise; the costs of an arm are then multiplied by exp(0.001 i) in
// round i.
class EffectTest : public testing::Test {
 protected:
  void Spread(std::size_t arm, double step = 0.001) {
    for (Trial& trial : trials_) {
      if (trial.slot.arm != arm) continue;
      trial.load.server_cpu_ns = static_cast<std::int64_t>(
          static_cast<double>(*trial.load.server_cpu_ns) *
          std::exp(step * trial.slot.round));
    }
  }

  Cell AnalyzedCell(std::size_t arm) const {
    return Analyze(plan_, trials_).cells.at(arm);
  }

  Plan plan_ = SimulatedPlan(24);
  std::mt19937_64 random_{1};
  std::vector<Trial> trials_ = SimulateTrials({.noise = 0}, random_);
};

TEST_F(EffectTest, IsTheMedianOfTheLogRatiosWithOrderStatistics) {
  Spread(kSame);
  const Effect effect = *AnalyzedCell(kSame).effect;
  EXPECT_EQ(effect.rounds, 24);
  EXPECT_NEAR(effect.ratio, std::exp(0.0115), 1e-6);
  // Two arms are compared: 97.5 % each, of 24 rounds the 7th and the 18th.
  EXPECT_NEAR(effect.low, std::exp(0.006), 1e-6);
  EXPECT_NEAR(effect.high, std::exp(0.017), 1e-6);
}

TEST_F(EffectTest, MoreArmsMakeWiderIntervals) {
  EXPECT_DOUBLE_EQ(ArmConfidence(plan_), 0.975);
  plan_.arms.push_back({.name = "third", .target = "third"});
  plan_.arms.push_back(
      {.name = "cannot", .target = "cannot", .unavailable = "no such kernel"});
  EXPECT_DOUBLE_EQ(ArmConfidence(plan_), 1 - 0.05 / 3);
  Spread(kSame);
  EXPECT_NEAR(AnalyzedCell(kSame).effect->low, std::exp(0.005), 1e-6);
}

// Six columns of 95 % each would be 70 % together.
TEST_F(EffectTest, MoreScenariosMakeWiderIntervals) {
  plan_.scenarios.resize(6, plan_.scenarios[0]);
  EXPECT_DOUBLE_EQ(ArmConfidence(plan_), 1 - 0.05 / 12);
  // An arm that cannot take part in a scenario is not compared there.
  plan_.arms[kSlow].max_fd = 100;
  plan_.scenarios[5].idle = 200;
  EXPECT_DOUBLE_EQ(ArmConfidence(plan_), 1 - 0.05 / 11);
  Spread(kSame);
  // Of 24 rounds the 5th and the 20th.
  const Effect effect = *AnalyzedCell(kSame).effect;
  EXPECT_NEAR(effect.low, std::exp(0.004), 1e-6);
  EXPECT_NEAR(effect.high, std::exp(0.019), 1e-6);
}

TEST_F(EffectTest, TheControlSpeaksForAllScenarios) {
  EXPECT_DOUBLE_EQ(ControlConfidence(plan_), 0.95);
  plan_.scenarios.resize(5, plan_.scenarios[0]);
  EXPECT_DOUBLE_EQ(ControlConfidence(plan_), 0.99);
}

TEST_F(EffectTest, TheVerdictNeedsTheControl) {
  EXPECT_EQ(AnalyzedCell(kSlow).verdict, Verdict::kSlower);
  EXPECT_EQ(AnalyzedCell(kSame).verdict, Verdict::kEquivalent);
  EXPECT_FALSE(AnalyzedCell(kControl).verdict);
  EXPECT_FALSE(AnalyzedCell(0).verdict);
  plan_.control.clear();
  EXPECT_FALSE(AnalyzedCell(kSlow).verdict);
  EXPECT_TRUE(AnalyzedCell(kSlow).effect);
  EXPECT_TRUE(Analyze(plan_, trials_).controls.empty());
}

// An arm that failed in 27 of 28 rounds passed.
TEST_F(EffectTest, FewerThanHalfOfTheRoundsValidIsNoVerdict) {
  const auto fail = [this](std::size_t arm, int rounds) {
    for (Trial& trial : trials_) {
      if (trial.slot.arm == arm) {
        trial.invalid = trial.slot.round < rounds ? "broken" : "";
      }
    }
  };
  fail(kSlow, 12);
  Cell cell = AnalyzedCell(kSlow);
  EXPECT_EQ(cell.rounds_run, 24);
  EXPECT_EQ(cell.compared_rounds, 12);
  EXPECT_TRUE(HasEnoughRounds(cell));
  EXPECT_EQ(cell.verdict, Verdict::kSlower);
  fail(kSlow, 13);
  cell = AnalyzedCell(kSlow);
  EXPECT_EQ(cell.compared_rounds, 11);
  EXPECT_FALSE(HasEnoughRounds(cell));
  EXPECT_TRUE(cell.effect);
  EXPECT_FALSE(cell.verdict);
  EXPECT_EQ(AnalyzedCell(kSame).verdict, Verdict::kEquivalent);
  // A repetition that is valid makes up for it, if the baseline has it too.
  Trial again = trials_[kSlow];
  again.slot.attempt = 1;
  again.invalid.clear();
  trials_.push_back(again);
  EXPECT_FALSE(AnalyzedCell(kSlow).verdict);
  trials_.push_back(trials_[0]);
  trials_.back().slot.attempt = 1;
  EXPECT_EQ(AnalyzedCell(kSlow).verdict, Verdict::kSlower);
  // Without the control nothing can be said of anybody.
  fail(kSlow, 0);
  fail(kControl, 13);
  EXPECT_FALSE(AnalyzedCell(kSlow).verdict);
  EXPECT_FALSE(AnalyzedCell(kSame).verdict);
}

TEST_F(EffectTest, TrialsOutOfOrderAreTheSame) {
  trials_ = SimulateTrials({.noise = 0.02}, random_);
  const std::vector<Trial> firsts = trials_;
  for (Trial again : firsts) {
    if (again.slot.round % 4 != 0) continue;
    if (again.slot.round % 8 == 0) {
      trials_[static_cast<std::size_t>(again.slot.round) * 4 + again.slot.arm]
          .load.steal_ns = again.load.window_ns;
    }
    again.slot.attempt = 1;
    *again.load.server_cpu_ns *= 2;
    trials_.push_back(again);
  }
  const Cell before = AnalyzedCell(kSlow);
  std::ranges::shuffle(trials_, random_);
  const Cell after = AnalyzedCell(kSlow);
  EXPECT_EQ(after.effect->ratio, before.effect->ratio);
  EXPECT_EQ(after.effect->low, before.effect->low);
  EXPECT_EQ(after.effect->high, before.effect->high);
  EXPECT_EQ(after.ratio->median, before.ratio->median);
  EXPECT_EQ(after.Find(kPrimaryMetric)->median,
            before.Find(kPrimaryMetric)->median);
}

TEST_F(EffectTest, TheControlIsSoundWhenItsIntervalIncludesOne) {
  const auto sound = Analyze(plan_, trials_).controls;
  ASSERT_EQ(sound.size(), 1u);
  EXPECT_EQ(sound[0].scenario, 0u);
  EXPECT_TRUE(sound[0].sound);
  Spread(kControl);
  const auto unsound = Analyze(plan_, trials_).controls;
  EXPECT_FALSE(unsound[0].sound);
  EXPECT_NEAR(unsound[0].effect.low, std::exp(0.006), 1e-6);
  EXPECT_EQ(AnalyzedCell(kSame).verdict, Verdict::kInconclusive);
}

TEST_F(EffectTest, TooFewRoundsHaveARatioButNoEffect) {
  std::erase_if(trials_,
                [](const Trial& trial) { return trial.slot.round >= 5; });
  const Cell cell = AnalyzedCell(kSlow);
  EXPECT_NEAR(cell.ratio->median, 1.03, 1e-6);
  EXPECT_FALSE(cell.effect);
  EXPECT_FALSE(cell.verdict);
}

TEST_F(EffectTest, ARepetitionOfASoundTrialChangesNothing) {
  Trial again = trials_[kSame];  // of round 0
  again.slot.attempt = 1;
  *again.load.server_cpu_ns *= 2;
  trials_.push_back(again);
  const Cell cell = AnalyzedCell(kSame);
  EXPECT_NEAR(cell.ratio->max, 1, 1e-6);
  EXPECT_EQ(cell.effect->rounds, 24);
  EXPECT_EQ(cell.effect_with_tainted->rounds, 24);
  EXPECT_EQ(cell.valid_trials, 25);
}

// All arms were run again, and the later clean pair took the earlier one's
// place, so that who was disturbed decided over the figures of others.
TEST_F(EffectTest, ADisturbedThirdArmChangesNoOtherPair) {
  trials_ = SimulateTrials({.noise = 0.02}, random_);
  const Effect same = *AnalyzedCell(kSame).effect;
  const Effect control = *AnalyzedCell(kControl).effect;
  const Summary cost = *AnalyzedCell(kSame).Find(kPrimaryMetric);
  const std::vector<Trial> firsts = trials_;
  for (const Trial& first : firsts) {
    if (first.slot.round % 3 != 0) continue;
    if (first.slot.arm == kSlow) {
      trials_[static_cast<std::size_t>(&first - firsts.data())].load.steal_ns =
          first.load.window_ns / 2;
    }
    Trial& again = trials_.emplace_back(first);
    again.slot.attempt = 1;
    *again.load.server_cpu_ns *= first.slot.arm == kSame ? 2 : 1;
  }
  EXPECT_EQ(AnalyzedCell(kSame).effect->ratio, same.ratio);
  EXPECT_EQ(AnalyzedCell(kSame).effect->low, same.low);
  EXPECT_EQ(AnalyzedCell(kSame).effect->high, same.high);
  EXPECT_EQ(AnalyzedCell(kControl).effect->ratio, control.ratio);
  EXPECT_EQ(AnalyzedCell(kSame).Find(kPrimaryMetric)->median, cost.median);
  EXPECT_EQ(AnalyzedCell(kSame).Find(kPrimaryMetric)->max, cost.max);
  // The repetition is what counts for the one that was disturbed.
  EXPECT_EQ(AnalyzedCell(kSlow).effect->rounds, 24);
}

TEST_F(EffectTest, ADisturbedTrialCountsOnlyBesides) {
  Trial& disturbed = trials_[kSame];  // of round 0
  *disturbed.load.server_cpu_ns *= 2;
  disturbed.load.steal_ns = disturbed.load.window_ns / 2;
  Cell cell = AnalyzedCell(kSame);
  EXPECT_EQ(cell.tainted_trials, 1);
  EXPECT_EQ(cell.effect->rounds, 23);
  EXPECT_EQ(cell.effect_with_tainted->rounds, 24);
  // Its repetition counts in its place, with that of the baseline.
  Trial again = disturbed;
  again.slot.attempt = 1;
  again.load.steal_ns = 0;
  Trial baseline_again = trials_[0];
  baseline_again.slot.attempt = 1;
  *baseline_again.load.server_cpu_ns *= 2;
  trials_.push_back(again);
  EXPECT_EQ(AnalyzedCell(kSame).effect->rounds, 23);
  trials_.push_back(baseline_again);
  cell = AnalyzedCell(kSame);
  EXPECT_EQ(cell.effect->rounds, 24);
  EXPECT_EQ(cell.effect_with_tainted->rounds, 24);
  EXPECT_NEAR(cell.ratio->max, 1, 1e-6) << "of different attempts";
  // What is undisturbed in the first attempt alone is of that one.
  EXPECT_EQ(AnalyzedCell(kSlow).effect->rounds, 24);
  EXPECT_EQ(AnalyzedCell(kSlow).verdict, Verdict::kSlower);
  // One that was disturbed again does not count.
  trials_.back().load.steal_ns = again.load.window_ns;
  EXPECT_EQ(AnalyzedCell(kSame).effect->rounds, 23);
}

TEST_F(EffectTest, TooFewUndisturbedRoundsLeaveTheFirstAttemptsToBeJudged) {
  // Five undisturbed rounds are too few for any interval.
  for (Trial& trial : trials_) {
    if (trial.slot.round < 19) trial.load.steal_ns = trial.load.window_ns / 2;
  }
  const Cell slow = AnalyzedCell(kSlow);
  EXPECT_TRUE(slow.effect->disturbed);
  EXPECT_EQ(slow.effect->rounds, 24);
  EXPECT_EQ(slow.verdict, Verdict::kSlower);
  EXPECT_TRUE(Analyze(plan_, trials_).controls.at(0).effect.disturbed);
  // Two repetitions that are not disturbed make seven, which is enough.
  const std::vector<Trial> firsts = trials_;
  for (Trial again : firsts) {
    if (again.slot.round >= 2) continue;
    again.slot.attempt = 1;
    again.load.steal_ns = 0;
    trials_.push_back(again);
  }
  EXPECT_FALSE(AnalyzedCell(kSlow).effect->disturbed);
  EXPECT_EQ(AnalyzedCell(kSlow).effect->rounds, 7);
}

TEST_F(EffectTest, ADisturbedEffectIsJudgedByTheDisturbedControl) {
  // Of the arm only, so that the control has its undisturbed rounds.
  for (Trial& trial : trials_) {
    if (trial.slot.round >= 18) continue;
    if (trial.slot.arm == kSlow) {
      trial.load.steal_ns = trial.load.window_ns / 2;
    }
    // What is repeated for the control was far off before.
    if (trial.slot.arm == kControl) {
      *trial.load.server_cpu_ns *= trial.slot.round % 2 == 0 ? 2 : 1;
      trial.load.steal_ns = trial.load.window_ns / 2;
    }
  }
  std::vector<Trial> repeated;
  for (const Trial& trial : trials_) {
    if (trial.slot.arm != kControl || trial.slot.round >= 18) continue;
    repeated.push_back(trial);
    repeated.back().slot.attempt = 1;
    repeated.back().load.steal_ns = 0;
    repeated.back().load.server_cpu_ns = trials_[0].load.server_cpu_ns;
  }
  trials_.insert(trials_.end(), repeated.begin(), repeated.end());
  EXPECT_FALSE(AnalyzedCell(kControl).effect->disturbed);
  EXPECT_TRUE(AnalyzedCell(kSlow).effect->disturbed);
  EXPECT_EQ(AnalyzedCell(kSlow).verdict, Verdict::kInconclusive);
}

TEST_F(EffectTest, InAnotherUnitItIsTheSame) {
  trials_ = SimulateTrials({.noise = 0.02}, random_);
  const Effect before = *AnalyzedCell(kSlow).effect;
  for (Trial& trial : trials_) trial.load.messages *= 7;
  const Effect after = *AnalyzedCell(kSlow).effect;
  EXPECT_DOUBLE_EQ(after.ratio, before.ratio);
  EXPECT_DOUBLE_EQ(after.low, before.low);
  EXPECT_DOUBLE_EQ(after.high, before.high);
}

TEST_F(EffectTest, ArmAndBaselineChangedOverGiveTheInverse) {
  trials_ = SimulateTrials({.noise = 0.02}, random_);
  const Effect forth = *AnalyzedCell(kSlow).effect;
  plan_.baseline = "slow";
  const Effect back = *AnalyzedCell(0).effect;
  EXPECT_NEAR(back.ratio, 1 / forth.ratio, 1e-12);
  EXPECT_NEAR(back.low, 1 / forth.high, 1e-12);
  EXPECT_NEAR(back.high, 1 / forth.low, 1e-12);
}

constexpr Effect kQuiet{.ratio = 1, .low = 0.99, .high = 1.01, .rounds = 24};

TEST(JudgeTest, EquivalentIsWithinTheMargin) {
  const auto judge = [](double low, double ratio, double high) {
    return Judge({.ratio = ratio, .low = low, .high = high}, kQuiet, 0.02);
  };
  EXPECT_EQ(judge(0.985, 1, 1.015), Verdict::kEquivalent);
  // A difference, but one that does not matter.
  EXPECT_EQ(judge(1.012, 1.015, 1.018), Verdict::kEquivalent);
  EXPECT_EQ(judge(1.012, 1.015, 1.021), Verdict::kSlower);
  EXPECT_EQ(judge(0.979, 0.985, 0.988), Verdict::kFaster);
  EXPECT_EQ(judge(0.979, 1, 1.015), Verdict::kInconclusive);
  // The same both ways: it ends at 1.02, and begins at 1 / 1.02 = 0.9804.
  EXPECT_EQ(judge(1 / 1.02, 1, 1.02), Verdict::kEquivalent);
  EXPECT_EQ(judge(0.9803, 1, 1.02), Verdict::kInconclusive);
  EXPECT_EQ(judge(1 / 1.02, 1, 1.0201), Verdict::kInconclusive);
  // An end that is 1 includes it.
  EXPECT_EQ(judge(1, 1.015, 1.03), Verdict::kInconclusive);
  EXPECT_EQ(judge(0.97, 0.985, 1), Verdict::kInconclusive);
}

TEST(JudgeTest, ADifferenceThatChanceMakesTooIsNone) {
  const Effect effect{.ratio = 1.03, .low = 1.01, .high = 1.05};
  EXPECT_EQ(Judge(effect, kQuiet, 0.02), Verdict::kSlower);
  EXPECT_EQ(Judge(effect, {.low = 0.96, .high = 1.04}, 0.02),
            Verdict::kInconclusive);
  // The control is off by more than the arm.
  EXPECT_EQ(Judge(effect, {.low = 1.02, .high = 1.04}, 0.02),
            Verdict::kInconclusive);
  EXPECT_EQ(Judge(effect, {.low = 1.01, .high = 1.02}, 0.02), Verdict::kSlower);
  // The farther end counts, on either side; half the width is 0.02.
  EXPECT_EQ(Judge(effect, {.low = 0.999, .high = 1.04}, 0.02),
            Verdict::kInconclusive);
  EXPECT_EQ(Judge(effect, {.low = 1 / 1.04, .high = 1.001}, 0.02),
            Verdict::kInconclusive);
  // As far as it is not beyond it.
  EXPECT_EQ(Judge(effect, {.low = 0.99, .high = 1.03}, 0.02),
            Verdict::kInconclusive);
  EXPECT_EQ(Judge(effect, {.low = 0.99, .high = 1.0299}, 0.02),
            Verdict::kSlower);
}

RC_GTEST_PROP(JudgeTest, WhatIsFasterOneWayIsSlowerTheOther, ()) {
  const auto log = [] { return *rc::gen::inRange(-500, 500) / 1000.0; };
  std::array logs{log(), log(), log()};
  std::ranges::sort(logs);
  const double noise = *rc::gen::inRange(0, 200) / 1000.0;
  const Effect control{.low = std::exp(-noise), .high = std::exp(noise)};
  const Effect forth{.ratio = std::exp(logs[1]),
                     .low = std::exp(logs[0]),
                     .high = std::exp(logs[2])};
  const Effect back{.ratio = std::exp(-logs[1]),
                    .low = std::exp(-logs[2]),
                    .high = std::exp(-logs[0])};
  const Verdict verdict = Judge(forth, control, 0);
  const Verdict reverse = Judge(back, control, 0);
  RC_ASSERT((verdict == Verdict::kFaster) == (reverse == Verdict::kSlower));
  RC_ASSERT((verdict == Verdict::kSlower) == (reverse == Verdict::kFaster));
}

// How often an arm gets the verdict, in simulated runs.
double Share(const Simulation& simulation, std::size_t arm,
             std::initializer_list<Verdict> verdicts) {
  constexpr int kRuns = 400;
  const Plan plan = SimulatedPlan(simulation.rounds);
  std::mt19937_64 random(1);
  int count = 0;
  for (int run = 0; run < kRuns; ++run) {
    const auto verdict =
        Analyze(plan, SimulateTrials(simulation, random)).cells[arm].verdict;
    count += verdict && std::ranges::find(verdicts, *verdict) != verdicts.end();
  }
  return static_cast<double>(count) / kRuns;
}

constexpr auto kApart = {Verdict::kFaster, Verdict::kSlower};

TEST(VerdictTest, IdenticalArmsAreSeldomToldApart) {
  for (const double noise : {0.01, 0.03, 0.1}) {
    for (const bool heavy_tails : {false, true}) {
      const Simulation simulation{.noise = noise, .heavy_tails = heavy_tails};
      EXPECT_LE(Share(simulation, kSame, kApart), 0.05) << noise;
    }
  }
}

// In how many of the runs of a whole table, all of whose arms cost the same,
// there is a verdict anywhere that one does not.
int CountFalse(const SimulatedMachine& machine, int runs) {
  Plan plan = SimulatedTable(14);
  std::mt19937_64 random(1);
  int count = 0;
  for (int run = 0; run < runs; ++run) {
    plan.seed = random();
    const auto trials = SimulateMachine(machine, Schedule(plan), 0, random);
    count +=
        std::ranges::any_of(Analyze(plan, trials).cells, [](const Cell& c) {
          return c.verdict == Verdict::kFaster || c.verdict == Verdict::kSlower;
        });
  }
  return count;
}

// Also where the machine changes between the arms of a round: then what it did
// is not in both of a pair. //tests/bench:verdict_rates has more runs of it.
TEST(VerdictTest, AWholeTableHasNoFalseVerdictIn95Percent) {
  constexpr int kRuns = 100;
  for (const SimulatedMachine& machine :
       {SimulatedMachine{.noise = 0.015},
        SimulatedMachine{.noise = 0.03, .heavy_tails = true},
        SimulatedMachine{.noise = 0.01, .switching = 0.1},
        SimulatedMachine{.noise = 0.01, .wandering = 0.03}}) {
    SCOPED_TRACE(testing::Message()
                 << machine.noise << ", " << machine.switching << ", "
                 << machine.wandering);
    EXPECT_LE(CountFalse(machine, kRuns), 0.05 * kRuns);
  }
}

TEST(VerdictTest, ThreePercentAreFoundInTwentyFourRounds) {
  for (const bool heavy_tails : {false, true}) {
    EXPECT_GE(Share({.noise = 0.02, .heavy_tails = heavy_tails}, kSlow,
                    {Verdict::kSlower}),
              0.9);
  }
}

TEST(VerdictTest, NoiseNeverEarnsEquivalent) {
  EXPECT_GE(Share({.noise = 0.01}, kSame, {Verdict::kEquivalent}), 0.9);
  EXPECT_LE(Share({.noise = 0.1}, kSame, {Verdict::kEquivalent}), 0.01);
  // Nor does a difference of more than the margin.
  EXPECT_LE(Share({.noise = 0.02}, kSlow, {Verdict::kEquivalent}), 0.01);
}

}  // namespace
}  // namespace polymux::bench
