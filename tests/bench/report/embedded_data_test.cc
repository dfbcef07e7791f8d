#include "bench/report/embedded_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/bench/report/report_samples.h"

namespace polymux::bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kPlenty = 100 << 20;

TEST(EmbeddedDataTest, AllOfItWhereThereIsRoom) {
  EXPECT_THAT(EmbeddedData(RichResults(2), kPlenty),
              HasSubstr("every trial with its histogram"));
}

TEST(EmbeddedDataTest, LessOfItWhereThereIsLess) {
  const Results results = RichResults(2);
  std::size_t size = EmbeddedData(results, kPlenty).size();
  const std::string merged = EmbeddedData(results, size - 1);
  EXPECT_THAT(merged, HasSubstr("the latency histograms of each arm added up"));
  const std::string coarser = EmbeddedData(results, merged.size() - 1);
  EXPECT_THAT(coarser, HasSubstr("the latency histograms of each arm added"));
  EXPECT_LT(coarser.size(), merged.size());
  // As it shrinks, it fits at every step.
  std::string data = coarser;
  while (data.find("added up") != std::string::npos) {
    size = data.size();
    data = EmbeddedData(results, size - 1);
    ASSERT_LT(data.size(), size);
  }
  EXPECT_THAT(data, HasSubstr("every trial, but no latency histograms"));
  EXPECT_THAT(EmbeddedData(results, data.size() / 2),
              AllOf(HasSubstr("too large"), Not(HasSubstr("href"))));
  EXPECT_THAT(EmbeddedData(results, 0), HasSubstr("too large"));
}

}  // namespace
}  // namespace polymux::bench
