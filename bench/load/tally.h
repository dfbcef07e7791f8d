#ifndef POLYMUX_BENCH_LOAD_TALLY_H_
#define POLYMUX_BENCH_LOAD_TALLY_H_

#include <array>
#include <cstdint>

#include "bench/load/histogram.h"
#include "bench/load/load_errors.h"

namespace polymux::bench {

// What was counted and timed, by one worker or by all of them.
struct Tally {
  // Messages whose echo was completed in the first and the second half of the
  // window.
  std::array<std::uint64_t, 2> half_messages{};

  // Closed loop: those messages, from sending to the complete echo. Open loop:
  // the messages that were due inside the window, whenever they came back, from
  // the time at which they were due.
  Histogram latency;

  // Open loop, the messages that were due inside the window.
  Histogram service;      // from sending to the complete echo
  Histogram send_lag;     // from the time due to sending
  std::uint64_t due = 0;  // how many there were
  std::uint64_t sent_late =
      0;  // of them, those that the generator was late for

  // Connections opened inside the window, from connect(2) to its outcome.
  Histogram connect;

  LoadErrors errors;

  std::uint64_t messages() const { return half_messages[0] + half_messages[1]; }
  std::uint64_t connections_opened() const { return connect.count(); }

  void Merge(const Tally& other) {
    half_messages[0] += other.half_messages[0];
    half_messages[1] += other.half_messages[1];
    latency.Merge(other.latency);
    service.Merge(other.service);
    send_lag.Merge(other.send_lag);
    due += other.due;
    sent_late += other.sent_late;
    connect.Merge(other.connect);
    errors.Merge(other.errors);
  }
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_TALLY_H_
