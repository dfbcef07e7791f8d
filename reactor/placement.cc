#include "reactor/placement.h"

#include "poller/check.h"

namespace polymux {

Placement::Placement(Strategy strategy, std::size_t loops, std::size_t limit)
    : strategy_(strategy),
      loops_(loops),
      limit_(limit),
      of_loop_(std::make_unique<std::atomic<std::size_t>[]>(loops)) {
  POLYMUX_CHECK(loops > 0, "a server without a loop");
}

std::optional<std::size_t> Placement::Enter(std::size_t accepted_by) {
  std::size_t total = total_.load(std::memory_order_relaxed);
  do {
    if (total >= limit_) return std::nullopt;
  } while (!total_.compare_exchange_weak(total, total + 1,
                                         std::memory_order_relaxed));
  const std::size_t loop = Choose(accepted_by);
  of_loop_[loop].fetch_add(1, std::memory_order_relaxed);
  return loop;
}

void Placement::Leave(std::size_t loop) {
  of_loop_[loop].fetch_sub(1, std::memory_order_relaxed);
  total_.fetch_sub(1, std::memory_order_relaxed);
}

std::size_t Placement::Choose(std::size_t accepted_by) {
  if (strategy_ == Strategy::kReusePort) return accepted_by;
  const std::size_t loop =
      strategy_ == Strategy::kRoundRobin ? next_ : Fewest();
  next_ = (loop + 1) % loops_;
  return loop;
}

std::size_t Placement::Fewest() const {
  // From the one behind the last choice on, so that equals take turns.
  std::size_t best = next_;
  for (std::size_t i = 1; i < loops_; ++i) {
    const std::size_t loop = (next_ + i) % loops_;
    if (of_loop_[loop].load(std::memory_order_relaxed) <
        of_loop_[best].load(std::memory_order_relaxed)) {
      best = loop;
    }
  }
  return best;
}

}  // namespace polymux
