#ifndef POLYMUX_APPS_ECHO_WORK_H_
#define POLYMUX_APPS_ECHO_WORK_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "poller/poller.h"
#include "reactor/connection.h"
#include "reactor/pipeline.h"
#include "reactor/worker_pool.h"

namespace polymux {

// How echo_server answers a message: with the message, after having kept a CPU
// busy for a while, in the connection's loop or in a pool of workers.
class EchoWork {
 public:
  struct Options {
    int workers = 0;  // none: everything is done by the loops
    std::size_t queue = 10'000;
    std::chrono::microseconds per_message{0};
    bool framed = false;  // messages are frames, and so are the replies
  };

  // Starts the workers. Throws std::system_error when there is no thread to be
  // had.
  explicit EchoWork(const Options& options);

  // Sets what is called when a connection opens and when bytes come. Without
  // work, that is a plain echo. This must outlive the connections.
  void Install(ConnectionCallbacks* callbacks);

  // Waits for the workers, which compute nothing for connections that have
  // ended: for when none is left to be answered, and before the loops end. The
  // counters are final when each loop has run the tasks queued by then.
  void Join();

  // Of requests, empty without workers: accepted, answered, dropped (the client
  // had gone), lost; and how often the queue was full.
  std::vector<Counter> counters() const;
  std::uint64_t lost() const { return requests_.lost; }

 private:
  void Compute() const;
  void Offer(Connection& connection, std::string_view message);

  const Options options_;
  const Pipeline::Send send_;
  Pipeline::Counters requests_;
  std::optional<WorkerPool> pool_;  // with workers
};

}  // namespace polymux

#endif  // POLYMUX_APPS_ECHO_WORK_H_
