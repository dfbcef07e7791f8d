#include "tests/bench/lab_samples.h"

#include <cstdint>
#include <fstream>

namespace polymux::bench {

Plan SamplePlan() {
  Plan plan;
  plan.scenarios = {{.name = "small", .active = 10},
                    {.name = "crowd", .active = 10, .idle = 200}};
  plan.arms = {{.name = "base", .target = "base"},
               {.name = "low", .target = "low", .max_fd = 100},
               {.name = "raw", .kind = ArmKind::kPeer, .target = "raw"}};
  plan.baseline = "base";
  plan.rounds = 3;
  plan.whole_blocks = false;
  plan.warm_up = std::chrono::milliseconds(100);
  plan.window = std::chrono::seconds(1);
  plan.seed = 1;
  plan.descriptor_limit = 1000;
  plan.cpus = {.server = {0}, .load = {1}};
  return plan;
}

Trial SampleTrial(const Plan& plan, const Slot& slot, double cpu_us) {
  Trial trial{.slot = slot};
  LoadOutcome& load = trial.load;
  load.messages = 1000;
  load.window_ns = 1'000'000'000;
  load.load_cpu_ns = 500'000'000;
  load.latency_ns = {.p50 = 1500,
                     .p90 = 2500,
                     .p99 = 12'345,
                     .p999 = std::nullopt,
                     .max = 20'000};
  load.histogram = {{2000, 600}, {20'000, 400}};
  load.server_cpu_ns = static_cast<std::int64_t>(cpu_us * 1000 * 1000);
  load.rss_bytes = 5 << 20;
  if (plan.arms[slot.arm].kind == ArmKind::kPeer) return trial;
  trial.counters = {.counters = {{"bytes_read", 50'000},
                                 {"waits", 50},
                                 {"adds", 5},
                                 {"removes", 5},
                                 {"reads", 600},
                                 {"eagain_reads", 100},
                                 {"writes", 500}},
                    .system_calls = {"waits", "reads", "writes"}};
  trial.build = BuildInfo{.ndebug = true, .compiler = "cc", .sanitizer = ""};
  return trial;
}

Results SampleResults() {
  Results results{.environment = {}, .plan = SamplePlan()};
  results.environment.cpus = 2;
  results.environment.build = {
      .ndebug = true, .compiler = "cc", .sanitizer = ""};
  for (const Slot& slot : Schedule(results.plan)) {
    const bool low = results.plan.arms[slot.arm].name == "low";
    const double cpu_us = (10 + slot.round) * (low ? 0.5 : 1);
    results.trials.push_back(SampleTrial(results.plan, slot, cpu_us));
  }
  results.complete = true;
  return results;
}

void WriteResults(const Results& results, const std::filesystem::path& path) {
  std::ofstream(path, std::ios::binary) << ToJson(results);
}

}  // namespace polymux::bench
