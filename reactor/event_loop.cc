#include "reactor/event_loop.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "poller/check.h"

namespace polymux {
namespace {

UniqueFd CreateTimerFd() {
  UniqueFd fd(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!fd) throw std::system_error(LastSystemError(), "timerfd_create");
  return fd;
}

void WatchOrThrow(Channel& channel) {
  if (const std::error_code error = channel.Watch(Interest::LevelRead())) {
    throw std::system_error(error, "watching the loop's own descriptors");
  }
}

}  // namespace

EventLoop::EventLoop(const Backend& backend, const Clock& clock)
    : thread_number_(::gettid()),
      clock_(clock),
      poller_(backend.create()),
      timer_fd_(CreateTimerFd()),
      wake_channel_(
          this, tasks_->wake_fd(),
          [this](const Event&) {
            ++counters_.wakeup_reads;
            tasks_->Acknowledge();
          },
          nullptr),
      timer_channel_(
          this, timer_fd_.get(), [this](const Event&) { OnTimer(); }, nullptr) {
  WatchOrThrow(wake_channel_);
  WatchOrThrow(timer_channel_);
}

EventLoop::~EventLoop() {
  POLYMUX_CHECK(!running_, "an event loop is destroyed within its Run");
  tasks_->Close();
  ReleaseGarbage();
  wake_channel_.Forget();
  timer_channel_.Forget();
}

// What runs for each message is marked hot here and elsewhere, which makes the
// linker put it side by side: the kernel's part of a message leaves none of it
// in the nearest cache, and little of what would be fetched with it is wasted.
[[gnu::hot]] std::error_code EventLoop::Run() {
  if (!IsInLoopThread()) AbortNotInLoopThread();
  POLYMUX_CHECK(!running_, "Run is called within Run");
  running_ = true;
  std::error_code error;
  bool quit = false;
  while (!quit && !error) {
    quit = std::exchange(quit_, false);
    const bool sleep =
        !quit && requeued_.empty() && !tasks_->pending() && !timers_due_;
    std::span<Event> events;
    error = poller_->Wait(
        sleep ? std::nullopt : std::optional(Duration::zero()), &events);
    iteration_time_.reset();
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (i + 1 < events.size()) Prefetch(events[i + 1]);
      Dispatch(events[i]);
    }
    if (!requeued_.empty()) DispatchRequeued();
    // What did not fit into the array is there as well; it grows a few times.
    if (timers_due_ && !poller_->grew()) RunTimers();
    if (tasks_->pending()) RunTasks();
    ReleaseGarbage();
  }
  if (error && on_wait_error_) {
    Guard([&] { std::exchange(on_wait_error_, nullptr)(error); });
  }
  // Tasks that the last batch queued, and theirs, but no endless chain.
  constexpr int kLastRounds = 16;
  for (int i = 0; i < kLastRounds && tasks_->pending(); ++i) RunTasks();
  ReleaseGarbage();
  running_ = false;
  return error;
}

void EventLoop::SetOnWaitTimeout(Duration max_wait,
                                 std::function<void()> callback) {
  AssertInLoopThread();
  POLYMUX_CHECK(max_wait > Duration::zero(), "a wait without an end in sight");
  if (quiet_timer_) Cancel(*quiet_timer_);
  quiet_timer_.reset();
  if (callback) AwaitQuiet(max_wait, std::move(callback));
}

void EventLoop::AwaitQuiet(Duration max_wait, std::function<void()> callback) {
  quiet_timer_ = RunAfter(
      max_wait, [this, max_wait, callback, before = poller_->events()] {
        // The one that has come is this timer's own.
        const bool quiet = poller_->events() == before + 1;
        // First, for the callback may end it.
        AwaitQuiet(max_wait, callback);
        if (quiet) callback();
      });
}

void EventLoop::SetOnWaitError(std::function<void(std::error_code)> callback) {
  AssertInLoopThread();
  on_wait_error_ = std::move(callback);
}

void EventLoop::Quit() {
  // As a task, the flag is set in the loop's thread, behind what the caller
  // queued before, and the queue's lock orders this call before the loop's end.
  QueueInLoop([this] { quit_ = true; });
}

TimerId EventLoop::RunAfter(Duration delay, TimerQueue::Callback callback) {
  return Added(timers_.Add(After(Now(), delay), std::move(callback)));
}

TimerId EventLoop::RunEvery(Duration interval, TimerQueue::Callback callback) {
  return Added(timers_.AddPeriodic(After(Now(), interval), interval,
                                   std::move(callback)));
}

