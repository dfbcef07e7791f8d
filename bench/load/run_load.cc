#include "bench/load/run_load.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "bench/load/clock.h"
#include "bench/load/pattern.h"
#include "bench/load/worker.h"

namespace polymux::bench {
namespace {

// Enough for a server to gather its counters from all of its loops.
constexpr std::chrono::milliseconds kSnapshotTime{50};

using Workers = std::vector<std::unique_ptr<Worker>>;

// The share of `total` that falls to `part` of `parts`.
std::size_t ShareOf(std::size_t total, std::size_t part, std::size_t parts) {
  return total / parts + (part < total % parts ? 1 : 0);
}

Workers MakeWorkers(const Endpoint& target, const LoadShape& shape,
                    const Pattern& pattern, int stop_fd) {
  Workers workers;
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
    workers.push_back(std::make_unique<Worker>(plan));
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
    return worker->stopped() || worker->errors().Any();
  });
}

}  // namespace

LoadResult RunLoad(const Endpoint& target, const LoadShape& shape,
                   const ObservedProcesses* processes, bool signal_window,
                   int stop_fd) {
  const Pattern pattern(shape.seed, shape.size);
  const Workers workers = MakeWorkers(target, shape, pattern, stop_fd);
  WindowProbe probe(processes, signal_window);
  InParallel(workers, [&](std::size_t i) { workers[i]->Connect(); });
  if (AllAreWell(workers)) {
    const std::int64_t begin = MonotonicNs() + shape.warm_up.count();
    const Window window{begin, begin + shape.duration.count()};
    InParallel(workers, [&](std::size_t i) {
      workers[i]->Exchange(window, i == 0 ? &probe : nullptr);
    });
    // The end of the connections must not count in the server's snapshot.
    if (signal_window) std::this_thread::sleep_for(kSnapshotTime);
  }
  LoadResult result;
  for (const auto& worker : workers) {
    result.latency.Merge(worker->latency());
    result.errors.Merge(worker->errors());
    result.stopped |= worker->stopped();
  }
  result.window = probe.reading();
  return result;
}

}  // namespace polymux::bench
