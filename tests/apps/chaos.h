#ifndef POLYMUX_TESTS_APPS_CHAOS_H_
#define POLYMUX_TESTS_APPS_CHAOS_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "reactor/framing.h"
#include "reactor/inet_address.h"

namespace polymux {

// Clients of an echo server, polite and rude ones in turn, each with a
// connection of its own for an episode of some milliseconds: they split their
// messages anywhere, end their direction, vanish, reset, stall in the middle of
// a message, connect and stay silent, flood without reading, send nonsense.
//
// Whatever they do, each byte that comes back must be the one that was sent;
// whoever waits for the answers to whole messages must get them all; whoever
// sends nonsense must see the end of the connection.
class Chaos {
 public:
  // `framing` is the server's, null for raw; it must outlive this object.
  // Equal seeds make equal episodes, in an order that depends on the threads.
  Chaos(const InetAddress& address, const Framing* framing, std::uint64_t seed);

  // Keeps `threads` episodes going at a time, for `duration`.
  void Run(int threads, std::chrono::milliseconds duration);

  // What did not go as it must, with the number of the episode.
  const std::vector<std::string>& complaints() const { return complaints_; }
  // How many episodes of each kind there were.
  const std::map<std::string, int>& tally() const { return tally_; }

 private:
  void RunThread(std::chrono::steady_clock::time_point end);
  // Returns what was wrong, nothing if all is well.
  std::string RunEpisode(std::uint64_t number, std::string* kind) const;

  const InetAddress address_;
  const Framing* const framing_;
  const std::uint64_t seed_;
  std::atomic<std::uint64_t> next_{0};
  std::mutex mutex_;  // guards the following
  std::vector<std::string> complaints_;
  std::map<std::string, int> tally_;
};

}  // namespace polymux

#endif  // POLYMUX_TESTS_APPS_CHAOS_H_