bool EventLoop::Cancel(TimerId id) {
  AssertInLoopThread();
  // The timerfd may then fire for nothing, which costs less than setting it.
  return timers_.Cancel(id);
}

TimerId EventLoop::Added(TimerId id) {
  AssertInLoopThread();
  ArmTimer();
  return id;
}

void EventLoop::ArmTimer() {
  const std::optional<TimePoint> next = timers_.NextDeadline();
  if (!next || (armed_ && *armed_ <= *next)) return;
  armed_ = next;
  // Relative, since the loop's clock may be a test's. Zero would disarm.
  const Duration delay = std::max(Duration(1), Duration(*next - Now()));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(delay);
  itimerspec spec{};
  spec.it_value.tv_sec = seconds.count();
  spec.it_value.tv_nsec = (delay - seconds).count();
  ++counters_.timer_sets;
  const int result = ::timerfd_settime(timer_fd_.get(), 0, &spec, nullptr);
  POLYMUX_CHECK(result == 0, "timerfd_settime refused a deadline");
}

void EventLoop::OnTimer() {
  std::uint64_t expirations = 0;
  ++counters_.timer_reads;
  timers_due_ |=
      ::read(timer_fd_.get(), &expirations, sizeof(expirations)) != -1;
}

void EventLoop::RunTimers() {
  timers_due_ = false;
  armed_.reset();
  timers_.RunExpired(
      Now(), [this](const TimerQueue::Callback& callback) { Guard(callback); });
  ArmTimer();
}

void EventLoop::Requeue(const Event& event) {
  AssertInLoopThread();
  ++counters_.requeues;
  requeued_.push_back(event);
}

void EventLoop::ReleaseLater(std::shared_ptr<const void> object) {
  AssertInLoopThread();
  released_.push_back(std::move(object));
}

void EventLoop::CloseLater(UniqueFd fd) {
  AssertInLoopThread();
  if (fd) closing_.push_back(std::move(fd));
}

std::vector<Counter> EventLoop::CounterList() const {
  AssertInLoopThread();
  std::vector<Counter> list = poller_->counters();
  const std::vector<Counter> own = counters_.List();
  list.insert(list.end(), own.begin(), own.end());
  list.push_back({"wakeup_writes", true, tasks_->wakes()});
  return list;
}

inline void EventLoop::Prefetch(const Event& event) const {
  const auto token = static_cast<std::uintptr_t>(poller_->TokenOf(event));
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the token is a Channel.
  const auto* const channel = reinterpret_cast<const char*>(token);
  for (std::size_t line = 0; line < kPrefetchedLines; ++line) {
    __builtin_prefetch(channel + line * kCacheLine);
  }
}

[[gnu::hot]] void EventLoop::Dispatch(Event event) {
  const std::optional<Token> token = poller_->Resolve(event);
  if (!token) return;
  auto* const channel =
      // NOLINTNEXTLINE(performance-no-int-to-ptr): the token is a Channel.
      reinterpret_cast<Channel*>(static_cast<std::uintptr_t>(*token));
  Guard([channel, &event] { channel->Handle(event); });
}

void EventLoop::DispatchRequeued() {
  redispatching_.swap(requeued_);
  for (const Event& event : redispatching_) Dispatch(event);
  redispatching_.clear();
}

void EventLoop::RunTasks() {
  JobList tasks = tasks_->Take();
  while (!tasks.empty()) {
    // What it has captured dies before the next one runs.
    const std::unique_ptr<Job> task = tasks.Pop();
    ++counters_.tasks;
    Guard([&task] { task->Run(); });
  }
}

void EventLoop::ReleaseGarbage() {
  // Releasing may run destructors that give up more.
  while (!released_.empty() || !closing_.empty()) {
    counters_.closes += closing_.size();
    closing_.clear();
    std::vector<std::shared_ptr<const void>> released;
    released.swap(released_);
  }
}

void EventLoop::SetOnException(
    std::function<void(std::exception_ptr)> callback) {
  AssertInLoopThread();
  on_exception_ = std::move(callback);
}

void EventLoop::TellException() noexcept {
  ++counters_.exceptions;
  if (on_exception_) return on_exception_(std::current_exception());
  try {
    throw;
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "a callback has thrown: %s\n", exception.what());
  } catch (...) {
    std::fprintf(stderr, "a callback has thrown what is no std::exception\n");
  }
}

void EventLoop::AbortNotInLoopThread() const {
  std::fprintf(stderr,
               "a function of an event loop that belongs to thread %d was "
               "called by thread %d\n",
               thread_number_, ::gettid());
  std::abort();
}

}  // namespace polymux
