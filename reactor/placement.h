#ifndef POLYMUX_REACTOR_PLACEMENT_H_
#define POLYMUX_REACTOR_PLACEMENT_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>

namespace polymux {

// Which loop serves the next connection.
enum class Strategy {
  // In turn: the loops get equally many, however long each stays.
  kRoundRobin,
  // The one that has the fewest now: the loops have equally many, also when
  // those that stay come in a pattern.
  kLeastConnections,
  // Each loop has a listener of its own (SO_REUSEPORT) and serves what the
  // kernel gives to that: no thread accepts for another. The kernel chooses by
  // a hash of the addresses, so the spread is that of chance.
  kReusePort,
};

// How many connections each loop of a server has, and where the next one goes.
class Placement {
 public:
  // REQUIRES: loops > 0. No more than `limit` connections are let in.
  Placement(Strategy strategy, std::size_t loops, std::size_t limit);

  // The loop for a connection that the listener of loop `accepted_by` has
  // accepted, where it is counted until Leave; nothing when the limit is
  // reached or every loop excluded. `accepted_by` matters for kReusePort alone;
  // the others have one listener and may be asked by its thread only.
  std::optional<std::size_t> Enter(std::size_t accepted_by);
  // Any thread.
  void Leave(std::size_t loop);

  // Gives `loop` no connections from now on; with none left, Enter gives
  // nothing. Any thread.
  void Exclude(std::size_t loop);

  // Any thread.
  std::size_t total() const { return total_.load(std::memory_order_relaxed); }

 private:
  // Nothing when every loop is excluded.
  std::optional<std::size_t> Choose(std::size_t accepted_by);
  std::optional<std::size_t> NextInTurn(std::size_t first) const;
  std::optional<std::size_t> Fewest(std::size_t first) const;
  bool excluded(std::size_t loop) const {
    return excluded_[loop].load(std::memory_order_relaxed);
  }

  const Strategy strategy_;
  const std::size_t loops_;
  const std::size_t limit_;
  std::atomic<std::size_t> total_{0};
  const std::unique_ptr<std::atomic<std::size_t>[]> of_loop_;
  const std::unique_ptr<std::atomic<bool>[]> excluded_;
  std::size_t next_ = 0;  // the listener's thread
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_PLACEMENT_H_
