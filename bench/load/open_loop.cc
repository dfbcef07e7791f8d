#include "bench/load/open_loop.h"

#include <sys/epoll.h>
#include <sys/prctl.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace polymux::bench {
namespace {

// Messages sent at once when several are due; then events have their turn, so
// that one who is behind still reads.
constexpr int kMaxAtOnce = 64;

std::vector<std::size_t> CountByConnection(const Schedule& schedule,
                                           std::size_t connections) {
  std::vector<std::size_t> counts(connections);
  for (const std::uint32_t connection : schedule.connections) {
    ++counts[connection];
  }
  return counts;
}

}  // namespace

OpenLoop::OpenLoop(const WorkerPlan& plan, Schedule schedule,
                   std::chrono::nanoseconds ahead)
    : Worker(plan),
      schedule_(std::move(schedule)),
      ahead_ns_(ahead.count()),
      rank_(connections().size()) {
  for (std::size_t i = 0; i < connections().size(); ++i) {
    if (!connections()[i].is_active) continue;
    rank_[i] = static_cast<std::uint32_t>(active_.size());
    active_.push_back(i);
  }
  GroupByConnection();
}

std::size_t OpenLoop::DepthFor(const Schedule& schedule,
                               std::size_t connections) {
  const auto counts = CountByConnection(schedule, connections);
  return counts.empty() ? 1
                        : std::max<std::size_t>(1, std::ranges::max(counts));
}

void OpenLoop::GroupByConnection() {
  oldest_.assign(active_.size(), 0);
  const auto counts = CountByConnection(schedule_, active_.size());
  for (std::size_t rank = 1; rank < counts.size(); ++rank) {
    oldest_[rank] = oldest_[rank - 1] + counts[rank - 1];
  }
  due_.resize(schedule_.size());
  std::vector<std::size_t> place = oldest_;
  for (std::size_t i = 0; i < schedule_.size(); ++i) {
    due_[place[schedule_.connections[i]]++] = schedule_.times[i];
  }
}

void OpenLoop::Start() {
  // By default the kernel may wake a thread 50 us late.
  prctl(PR_SET_TIMERSLACK, 1);
  progress_ = MonotonicNs();
}

std::int64_t OpenLoop::NextTime() const {
  return next_ < schedule_.size() ? window().warm_up + schedule_.times[next_]
                                  : std::numeric_limits<std::int64_t>::max();
}

bool OpenLoop::Turn() {
  if (is_opening() || next_ == schedule_.size()) return Worker::Turn();
  std::int64_t now = MonotonicNs();
  SendDue(now);
  now = MonotonicNs();
  DispatchAll(WaitUntil(NextTime(), now));
  if (outstanding() == 0) progress_ = now;
  return now - progress_ < std::chrono::nanoseconds(plan().stall_limit).count();
}

int OpenLoop::WaitUntil(std::int64_t time, std::int64_t now) {
  const std::int64_t limit =
      std::chrono::nanoseconds(plan().stall_limit).count();
  const std::int64_t wait =
      std::clamp<std::int64_t>(time - now - ahead_ns_, 0, limit);
  const timespec timeout{wait / 1'000'000'000, wait % 1'000'000'000};
  const auto events = event_space();
  return epoll_pwait2(epoll_fd(), events.data(),
                      static_cast<int>(events.size()), &timeout, nullptr);
}

void OpenLoop::SendDue(std::int64_t now) {
  for (int i = 0; i < kMaxAtOnce && NextTime() <= now; ++i) {
    const std::int64_t due = NextTime();
    Connection& connection =
        connections()[active_[schedule_.connections[next_]]];
    ++next_;
    if (i > 0) now = MonotonicNs();
    PassEdges(now);
    if (connection.fd) TakeUp(connection, due, now);
  }
}

void OpenLoop::TakeUp(Connection& connection, std::int64_t due,
                      std::int64_t now) {
  if (connection.stream.outstanding() == plan().shape.depth) {
    return Fail(connection, &LoadErrors::backlog,
                "too many messages are on the way");
  }
  if (IsInWindow(due)) {
    ++tally_.due;
    if (now - due > kLateNs) ++tally_.sent_late;
  }
  if (outstanding() == 0) progress_ = now;
  Ask(connection, 1, now);
}

void OpenLoop::OnReadable(Connection& connection) {
  std::size_t& oldest = oldest_[rank_[IndexOf(connection)]];
  const Echoes echoes = Receive(
      connection, [this, &oldest](std::int64_t sent_at, std::int64_t now) {
        Record(window().warm_up + due_[oldest++], sent_at, now);
      });
  if (echoes.count == 0) return;
  progress_ = echoes.now;
  // Not only between two waits: a full set of events takes a while.
  SendDue(echoes.now);
}

void OpenLoop::Record(std::int64_t due, std::int64_t sent_at,
                      std::int64_t now) {
  if (!IsInWindow(due)) return;
  tally_.latency.Record(static_cast<std::uint64_t>(now - due));
  tally_.service.Record(static_cast<std::uint64_t>(now - sent_at));
  tally_.send_lag.Record(static_cast<std::uint64_t>(sent_at - due));
}

}  // namespace polymux::bench
