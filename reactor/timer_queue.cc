#include "reactor/timer_queue.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "poller/check.h"

namespace polymux {

TimerId TimerQueue::Add(TimePoint deadline, Callback callback) {
  return Insert({.deadline = deadline,
                 .interval = Duration::zero(),
                 .callback = std::move(callback)});
}

TimerId TimerQueue::AddPeriodic(TimePoint first, Duration interval,
                                Callback callback) {
  POLYMUX_CHECK(interval > Duration::zero(), "a period must be positive");
  return Insert({.deadline = first,
                 .interval = interval,
                 .callback = std::move(callback)});
}

TimerId TimerQueue::Insert(Timer timer) {
  const TimerId id{++last_id_};
  PushEntry({.deadline = timer.deadline, .id = id});
  timers_.emplace(id, std::move(timer));
  return id;
}

bool TimerQueue::Cancel(TimerId id) {
  if (timers_.erase(id) == 0) return false;
  Compact();
  return true;
}

std::optional<TimePoint> TimerQueue::NextDeadline() {
  while (!heap_.empty() && !timers_.contains(heap_.front().id)) PopEntry();
  if (heap_.empty()) return std::nullopt;
  return heap_.front().deadline;
}

void TimerQueue::RunExpired(TimePoint now,
                            const std::function<void(const Callback&)>& run) {
  due_.clear();
  while (!heap_.empty() && heap_.front().deadline <= now) {
    due_.push_back(heap_.front().id);
    PopEntry();
  }
  for (const TimerId id : due_) RunOne(id, now, run);
}

void TimerQueue::RunOne(TimerId id, TimePoint now,
                        const std::function<void(const Callback&)>& run) {
  const auto found = timers_.find(id);
  if (found == timers_.end()) return;
  Timer& timer = found->second;
  if (timer.interval == Duration::zero()) {
    const Callback callback = std::move(timer.callback);
    timers_.erase(found);
    run(callback);
    return;
  }
  // Missed ones first, and then one that may lie beyond the end of time.
  const auto missed = (now - timer.deadline) / timer.interval;
  timer.deadline =
      After(timer.deadline + missed * timer.interval, timer.interval);
  PushEntry({.deadline = timer.deadline, .id = id});
  // A copy, since the callback may cancel its own timer.
  const Callback callback = timer.callback;
  run(callback);
}

void TimerQueue::PushEntry(Entry entry) {
  heap_.push_back(entry);
  std::ranges::push_heap(heap_, std::ranges::greater());
}

void TimerQueue::PopEntry() {
  std::ranges::pop_heap(heap_, std::ranges::greater());
  heap_.pop_back();
}

void TimerQueue::Compact() {
  constexpr std::size_t kWorthIt = 64;
  if (heap_.size() < kWorthIt || heap_.size() < 2 * timers_.size()) return;
  std::erase_if(heap_,
                [this](const Entry& e) { return !timers_.contains(e.id); });
  std::ranges::make_heap(heap_, std::ranges::greater());
}

}  // namespace polymux
