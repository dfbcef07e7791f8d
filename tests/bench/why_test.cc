#include "bench/lab/why.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

// Eight rounds of two arms that both do what SampleTrial says: 500 messages.
class WhyTest : public testing::Test {
 protected:
  WhyTest() {
    for (int round = 0; round < 8; ++round) {
      const Slot slot{.scenario = 0, .arm = 0, .round = round, .position = 0};
      Trial& arm = trials_.emplace_back(SampleTrial(plan_, slot, 10));
      Trial& baseline = trials_.emplace_back(SampleTrial(plan_, slot, 10));
      rounds_.push_back({&arm, &baseline});
    }
  }

  // The arm counts so many more than the baseline; in every second round
  // `wobble` more than that.
  void Add(const std::string& counter, int more, int wobble = 0) {
    for (std::size_t i = 0; i < rounds_.size(); ++i) {
      arm(i).counters->counters[counter] += more + (i % 2 == 0 ? wobble : 0);
    }
  }

  Trial& arm(std::size_t round) { return trials_[2 * round]; }

  std::string Why() const {
    return ExplainCounters("base", rounds_, plan_.scenarios[0], 0.95);
  }

  const Plan plan_ = SamplePlan();
  std::deque<Trial> trials_;
  std::vector<TrialPair> rounds_;
};

TEST_F(WhyTest, TheSameCallsAreSaidToBeSo) {
  EXPECT_EQ(Why(), "makes as many calls per message as base.");
}

TEST_F(WhyTest, MoreAndFewerCalls) {
  Add("reads", 500);
  Add("eagain_reads", 495);
  Add("adds", -5);
  EXPECT_EQ(Why(),
            "makes 1.00 more reads (0.99 of them EAGAIN) but 0.01 fewer "
            "changes per message than base.");
}

TEST_F(WhyTest, WhatTheArmAloneCountsIsToldPerWait) {
  for (std::size_t i = 0; i < rounds_.size(); ++i) {
    auto& counters = arm(i).counters->counters;
    counters["ring_entries"] = 3 * counters["waits"] / 2;
    counters["ring_overflows"] = 0;
  }
  EXPECT_EQ(Why(),
            "makes as many calls per message as base; each wait counts 1.50 "
            "ring_entries.");
}

TEST_F(WhyTest, WhatTheRoundsDoNotAgreeOnIsNotSaid) {
  Add("waits", -20, 40);
  EXPECT_EQ(Why(), "makes as many calls per message as base.");
  Add("writes", 100, 20);
  EXPECT_EQ(Why(), "makes 0.22 more writes per message than base.");
}

TEST_F(WhyTest, EventsOfAWaitAndTimeInTheKernel) {
  for (Trial& trial : trials_) {
    trial.counters->counters["events"] = 100;
    trial.load.server_system_ns = 5'000'000;
  }
  Add("events", 50);
  for (std::size_t i = 0; i < rounds_.size(); ++i) {
    *arm(i).load.server_system_ns += 2'000'000;
  }
  EXPECT_EQ(Why(),
            "makes as many calls per message as base; a wait brings 3.00 "
            "events instead of 2.00; it spends 2.00 us more in the kernel.");
}

TEST_F(WhyTest, WithoutCountersOrRoundsNothingIsSaid) {
  rounds_.resize(5);
  EXPECT_EQ(Why(), "");
  rounds_.clear();
  EXPECT_EQ(Why(), "");
}

TEST_F(WhyTest, AmongSlowReadersNothingIsSaid) {
  Add("reads", 500);
  Scenario scenario = plan_.scenarios[0];
  scenario.slow_readers = 10;
  EXPECT_EQ(ExplainCounters("base", rounds_, scenario, 0.95), "");
}

TEST_F(WhyTest, AnArmWithoutCountersHasNoReason) {
  for (std::size_t i = 0; i < rounds_.size(); ++i) arm(i).counters.reset();
  EXPECT_EQ(Why(), "");
}

}  // namespace
}  // namespace polymux::bench
