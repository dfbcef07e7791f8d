#ifndef POLYMUX_REACTOR_TIMER_QUEUE_H_
#define POLYMUX_REACTOR_TIMER_QUEUE_H_

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "reactor/clock.h"

namespace polymux {

// Names a timer for Cancel. Never reused.
enum class TimerId : std::uint64_t {};

// Timers in order of their deadlines, and of their creation for equal ones.
// Knows no clock and no descriptor: the loop asks for the next deadline and
// says when it has come. Adding is O(log n), cancelling O(1) amortised.
//
// Thread: one at a time.
class TimerQueue {
 public:
  using Callback = std::function<void()>;

  // Runs `callback` once at `deadline`.
  TimerId Add(TimePoint deadline, Callback callback);
  // Runs it at `first` and then every `interval` > 0. Periods that passed
  // while the loop was late are skipped, not made up for.
  TimerId AddPeriodic(TimePoint first, Duration interval, Callback callback);

  // Ends a timer; it does not run again, also when it is due already. Returns
  // false when it has ended before. May be called by any timer's callback, its
  // own included.
  bool Cancel(TimerId id);

  // The earliest deadline, if there is a timer.
  std::optional<TimePoint> NextDeadline();

  // Has `run`, which must not throw, call what is due at `now`. A timer added
  // by a callback waits for the next call, even when it is due.
  void RunExpired(TimePoint now,
                  const std::function<void(const Callback&)>& run);

  std::size_t size() const { return timers_.size(); }

 private:
  struct Timer {
    TimePoint deadline;
    Duration interval;  // zero: once
    Callback callback;
  };
  struct Entry {
    TimePoint deadline;
    TimerId id;
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };

  TimerId Insert(Timer timer);
  void PushEntry(Entry entry);
  void PopEntry();
  void RunOne(TimerId id, TimePoint now,
              const std::function<void(const Callback&)>& run);
  // Cancel leaves its entry in the heap; this removes all such when they are
  // the majority.
  void Compact();

  std::uint64_t last_id_ = 0;
  std::unordered_map<TimerId, Timer> timers_;
  // The earliest on top.
  std::vector<Entry> heap_;   // each timer once, and cancelled ones
  std::vector<TimerId> due_;  // of the current RunExpired
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_TIMER_QUEUE_H_
