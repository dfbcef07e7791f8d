#ifndef POLYMUX_TESTS_BENCH_FAULT_SERVER_H_
#define POLYMUX_TESTS_BENCH_FAULT_SERVER_H_

#include <poll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "reactor/unique_fd.h"

namespace polymux::bench {

// What a FaultServer does wrong, once it has seen a number of messages.
enum class Fault {
  kNone,
  kCorruptByte,    // one byte of a message is changed
  kDropByte,       // one byte is left out
  kDropMessage,    // a message is left out
  kDoubleMessage,  // a message is echoed twice
  kSwapMessages,   // two messages of a connection change places
  kCrossEchoes,    // two connections get each other's message
  kChatter,        // every connection is sent a byte that nobody asked for
  kClose,          // a connection is closed instead of echoed
  kCloseHalfway,   // the same after half of the echo
  kReset,          // a connection is reset
  kStall,          // nothing is echoed from now on
  kIgnoreEnd,      // a connection that the peer has ended stays open
};

// An echo server on loopback that goes wrong in a chosen way. It runs in a
// thread of its own until it is destroyed, echoes whole messages with blocking
// sends, and shares no code with what it tests.
class FaultServer {
 public:
  struct Options {
    std::size_t message_size = 64;
    Fault fault = Fault::kNone;
    std::uint64_t healthy_messages = 100;  // before the fault
    bool ipv6 = false;
    bool watch_lead = false;  // a look at all connections for each message
    // Sends what it reads, and as it reads it, to all connections. The fault
    // hits the one that was accepted last.
    bool fan_out = false;
  };

  explicit FaultServer(const Options& options);
  ~FaultServer();

  // "127.0.0.1:PORT" or "[::1]:PORT".
  std::string address() const;

  // How many connections there have been so far.
  std::size_t accepted() const { return accepted_; }

  // Stops the server; the figures below may be read from then on.
  void Stop();

  std::uint64_t messages() const { return messages_; }
  // By how many messages a connection was ahead of another at the most; with
  // watch_lead.
  std::uint64_t lead() const { return lead_; }

 private:
  struct Connection {
    UniqueFd fd;
    std::string input;
    std::string held;  // a message that waits for its fault
    std::uint64_t messages = 0;
    bool is_ignored = false;
  };

  void Run();
  void Accept();
  void OnReadable(Connection& connection);
  void OnEnd(Connection& connection);
  void WatchLead(const Connection& connection);
  void OnMessage(Connection& connection, std::string message);
  void OnFanOut(std::string bytes);
  bool GoesWrong() const;
  void Misbehave(Connection& connection, std::string message);
  static void Reset(Connection& connection);
  static void Send(Connection& connection, const std::string& data);

  const Options options_;
  std::uint16_t port_ = 0;
  UniqueFd listener_;
  UniqueFd stop_;
  std::vector<Connection> connections_;
  Connection* holder_ = nullptr;  // the connection with a held message
  std::atomic<std::uint64_t> messages_ = 0;  // any thread
  std::atomic<std::size_t> accepted_{0};
  std::uint64_t lead_ = 0;
  bool misbehaved_ = false;
  std::thread thread_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_TESTS_BENCH_FAULT_SERVER_H_
