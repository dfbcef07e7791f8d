#include "bench/load/cpu_list.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace polymux::bench {
namespace {

TEST(ParseCpuList, NumbersAndRanges) {
  EXPECT_EQ(ParseCpuList("1"), std::vector<int>({1}));
  EXPECT_EQ(ParseCpuList("0,2-4,7"), std::vector<int>({0, 2, 3, 4, 7}));
}

TEST(ParseCpuList, RefusesEverythingElse) {
  for (const char* text :
       {"", ",", "1,", "-1", "2-1", "a", "1-", "1 ", "9999"}) {
    EXPECT_THROW(ParseCpuList(text), std::invalid_argument) << text;
  }
}

TEST(PinToCpus, KeepsTheThreadThere) {
  std::thread([] {
    const int here = sched_getcpu();
    PinToCpus({here});
    EXPECT_EQ(sched_getcpu(), here);
    cpu_set_t set;
    ASSERT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
    EXPECT_EQ(CPU_COUNT(&set), 1);
  }).join();
}

TEST(PinToCpus, FailsWhenNoneExists) {
  std::thread([] {
    EXPECT_THROW(PinToCpus({CPU_SETSIZE - 1}), std::system_error);
  }).join();
}

TEST(CpuList, OneCpuIsNotSeveral) {
  // The affinity is the thread's.
  std::thread([] {
    cpu_set_t set;
    ASSERT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
    EXPECT_EQ(HasSeveralCpus(), CPU_COUNT(&set) > 1);
    int cpu = 0;
    while (!CPU_ISSET(static_cast<std::size_t>(cpu), &set)) ++cpu;
    PinToCpus({cpu});
    EXPECT_FALSE(HasSeveralCpus());
  }).join();
}

}  // namespace
}  // namespace polymux::bench
