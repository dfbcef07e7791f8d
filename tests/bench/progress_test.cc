#include "bench/lab/progress.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

// What is told of all trials of the sample, of which the second is invalid.
std::string Told() {
  const Results results = SampleResults();
  const std::vector<Slot> slots = Schedule(results.plan);
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = open_memstream(&text, &size);
  {
    Progress progress(results.plan, slots, stream);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      Trial trial = results.trials[i];
      if (i == 1) trial.invalid = "broken";
      progress.Starting(slots[i]);
      progress.Finished(trial);
    }
  }
  std::fclose(stream);
  const std::string told(text, size);
  std::free(text);
  return told;
}

TEST(ProgressTest, ALinePerRoundWhereThereIsNoTerminal) {
  const Results results = SampleResults();
  const Slot second = Schedule(results.plan)[1];
  EXPECT_EQ(Told(), "round 1: small, " + results.plan.arms[second.arm].name +
                        ": invalid: broken\n"
                        "round 1 of 3 done, about 0 s left\n"
                        "round 2 of 3 done, about 0 s left\n"
                        "round 3 of 3 done, about 0 s left\n");
}

}  // namespace
}  // namespace polymux::bench
