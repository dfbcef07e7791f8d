// reactor/timer_queue.h by itself: no clock, no descriptor, no loop.
//
//   bazel run //bench/micro:timer_bench
//
// Each runs over `timers` timers whose deadlines lie in random order, as those
// of connections do that came at random times.  Times are per call of the
// benchmark's loop; items_per_second is of timers.
//
// Insert    all of them, into an empty queue
// Cancel    all of them, in the order of their creation
// Fire      all of them, in one RunExpired for each thousandth of the time
// Postpone  one timer is cancelled and added again, later, among the others:
//           what an idle timeout costs for each message, without DeadlineList
// Periodic  one timer of many fires and is due again

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "reactor/clock.h"
#include "reactor/timer_queue.h"

namespace polymux::bench {
namespace {

using std::chrono::microseconds;

constexpr int kSteps = 1000;
constexpr unsigned kSeed = 1;  // every run has the same deadlines

void Call(const TimerQueue::Callback& callback) { callback(); }

void TimerCounts(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("timers")->Arg(100)->Arg(10'000)->Arg(100'000);
}

// A queue with `count` timers, one due in each microsecond from 1 on.
class Filled {
 public:
  explicit Filled(std::int64_t count) : deadlines_(Deadlines(count)) {}

  // Adds them all.
  void Insert() {
    ids_.clear();
    ids_.reserve(deadlines_.size());
    for (const TimePoint deadline : deadlines_) {
      ids_.push_back(queue_.Add(deadline, [this] { ++fired_; }));
    }
  }

  TimerQueue& queue() { return queue_; }
  std::vector<TimerId>& ids() { return ids_; }
  TimePoint End() const {
    return TimePoint() + microseconds(deadlines_.size());
  }
  std::int64_t fired() const { return fired_; }

 private:
  static std::vector<TimePoint> Deadlines(std::int64_t count) {
    std::vector<TimePoint> deadlines;
    for (std::int64_t i = 1; i <= count; ++i) {
      deadlines.push_back(TimePoint() + microseconds(i));
    }
    std::shuffle(deadlines.begin(), deadlines.end(), std::mt19937(kSeed));
    return deadlines;
  }

  const std::vector<TimePoint> deadlines_;
  TimerQueue queue_;
  std::vector<TimerId> ids_;
  std::int64_t fired_ = 0;
};

void Require(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

void CountTimers(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// Replaces the queue of the iteration before, outside the measured time.
std::unique_ptr<Filled> Renewed(benchmark::State& state, bool insert) {
  auto filled = std::make_unique<Filled>(state.range(0));
  if (insert) filled->Insert();
  return filled;
}

void Insert(benchmark::State& state) {
  std::unique_ptr<Filled> filled;
  for ([[maybe_unused]] auto _ : state) {
    state.PauseTiming();
    filled = Renewed(state, false);
    state.ResumeTiming();
    filled->Insert();
  }
  CountTimers(state);
}
BENCHMARK(Insert)->Apply(TimerCounts);

void Cancel(benchmark::State& state) {
  std::unique_ptr<Filled> filled;
  for ([[maybe_unused]] auto _ : state) {
    state.PauseTiming();
    filled = Renewed(state, true);
    state.ResumeTiming();
    for (const TimerId id : filled->ids()) filled->queue().Cancel(id);
  }
  Require(filled->queue().size() == 0, "a timer survived its cancelling");
  CountTimers(state);
}
BENCHMARK(Cancel)->Apply(TimerCounts);

void Fire(benchmark::State& state) {
  std::unique_ptr<Filled> filled;
  for ([[maybe_unused]] auto _ : state) {
    state.PauseTiming();
    filled = Renewed(state, true);
    state.ResumeTiming();
    const Duration step = (filled->End() - TimePoint()) / kSteps;
    for (TimePoint now; now <= filled->End(); now += step) {
      filled->queue().RunExpired(now, Call);
      benchmark::DoNotOptimize(filled->queue().NextDeadline());
    }
  }
  Require(filled->fired() == state.range(0), "a timer did not fire");
  CountTimers(state);
}
BENCHMARK(Fire)->Apply(TimerCounts);

void Postpone(benchmark::State& state) {
  Filled filled(state.range(0));
  filled.Insert();
  TimePoint deadline = filled.End();
  std::size_t next = 0;
  for ([[maybe_unused]] auto _ : state) {
    TimerId& id = filled.ids()[next];
    filled.queue().Cancel(id);
    deadline += microseconds(1);
    id = filled.queue().Add(deadline, [] {});
    if (++next == filled.ids().size()) next = 0;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Postpone)->Apply(TimerCounts);

void Periodic(benchmark::State& state) {
  TimerQueue queue;
  const std::int64_t count = state.range(0);
  std::int64_t fired = 0;
  TimePoint now;
  for (std::int64_t i = 1; i <= count; ++i) {
    queue.AddPeriodic(now + microseconds(i), microseconds(count),
                      [&fired] { ++fired; });
  }
  for ([[maybe_unused]] auto _ : state) {
    now += microseconds(1);
    queue.RunExpired(now, Call);
    benchmark::DoNotOptimize(queue.NextDeadline());
  }
  Require(fired == state.iterations(), "each microsecond one timer is due");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Periodic)->Apply(TimerCounts);

}  // namespace
}  // namespace polymux::bench
