#include "bench/load/run_load.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "bench/load/burst.h"
#include "bench/load/churn.h"
#include "bench/load/clock.h"
#include "bench/load/closed_loop.h"
#include "bench/load/fan_out.h"
#include "bench/load/open_loop.h"
#include "bench/load/pattern.h"
#include "bench/load/schedule.h"
#include "bench/load/slow_readers.h"
#include "bench/load/worker.h"

namespace polymux::bench {
namespace {

// Enough for a server to gather its counters from all of its loops.
constexpr std::chrono::milliseconds kSnapshotTime{50};

using Workers = std::vector<std::unique_ptr<Worker>>;

// The share of `total` that falls to `part` of `parts`; all shares are `total`.
std::size_t ShareOf(std::size_t total, std::size_t part, std::size_t parts) {
  return total / parts + (part < total % parts ? 1 : 0);
}

// Of an open loop, one for each worker; otherwise none has messages.
std::vector<Schedule> SchedulesFor(const LoadShape& shape) {
  if (!shape.rate) return std::vector<Schedule>(shape.threads);
  return MakeSchedules({
      .rate = *shape.rate,
      .arrivals = shape.arrivals,
      .warm_up = shape.warm_up,
      .window = shape.duration,
      .connections = shape.connections,
      .threads = shape.threads,
      .seed = shape.seed,
  });
}

std::unique_ptr<Worker> MakeOpenLoop(const LoadShape& shape, WorkerPlan plan,
                                     Schedule schedule) {
  plan.shape.depth =
      std::min(OpenLoop::DepthFor(schedule, plan.active),
               std::max<std::size_t>(1, shape.max_backlog / shape.connections));
  return std::make_unique<OpenLoop>(plan, std::move(schedule),
                                    shape.awake_ahead);
}

std::unique_ptr<Worker> MakeWorker(const LoadShape& shape,
                                   const WorkerPlan& plan, Schedule schedule) {
  if (shape.rate) return MakeOpenLoop(shape, plan, std::move(schedule));
  if (shape.burst) return std::make_unique<Burst>(plan);
  if (shape.fan_out) return std::make_unique<FanOut>(plan);
  if (shape.messages_per_connection) {
    return std::make_unique<Churn>(plan, *shape.messages_per_connection);
  }
  return std::make_unique<ClosedLoop>(plan);
}

Workers MakeWorkers(const InetAddress& target, const LoadShape& shape,
                    const Pattern& pattern, int stop_fd) {
  Workers workers;
  std::vector<Schedule> schedules = SchedulesFor(shape);
  std::size_t first_connection = 0;
  for (std::size_t i = 0; i < shape.threads; ++i) {
    const WorkerPlan plan{
        .target = target,
        .shape = {&pattern, shape.size, shape.depth},
        .first_connection = first_connection,
        .active = ShareOf(shape.connections, i, shape.threads),
        .idle = ShareOf(shape.idle, i, shape.threads),
        .stop_fd = stop_fd,
        .stall_limit = shape.stall_limit,
    };
    workers.push_back(MakeWorker(shape, plan, std::move(schedules[i])));
    first_connection += plan.active + plan.idle;
  }
  return workers;
}

// Calls work(i) for each worker, the first one in this thread.
void InParallel(const Workers& workers,
                const std::function<void(std::size_t)>& work) {
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < workers.size(); ++i) {
    threads.emplace_back(work, i);
  }
  work(0);
}

bool AllAreWell(const Workers& workers) {
  return std::none_of(workers.begin(), workers.end(), [](const auto& worker) {
    return worker->stopped() || worker->tally().errors.Any();
  });
}

void Exchange(const Workers& workers, const LoadShape& shape,
              WindowProbe& probe) {
  const std::int64_t now = MonotonicNs();
  const std::int64_t begin = now + shape.warm_up.count();
  const Window window{now, begin, begin + shape.duration.count()};
  InParallel(workers, [&](std::size_t i) {
    workers[i]->Exchange(window, i == 0 ? &probe : nullptr);
  });
}

}  // namespace

LoadResult RunLoad(const InetAddress& target, const LoadShape& shape,
                   const ObservedProcesses* processes, bool signal_window,
                   int stop_fd) {
  const Pattern pattern(shape.seed, shape.size);
  const Workers workers = MakeWorkers(target, shape, pattern, stop_fd);
  SlowReaders slow_readers({
      .target = target,
      .pattern = &pattern,
      .message_size = shape.size,
      .first_connection = shape.connections + shape.idle,
      .count = shape.slow_readers,
      .stop_fd = stop_fd,
      .stall_limit = shape.stall_limit,
  });
  WindowProbe probe(processes, signal_window);
  InParallel(workers, [&](std::size_t i) { workers[i]->Connect(); });
  if (AllAreWell(workers) && slow_readers.Connect()) {
    if (shape.slow_readers != 0) slow_readers.Start();
    Exchange(workers, shape, probe);
    // The end of the connections must not count in the server's snapshot, which
    // is written after the signal at the end of the window. Where to, and when
    // that is done, is known to the server and to those who started it; a
    // sleep is exact enough for a figure that is taken outside of the window.
    if (signal_window) std::this_thread::sleep_for(kSnapshotTime);
    slow_readers.Finish();
  }
  LoadResult result;
  for (const auto& worker : workers) {
    result.Merge(worker->tally());
    result.stopped |= worker->stopped();
  }
  result.errors.Merge(slow_readers.errors());
  result.window = probe.reading();
  return result;
}

}  // namespace polymux::bench
