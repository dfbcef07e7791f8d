#ifndef POLYMUX_REACTOR_PIPELINE_H_
#define POLYMUX_REACTOR_PIPELINE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "reactor/connection.h"
#include "reactor/worker_pool.h"

namespace polymux {

// The requests of one connection, computed by a worker pool one after the other
// and answered in their order, while the loop serves its other connections.
//
// The connection stays open while a request is in the works, also when its peer
// has half-closed or the server is stopping: the replies still go out. A full
// pool pauses the connection's reading until there is room. When the connection
// has ended, what it asked for is not computed any more, and the reply to what
// was being computed is dropped.
//
// A request whose computation throws has no reply, and the later ones would be
// taken for it; so the connection is closed.
//
// Who joins the pool before the loops end, and destroys it after the loops, has
// the lifetimes right. A reply that comes when its loop has ended is lost.
//
// Thread: the loop's.
class Pipeline {
 public:
  // Of all connections of a server. At rest accepted is the sum of the others.
  struct Counters {
    std::atomic<std::uint64_t> accepted{0};  // requests
    std::atomic<std::uint64_t> answered{0};  // the connection took the reply
    // Without a reply, computed or not: the peer had gone; by this side, which
    // has closed the connection or thrown.
    std::atomic<std::uint64_t> dropped{0};
    std::atomic<std::uint64_t> lost{0};
  };

  // How a reply goes out: &Connection::Send, or &Connection::SendFrame where
  // there is framing.
  using Send = void (Connection::*)(std::string_view);

  // All must outlive the pipeline, which shall live as long as the connection:
  // as its context.
  Pipeline(WorkerPool* pool, Counters* counters, Connection* connection,
           Send send = &Connection::Send);

  // Has a worker call `compute`, which returns a std::string to be sent. False:
  // the pool is full or stopped and reading is paused; offer no more and leave
  // the rest in the input, it is shown again when there is room. (With framing
  // nothing is shown while reading is paused; the caller has nothing to do.)
  template <typename Compute>
  bool Offer(Compute&& compute) {
    BeforeOffer();
    return AfterOffer(
        strand_.Offer([this, kept = connection_->shared_from_this(),
                       compute = std::forward<Compute>(compute)]() mutable {
          Run(std::move(kept), compute);
        }));
  }

 private:
  using Kept = std::shared_ptr<Connection>;

  void BeforeOffer();
  bool AfterOffer(Offered offered);

  // In a worker.
  template <typename Compute>
  void Run(Kept kept, Compute& compute) {
    if (kept->gone()) return Hand(kept, [this] { Fail(); });
    try {
      Hand(kept, [this, reply = std::string(compute())] { Answer(reply); });
    } catch (...) {
      Hand(kept, [this] { Fail(); });
      throw;
    }
  }

  // Has the loop call the function, with the connection kept until then.
  template <typename Function>
  void Hand(const Kept& kept, Function&& function) {
    const bool taken = kept->tasks()->Post(
        [kept, function = std::forward<Function>(function)] { function(); });
    if (!taken) CountLost();
  }
  // The loop has ended before.
  void CountLost();

  // In the loop again.
  void Answer(const std::string& reply);
  void Fail();
  void CountUnanswered();

  Connection* const connection_;
  const Send send_;
  Counters* const counters_;
  Strand strand_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_PIPELINE_H_
