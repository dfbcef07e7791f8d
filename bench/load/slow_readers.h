#ifndef POLYMUX_BENCH_LOAD_SLOW_READERS_H_
#define POLYMUX_BENCH_LOAD_SLOW_READERS_H_

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "bench/load/client_socket.h"
#include "bench/load/load_errors.h"
#include "bench/load/stream.h"
#include "reactor/inet_address.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {

struct SlowReadersPlan {
  InetAddress target;
  const Pattern* pattern;
  std::size_t message_size;
  std::size_t first_connection;  // number of their first one in the run
  std::size_t count;
  int stop_fd;  // readable once the run is to be given up; never read
  std::chrono::milliseconds stall_limit;
};

// Connections that send as fast as the socket takes and read 1 KiB every 10 ms
// at the most, verified. A server that keeps reading for such a client runs out
// of memory; one that waits for it keeps everybody waiting. They have a thread
// of their own, which sleeps nearly always.
//
// At the end they send nothing more and read what is owed to them, so that the
// server has served them completely.
class SlowReaders {
 public:
  // Throws std::system_error when descriptors run short. What `plan` points to
  // must outlive this.
  explicit SlowReaders(const SlowReadersPlan& plan);
  ~SlowReaders();

  // Connects all and has one message of each echoed. False when that failed;
  // errors() says how.
  bool Connect();

  // Starts the thread. REQUIRES: Connect was true.
  void Start();

  // Reads what is owed and ends the thread.
  void Finish();

  // After Finish, or without Start.
  const LoadErrors& errors() const { return errors_; }

 private:
  struct Reader {
    std::size_t number;
    UniqueFd fd;
    Stream stream;
  };
  bool Open(Reader& reader, ClientSocketFactory& sockets);
  void Run();
  // Sends what is unsent and reads what is missing. False when a reader failed
  // or the run was given up.
  bool Drain();
  void TellStall();
  void Fill(Reader& reader);
  void Send(Reader& reader);
  void Receive(Reader& reader, std::size_t limit);
  static bool IsOwed(const Reader& reader);
  bool CanFill(const Reader& reader) const;
  // Waits until a reader is ready for the poll(2) events that events_of(reader)
  // says (0: none), and calls on_ready(reader, events) for those that are.
  // False when there was none. Sets is_over_ when it is to finish or to give
  // up.
  template <typename EventsOf, typename OnReady>
  bool Wait(std::chrono::milliseconds timeout, EventsOf events_of,
            OnReady on_ready);
  void Fail(Reader& reader, std::uint64_t LoadErrors::*counter,
            const std::string& what);

  const SlowReadersPlan plan_;
  const StreamShape shape_;
  const UniqueFd finish_;  // an eventfd
  std::vector<Reader> readers_;
  std::vector<pollfd> entries_;  // of stop_fd, finish_, and the readers
  std::vector<std::byte> buffer_;
  bool is_over_ = false;
  bool is_given_up_ = false;
  LoadErrors errors_;
  std::jthread thread_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_SLOW_READERS_H_
