#include "tests/bench/report/report_samples.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>

#include "bench/lab/metrics.h"

namespace polymux::bench {
namespace {

constexpr int kActive = 10;

Plan RichPlan(int rounds) {
  Plan plan;
  plan.scenarios = {
      {.name = "idle-0", .active = kActive},
      {.name = "idle-90", .active = kActive, .idle = 90},
      {.name = "idle-900", .active = kActive, .idle = 990},
      {.name = "idle-8000", .active = kActive, .idle = 9990},
      {.name = "rate-1", .active = kActive, .rate = 20'000},
      {.name = "rate-2", .active = kActive, .rate = 60'000},
      {.name = "active-100", .active = 100, .idle = 900},
  };
  plan.arms = {
      {.name = "epoll-lt", .target = "epoll-lt"},
      {.name = "epoll-lt#2", .target = "epoll-lt"},
      {.name = "epoll-et", .target = "epoll-et"},
      {.name = "poll", .target = "poll"},
      {.name = "select", .target = "select", .max_fd = 1023},
      {.name = kHostile,
       .kind = ArmKind::kForeign,
       .target = "./a {port} <script>alert(1)</script>"},
  };
  plan.baseline = "epoll-lt";
  plan.control = "epoll-lt#2";
  plan.rounds = rounds;
  plan.whole_blocks = false;
  plan.warm_up = std::chrono::milliseconds(300);
  plan.window = std::chrono::seconds(1);
  plan.seed = 7;
  plan.descriptor_limit = 20'000;
  plan.cpus = {.server = {0}, .load = {1}};
  return plan;
}

// What a message costs the arm without noise, in us.
double TrueCost(const Plan& plan, const Slot& slot) {
  const Scenario& scenario = plan.scenarios[slot.scenario];
  const double per_active =
      static_cast<double>(scenario.connections()) / scenario.active;
  switch (slot.arm) {
    case 2:
      return 4.7;
    case 3:
      return 4.6 + 0.04 * per_active;
    case 4:
      return 4.65 + 0.06 * per_active;
    case 5:
      return 4.93;
    default:
      return 4.9;
  }
}

void FillHistogram(LoadOutcome& load, double scale, std::mt19937& random) {
  std::map<std::int64_t, std::int64_t> counts;
  std::lognormal_distribution<double> latency(std::log(40'000 * scale), 0.35);
  for (int i = 0; i < 5'000; ++i) {
    const double ns = latency(random) * (i % 250 == 0 ? 6 : 1);
    // Buckets 1/128 apart.
    const double step = std::exp2(std::floor(std::log2(ns)) - 7);
    ++counts[static_cast<std::int64_t>(std::ceil(ns / step) * step)];
  }
  load.histogram.assign(counts.begin(), counts.end());
  std::int64_t below = 0;
  for (const auto& [upper_ns, count] : counts) {
    below += count;
    if (below <= 2'500) load.latency_ns.p50 = upper_ns;
    if (below <= 4'500) load.latency_ns.p90 = upper_ns;
    if (below <= 4'950) load.latency_ns.p99 = upper_ns;
    if (below <= 4'990) load.latency_ns.p999 = upper_ns;
    load.latency_ns.max = upper_ns;
  }
}

Trial RichTrial(const Plan& plan, const Slot& slot, std::mt19937& random) {
  std::normal_distribution<double> noise(1, 0.006);
  const double cost_us = TrueCost(plan, slot) * noise(random);
  Trial trial{.slot = slot};
  LoadOutcome& load = trial.load;
  load.window_ns = 1'000'000'000;
  load.messages = static_cast<std::int64_t>(0.95e6 / cost_us);
  load.server_cpu_ns = 950'000'000;
  load.load_cpu_ns = 700'000'000;
  load.rss_bytes = 6 << 20;
  FillHistogram(load, cost_us / 4.9, random);
  if (plan.arms[slot.arm].kind == ArmKind::kForeign) return trial;
  const std::int64_t messages = load.messages;
  trial.backend = plan.arms[slot.arm].target;
  trial.counters = {.counters = {{"bytes_read", messages * 100},
                                 {"waits", messages / 5},
                                 {"adds", 3},
                                 {"reads", messages},
                                 {"eagain_reads", 0},
                                 {"writes", messages}},
                    .system_calls = {"waits", "adds", "reads", "writes"}};
  trial.build = BuildInfo{true, "gcc 12.2.0", ""};
  return trial;
}

// The effect that the trials show, with an interval of a width of its own.
void FillEffect(const Plan& plan, const Cell& baseline, Cell& cell) {
  const auto cost = cell.Find(kPrimaryMetric);
  const auto base = baseline.Find(kPrimaryMetric);
  if (!cost || !base) return;
  const double ratio = cost->median / base->median;
  cell.effect = Effect{ratio, ratio * 0.992, ratio * 1.008, plan.rounds};
  cell.effect_with_tainted = cell.effect;
  if (plan.arms[cell.arm].name == plan.control) return;
  cell.verdict = ratio < 0.97   ? Verdict::kFaster
                 : ratio > 1.03 ? Verdict::kSlower
                 : ratio < 1.01 ? Verdict::kEquivalent
                                : Verdict::kInconclusive;
  cell.why = "makes as many reads & writes per message as the baseline.";
}

}  // namespace

Results RichResults(int rounds, int more_arms) {
  Results results{.environment = {}, .plan = RichPlan(rounds)};
  for (int i = 0; i < more_arms; ++i) {
    results.plan.arms.push_back(
        {.name = "more-" + std::to_string(i), .target = "epoll-et"});
  }
  results.environment = {.date = "2026-01-02T03:04:05Z",
                         .kernel = "Linux 6.1.0-18-amd64 x86_64",
                         .cpu_model = "Model <7> & more",
                         .cpus = 2,
                         .memory_bytes = 8ULL << 30,
                         .governor = "performance",
                         .clock_source = "tsc",
                         .virtualisation = "hypervisor",
                         .somaxconn = "4096",
                         .descriptor_limit = 20'000,
                         .build = {true, "gcc 12.2.0", ""}};
  std::mt19937 random(3);
  for (const Slot& slot : Schedule(results.plan)) {
    results.trials.push_back(RichTrial(results.plan, slot, random));
  }
  results.trials[5].invalid = "3 mismatch <i>";
  results.complete = true;
  return results;
}

Analysis RichAnalysis(const Results& results) {
  const Plan& plan = results.plan;
  Analysis analysis = Analyze(plan, results.trials);
  analysis.controls.clear();
  for (Cell& cell : analysis.cells) {
    if (cell.arm == 0) continue;
    FillEffect(plan, analysis.cells[cell.scenario * plan.arms.size()], cell);
    if (cell.arm == 1 && cell.effect) {
      analysis.controls.push_back({cell.scenario, *cell.effect, true});
    }
  }
  analysis.models.clear();
  for (const std::size_t arm : {0U, 2U, 3U}) {
    const double per_watched = arm == 3 ? 20 : 0.01;
    analysis.models.push_back(
        {.arm = arm,
         .per_wait_ns = {900, 850, 950},
         .per_watched_ns = {per_watched, per_watched * 0.9, per_watched * 1.1},
         .per_ready_ns = Estimate{4600, 4550, 4650},
         .trials = 4 * plan.rounds,
         .message_size = 100,
         .watched_min = 10,
         .watched_max = 10'000});
  }
  analysis.crossovers = {
      {.arm = 3, .other = 0, .active = kActive, .connections = {75, 60, 91}}};
  return analysis;
}

}  // namespace polymux::bench
