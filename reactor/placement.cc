#include "reactor/placement.h"

#include "poller/check.h"

namespace polymux {

Placement::Placement(Strategy strategy, std::size_t loops, std::size_t limit)
    : strategy_(strategy),
      loops_(loops),
      limit_(limit),
      of_loop_(std::make_unique<std::atomic<std::size_t>[]>(loops)),
      excluded_(std::make_unique<std::atomic<bool>[]>(loops)) {
  POLYMUX_CHECK(loops > 0, "a server without a loop");
}

std::optional<std::size_t> Placement::Enter(std::size_t accepted_by) {
  std::size_t total = total_.load(std::memory_order_relaxed);
  do {
    if (total >= limit_) return std::nullopt;
  } while (!total_.compare_exchange_weak(total, total + 1,
                                         std::memory_order_relaxed));
  const std::optional<std::size_t> loop = Choose(accepted_by);
  if (loop) {
    of_loop_[*loop].fetch_add(1, std::memory_order_relaxed);
  } else {
    total_.fetch_sub(1, std::memory_order_relaxed);
  }
  return loop;
}

void Placement::Leave(std::size_t loop) {
  of_loop_[loop].fetch_sub(1, std::memory_order_relaxed);
  total_.fetch_sub(1, std::memory_order_relaxed);
}

void Placement::Exclude(std::size_t loop) {
  excluded_[loop].store(true, std::memory_order_relaxed);
}

std::optional<std::size_t> Placement::Choose(std::size_t accepted_by) {
  if (strategy_ == Strategy::kReusePort) {
    // Elsewhere only what a loop that has failed took in before it noticed.
    return excluded(accepted_by) ? Fewest(accepted_by) : accepted_by;
  }
  const std::optional<std::size_t> loop =
      strategy_ == Strategy::kRoundRobin ? NextInTurn(next_) : Fewest(next_);
  if (loop) next_ = (*loop + 1) % loops_;
  return loop;
}

std::optional<std::size_t> Placement::NextInTurn(std::size_t first) const {
  for (std::size_t i = 0; i < loops_; ++i) {
    const std::size_t loop = (first + i) % loops_;
    if (!excluded(loop)) return loop;
  }
  return std::nullopt;
}

std::optional<std::size_t> Placement::Fewest(std::size_t first) const {
  // From the one behind the last choice on, so that equals take turns.
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < loops_; ++i) {
    const std::size_t loop = (first + i) % loops_;
    if (excluded(loop)) continue;
    if (!best || of_loop_[loop].load(std::memory_order_relaxed) <
                     of_loop_[*best].load(std::memory_order_relaxed)) {
      best = loop;
    }
  }
  return best;
}

}  // namespace polymux
