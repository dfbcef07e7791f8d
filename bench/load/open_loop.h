#ifndef POLYMUX_BENCH_LOAD_OPEN_LOOP_H_
#define POLYMUX_BENCH_LOAD_OPEN_LOOP_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/load/schedule.h"
#include "bench/load/worker.h"

namespace polymux::bench {

// Sends each message at the time that a schedule has for it, whatever is on the
// way, and counts its latency from that time. So a server that stalls is asked
// as much as before, and each message that had to wait tells so.
//
// To be on time it sleeps until a little before the next message and then looks
// for events without waiting; with a CPU of its own that costs nobody anything.
class OpenLoop final : public Worker {
 public:
  // A message that the generator took up so long after it was due was sent
  // late by the generator itself. Whether the socket had room makes no
  // difference here: the waiting for room counts as the server's.
  static constexpr std::int64_t kLateNs = 200'000;

  // `plan.shape.depth` bounds what one connection has on the way; beyond it the
  // connection fails. The schedule's connections are the active ones. `ahead`:
  // so long before the next message it no longer sleeps; 0 where it has no CPU
  // of its own.
  OpenLoop(const WorkerPlan& plan, Schedule schedule,
           std::chrono::nanoseconds ahead);

  // A depth at which no connection of the schedule ever fails.
  static std::size_t DepthFor(const Schedule& schedule,
                              std::size_t connections);

 private:
  void Start() override;
  void OnReadable(Connection& connection) override;
  bool Turn() override;
  bool has_more_to_send() const override { return next_ < schedule_.size(); }

  void GroupByConnection();
  std::int64_t NextTime() const;
  void SendDue(std::int64_t now);
  void TakeUp(Connection& connection, std::int64_t due, std::int64_t now);
  void Record(std::int64_t due, std::int64_t sent_at, std::int64_t now);
  bool IsInWindow(std::int64_t due) const {
    return due >= window().begin && due < window().end;
  }
  // The number of events; waits for the first until `time` at the most.
  int WaitUntil(std::int64_t time, std::int64_t now);

  const Schedule schedule_;
  const std::int64_t ahead_ns_;
  std::size_t next_ = 0;             // message of the schedule
  std::vector<std::size_t> active_;  // indexes of the active connections
  // The times of the schedule, by connection, and for each connection the
  // place there of its oldest message on the way.
  std::vector<std::int64_t> due_;
  std::vector<std::size_t> oldest_;
  std::vector<std::uint32_t> rank_;  // of connections, among the active ones
  std::int64_t progress_ = 0;  // when something came back, or nothing was owed
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_OPEN_LOOP_H_
