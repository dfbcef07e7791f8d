#include "reactor/loop_counters.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/reactor/support.h"

namespace polymux {
namespace {

TEST(LoopCountersTest, EachIsListedOnceWithItsValue) {
  LoopCounters counters;
  counters.reads = 1;
  counters.bytes_written = 2;
  counters.rejected_limit = 3;
  const std::vector<Counter> list = counters.List();
  EXPECT_EQ(CounterOf(list, "reads"), 1U);
  EXPECT_EQ(CounterOf(list, "bytes_written"), 2U);
  EXPECT_EQ(CounterOf(list, "rejected_limit"), 3U);
  EXPECT_EQ(list.size(), sizeof(LoopCounters) / sizeof(std::uint64_t))
      << "a counter is missing from the list";
  std::set<std::string_view> names;
  std::uint64_t sum = 0;
  for (const Counter& counter : list) {
    EXPECT_TRUE(names.insert(counter.name).second) << counter.name;
    sum += counter.value;
  }
  EXPECT_EQ(sum, 6U);
}

TEST(LoopCountersTest, SystemCallsAreMarked) {
  std::set<std::string> marked;
  for (const Counter& counter : LoopCounters().List()) {
    if (counter.is_system_call) marked.emplace(counter.name);
  }
  EXPECT_EQ(marked, (std::set<std::string>{
                        "reads", "writes", "shutdowns", "ioctls", "accepts",
                        "closes", "opens", "wakeup_reads", "timer_sets",
                        "timer_reads", "signal_reads"}));
}

using LoopCounterList = LoopTest;

TEST_P(LoopCounterList, HoldsThePollersCountersAndTheLoops) {
  std::set<std::string_view> names;
  for (const Counter& counter : loop().CounterList()) {
    EXPECT_TRUE(names.insert(counter.name).second)
        << counter.name << " is there twice";
  }
  for (const std::string_view name :
       {"waits", "empty_waits", "events", "stale_events", "adds", "modifies",
        "removes", "dropped", "reads", "wakeup_writes", "tasks", "opened"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST_P(LoopCounterList, ChangesAreSystemCallsWhereTheyEnterTheKernel) {
  for (const Counter& counter : loop().CounterList()) {
    if (counter.name == "adds" || counter.name == "modifies" ||
        counter.name == "removes") {
      EXPECT_EQ(counter.is_system_call, backend().changes_are_system_calls);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, LoopCounterList, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
