#ifndef POLYMUX_BENCH_LOAD_LOAD_ERRORS_H_
#define POLYMUX_BENCH_LOAD_LOAD_ERRORS_H_

#include <cstdint>
#include <string>

namespace polymux::bench {

// How connections failed. Each connection counts once.
struct LoadErrors {
  std::uint64_t mismatch = 0;    // bytes came back that were not due
  std::uint64_t short_echo = 0;  // the echo of a message stopped half-way or
                                 // stayed away
  std::uint64_t closed = 0;      // ended by the server between echoes
  std::uint64_t connect = 0;     // never came to be
  std::uint64_t backlog = 0;     // an open loop had more messages on the way
                                 // than there is room to remember
  std::string first;             // the first failure, for the user

  bool Any() const {
    return mismatch + short_echo + closed + connect + backlog != 0;
  }

  // Adds one to `counter`, one of ours.
  void Add(std::uint64_t LoadErrors::*counter, const std::string& text) {
    ++(this->*counter);
    if (first.empty()) first = text;
  }

  void Merge(const LoadErrors& other) {
    mismatch += other.mismatch;
    short_echo += other.short_echo;
    closed += other.closed;
    connect += other.connect;
    backlog += other.backlog;
    if (first.empty()) first = other.first;
  }
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_LOAD_ERRORS_H_
