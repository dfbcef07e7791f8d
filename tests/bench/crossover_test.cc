#include "bench/lab/crossover.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace polymux::bench {
namespace {

// A message costs "queue" 6 us whatever the connections, and "scan" as much as
// `scan` says; each trial is off by `noise`.
class Simulation {
 public:
  Simulation(std::function<double(int connections)> scan, double noise)
      : scan_(std::move(scan)), noise_(noise) {
    for (const int idle : {0, 90, 390, 990}) {
      plan_.scenarios.push_back(
          {.name = std::to_string(idle), .active = 10, .idle = idle});
    }
    plan_.arms = {{.name = "queue", .target = "queue"},
                  {.name = "scan", .target = "scan"},
                  {.name = "queue#2", .target = "queue"}};
    plan_.baseline = "queue";
    plan_.control = "queue#2";
  }

  std::vector<Crossover> Run() {
    std::vector<Trial> trials;
    for (int round = 0; round < 24; ++round) {
      for (std::size_t scenario = 0; scenario < 4; ++scenario) {
        // What the machine does in a round is in both.
        const double pace = std::exp(0.2 * normal_(random_));
        for (std::size_t arm = 0; arm < 3; ++arm) {
          trials.push_back(TrialOf(scenario, arm, round, pace));
        }
      }
    }
    std::vector<const Trial*> pointers;
    for (const Trial& trial : trials) pointers.push_back(&trial);
    return MeasuredCrossovers(plan_, pointers);
  }

 private:
  Trial TrialOf(std::size_t scenario, std::size_t arm, int round, double pace) {
    const int connections = plan_.scenarios[scenario].connections();
    const double cost = (arm == 1 ? scan_(connections) : 6) * pace *
                        std::exp(noise_ * normal_(random_));
    Trial trial{
        .slot = {
            .scenario = scenario, .arm = arm, .round = round, .position = 0}};
    trial.load.messages = 100'000;
    trial.load.window_ns = 1'000'000'000;
    trial.load.server_cpu_ns = static_cast<std::int64_t>(cost * 1e8);
    return trial;
  }

  const std::function<double(int connections)> scan_;
  const double noise_;
  Plan plan_;
  std::mt19937_64 random_{1};
  std::normal_distribution<double> normal_;
};

TEST(CrossoverTest, LiesBetweenTwoThatWereMeasured) {
  const auto found =
      Simulation([](int n) { return 5 + 0.005 * n; }, 0.01).Run();
  ASSERT_EQ(found.size(), 1u) << "the control takes no part";
  EXPECT_EQ(found[0].arm, 1u);
  EXPECT_EQ(found[0].other, 0u);
  EXPECT_EQ(found[0].active, 10);
  EXPECT_NEAR(found[0].connections.value, 200, 30);
  EXPECT_LT(found[0].connections.low, 200);
  EXPECT_GT(found[0].connections.high, 200);
  EXPECT_FALSE(found[0].extrapolated);
}

TEST(CrossoverTest, TheIntervalHolds) {
  Simulation simulation([](int n) { return 5 + 0.005 * n; }, 0.03);
  constexpr int kTimes = 200;
  int covered = 0;
  for (int i = 0; i < kTimes; ++i) {
    const auto found = simulation.Run();
    if (found.size() != 1) continue;
    const Estimate& connections = found[0].connections;
    if (connections.low <= 200 && connections.high >= 200) ++covered;
  }
  EXPECT_GE(covered, 0.91 * kTimes);
}

// A slow multiplexer batches by itself: what its waits cost is a straight line,
// what its messages cost is not. It is dearer wherever it was measured.
TEST(CrossoverTest, ThereIsNoneWhereOneIsDearerThroughout) {
  const auto cost = [](int n) {
    return (30'000 + 130.0 * n) / (4 + 6.0 * n / (n + 60.0)) / 1e3 + 0.8;
  };
  EXPECT_TRUE(Simulation(cost, 0.01).Run().empty());
}

TEST(CrossoverTest, ThereIsNoneAmongEquals) {
  Simulation simulation([](int) { return 6; }, 0.02);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(simulation.Run().empty());
}

}  // namespace
}  // namespace polymux::bench
