#include "reactor/tcp_server.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <latch>
#include <optional>
#include <system_error>
#include <utility>

#include "poller/check.h"
#include "reactor/check_options.h"
#include "reactor/loop_thread.h"
#include "reactor/peer_limit.h"
#include "reactor/unique_fd.h"

namespace polymux {
namespace {

// Has the process's table of descriptors grow to what `connections` more than
// `fd` need, or to the limit. The kernel doubles a table that is full, and
// where threads share it waits for every CPU before it goes on (expand_fdtable
// in fs/file.c calls synchronize_rcu): tens of milliseconds in which nothing is
// accepted, enough for a burst of connections to overflow the queue. Here it
// waits once, before there is a queue.
void GrowDescriptorTable(int fd, rlim_t connections) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  // Half a megabyte; what is beyond comes the slow way.
  constexpr rlim_t kMost = 1 << 16;
  const rlim_t size = std::min(
      limit.rlim_cur, static_cast<rlim_t>(fd) + std::min(kMost, connections));
  const UniqueFd top(::fcntl(fd, F_DUPFD_CLOEXEC, static_cast<int>(size) - 1));
}

// Listening sockets on one address; several share it by SO_REUSEPORT.
std::vector<Socket> Listen(const TcpServer::Options& options,
                           std::size_t count) {
  Socket::ListenOptions listen = options.listen;
  listen.reuse_port |= options.strategy == Strategy::kReusePort;
  InetAddress address = options.address;
  std::vector<Socket> sockets;
  for (std::size_t i = 0; i < count; ++i) {
    sockets.push_back(Socket::Listen(address, listen));
    // With the port that the first one got, if it was any.
    address = InetAddress::LocalOf(sockets.back().fd());
  }
  return sockets;
}

// A server that listens, and must turn everybody away, helps nobody. Not
// counted: it is no part of serving.
void CheckDescriptorForAConnection() {
  if (!UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC))) {
    throw std::system_error(LastSystemError(),
                            "no descriptor is left for a connection");
  }
}

}  // namespace

class TcpServer::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(EventLoop* loop, Options options)
      : loop_(loop),
        options_(std::move(options)),
        placement_(options_.strategy,
                   static_cast<std::size_t>(std::max(options_.reactors, 1)),
                   options_.max_connections),
        peers_(options_.max_connections_per_ip) {
    RequireGoodOptions(options_.connection);
  }

  // All that can fail, and needs a shared_ptr to this. After an error: Close.
  void Open(const Backend& sub_loops);
  // The end: nothing runs any more, but for what is on the stack.
  void Close();

  void Start();
  void Stop(std::function<void()> on_stopped);
  void CollectCounters(
      std::function<void(const std::vector<LoopReport>&)> on_reports);

  EventLoop* loop() const { return loop_; }
  InetAddress address() const { return address_; }
  std::size_t connections() const { return placement_.total(); }

 private:
  // A Stop in progress.
  struct Stopping {
    std::size_t sets_left;
    TimerId deadline;
    std::function<void()> on_stopped;
  };

  // Accepted, for a loop other than the acceptor's.
  struct Arrival {
    Socket socket;
    InetAddress peer;
  };
  using Arrivals = std::vector<std::vector<Arrival>>;  // for each set

  void AddThread(const Backend& backend, std::size_t index);
  void AddAcceptor(EventLoop* loop, Socket listener);
  // Runs the function in the main loop, unless the server has gone by then. Any
  // thread.
  template <typename Function>
  void Post(Function function);
  // Tells on_error, if there is one. Any thread.
  void Report(const std::string& what, std::error_code error) const;
  // Of a sub-loop.
  void OnLoopFailed(std::size_t index);
  void OnAccept(std::size_t acceptor, Socket socket, const InetAddress& peer);
  // Gives the loops what the acceptor has taken in for them: a wake-up for each
  // loop, not for each connection. One for each would have the loops change
  // places on the CPU for it, while the queue of the listener overflows.
  void HandOver(std::size_t acceptor);
  // A connection that was counted has not come to its loop.
  void GiveUp(std::size_t place, const InetAddress& peer);
  void OnSetEmpty();

  // Runs the function for each element in the thread of its loop.
  template <typename Element, typename Function>
  static void RunForEach(std::vector<std::shared_ptr<Element>>& elements,
                         Function function);
  // Ends each by the function, in the thread of its loop, which releases it;
  // returns when all have been ended.
  template <typename Element, typename Function>
  static void EndEach(std::vector<std::shared_ptr<Element>>& elements,
                      Function end);

  // Constant after Open.
  EventLoop* const loop_;
  const Options options_;
  InetAddress address_;

  // As told there.
  Placement placement_;
  PeerLimit peers_;

  // Main loop's thread; what is in a set, and an acceptor, their own loop's
  // thread.
  bool closed_ = false;
  std::optional<Stopping> stopping_;
  std::vector<std::shared_ptr<ConnectionSet>> sets_;  // one for each loop
  // One for the main loop; under kReusePort one for each set, same index.
  std::vector<std::shared_ptr<Acceptor>> acceptors_;
  std::vector<Arrivals> arrivals_;  // of each acceptor, in its loop's thread
  // After those, for the threads end first.
  std::vector<std::unique_ptr<LoopThread>> threads_;
};

template <typename Element, typename Function>
void TcpServer::Core::RunForEach(
    std::vector<std::shared_ptr<Element>>& elements, Function function) {
  for (const auto& element : elements) {
    element->loop()->RunInLoop(
        [&element = *element, function] { function(element); });
  }
}

template <typename Element, typename Function>
void TcpServer::Core::EndEach(std::vector<std::shared_ptr<Element>>& elements,
                              Function end) {
  std::latch ended(static_cast<std::ptrdiff_t>(elements.size()));
  for (auto& element : elements) {
    element->loop()->RunInLoop([&element, &ended, end] {
      end(*element);
      EventLoop* const loop = element->loop();
      loop->ReleaseLater(std::move(element));
      ended.count_down();
    });
  }
  ended.wait();
  elements.clear();
}

template <typename Function>
void TcpServer::Core::Post(Function function) {
  loop_->QueueInLoop(
      [weak = weak_from_this(), function = std::move(function)]() mutable {
        const auto core = weak.lock();
        if (core && !core->closed_) function();
      });
}

void TcpServer::Core::Open(const Backend& sub_loops) {
  const bool one_each =
      options_.strategy == Strategy::kReusePort && options_.reactors > 0;
  std::vector<Socket> listeners = Listen(
      options_, one_each ? static_cast<std::size_t>(options_.reactors) : 1);
  address_ = InetAddress::LocalOf(listeners.front().fd());
  GrowDescriptorTable(listeners.back().fd(), options_.max_connections);
  if (!one_each) AddAcceptor(loop_, std::move(listeners.front()));
  std::vector<EventLoop*> loops;
  for (int i = 0; i < options_.reactors; ++i) {
    AddThread(sub_loops, threads_.size());
    loops.push_back(threads_.back()->loop());
  }
  if (loops.empty()) loops.push_back(loop_);
  arrivals_.resize(one_each ? loops.size() : 1);
  for (Arrivals& arrivals : arrivals_) arrivals.resize(loops.size());
  for (std::size_t i = 0; i < loops.size(); ++i) {
    sets_.push_back(std::make_shared<ConnectionSet>(
        loops[i], &options_.connection, [this, i](const InetAddress& peer) {
          peers_.Leave(peer);
          placement_.Leave(i);
        }));
    if (one_each) AddAcceptor(loops[i], std::move(listeners[i]));
  }
}

void TcpServer::Core::Close() {
  closed_ = true;
  if (stopping_) loop_->Cancel(stopping_->deadline);
  // First, for what one of them accepts may go to any set.
  EndEach(acceptors_, [](Acceptor& acceptor) { acceptor.Stop(); });
  arrivals_.clear();
  // A callback of one loop may post to another one, which therefore must not
  // end before the last callback of all has returned.
  EndEach(sets_, [](ConnectionSet& set) { set.CloseAll(); });
  threads_.clear();
}

void TcpServer::Core::AddThread(const Backend& backend, std::size_t index) {
  const std::string name = "io-" + std::to_string(index);
  threads_.push_back(std::make_unique<LoopThread>(
      backend, name, [this, name, index](std::error_code error) {
        Post([this, index] { OnLoopFailed(index); });
        Report(name, error);
      }));
  if (options_.on_exception) {
    EventLoop* const loop = threads_.back()->loop();
    loop->QueueInLoop(
        [this, loop] { loop->SetOnException(options_.on_exception); });
  }
}

void TcpServer::Core::AddAcceptor(EventLoop* loop, Socket listener) {
  acceptors_.push_back(std::make_shared<Acceptor>(
      loop, std::move(listener),
      [this, index = acceptors_.size()](Socket socket,
                                        const InetAddress& peer) {
        OnAccept(index, std::move(socket), peer);
      },
      [this](std::error_code error) { Report("accepting", error); },
      options_.max_accepts_per_event,
      [this, index = acceptors_.size()] { HandOver(index); }));
}

void TcpServer::Core::Report(const std::string& what,
                             std::error_code error) const {
  if (options_.on_error) options_.on_error(what, error);
}

void TcpServer::Core::OnLoopFailed(std::size_t index) {
  placement_.Exclude(index);
  EventLoop* const failed = sets_[index]->loop();
  for (const auto& acceptor : acceptors_) {
    if (acceptor->loop() == failed) {
      failed->QueueInLoop([&acceptor = *acceptor] { acceptor.Stop(); });
    }
  }
  failed->QueueInLoop([&set = *sets_[index]] { set.CloseAll(); });
}

void TcpServer::Core::Start() {
  CheckDescriptorForAConnection();
  if (acceptors_.front()->loop() == loop_) return acceptors_.front()->Start();
  RunForEach(acceptors_, [this](Acceptor& acceptor) {
    try {
      acceptor.Start();
    } catch (const std::system_error& error) {
      Report("accepting", error.code());
    }
  });
}

void TcpServer::Core::OnAccept(std::size_t acceptor, Socket socket,
                               const InetAddress& peer) {
  EventLoop* const loop = acceptors_[acceptor]->loop();
  LoopCounters& counters = loop->counters();
  if (!peers_.Enter(peer)) {
    ++counters.closes;
    ++counters.rejected_peer_limit;
    return;
  }
  const std::optional<std::size_t> place = placement_.Enter(acceptor);
  if (!place) {
    peers_.Leave(peer);
    ++counters.closes;
    ++counters.rejected_limit;
    return;
  }
  ConnectionSet& set = *sets_[*place];
  try {
    if (set.loop() == loop) return set.Add(std::move(socket), peer);
    arrivals_[acceptor][*place].push_back({std::move(socket), peer});
  } catch (...) {
    // Out of memory.
    GiveUp(*place, peer);
    throw;
  }
}

void TcpServer::Core::HandOver(std::size_t acceptor) {
  if (arrivals_.empty()) return;  // the server has been closed meanwhile
  Arrivals& arrivals = arrivals_[acceptor];
  for (std::size_t place = 0; place < arrivals.size(); ++place) {
    if (arrivals[place].empty()) continue;
    const auto arrived = std::make_shared<std::vector<Arrival>>();
    arrived->swap(arrivals[place]);
    try {
      sets_[place]->loop()->QueueInLoop([&set = *sets_[place], arrived] {
        for (Arrival& one : *arrived) set.Add(std::move(one.socket), one.peer);
      });
    } catch (...) {
      // Out of memory.
      for (const Arrival& one : *arrived) GiveUp(place, one.peer);
      throw;
    }
  }
}

void TcpServer::Core::GiveUp(std::size_t place, const InetAddress& peer) {
  peers_.Leave(peer);
  placement_.Leave(place);
}

void TcpServer::Core::Stop(std::function<void()> on_stopped) {
  if (stopping_) return;
  stopping_ = {.sets_left = sets_.size(),
               .deadline = loop_->RunAfter(options_.drain_timeout,
                                           [this] {
                                             RunForEach(sets_,
                                                        [](ConnectionSet& set) {
                                                          set.CloseAll();
                                                        });
                                           }),
               .on_stopped = std::move(on_stopped)};
  RunForEach(acceptors_,
             [](Acceptor& acceptor) { acceptor.AcceptQueuedAndStop(); });
  // An on_open may have destroyed the server.
  if (closed_) return;
  RunForEach(sets_, [this](ConnectionSet& set) {
    set.Drain([this] { Post([this] { OnSetEmpty(); }); });
  });
}

void TcpServer::Core::OnSetEmpty() {
  if (--stopping_->sets_left > 0) return;
  loop_->Cancel(stopping_->deadline);
  // Called once, and what it has captured goes with it.
  const std::function<void()> on_stopped = std::move(stopping_->on_stopped);
  on_stopped();
}

void TcpServer::Core::CollectCounters(
    std::function<void(const std::vector<LoopReport>&)> on_reports) {
  struct Collection {
    std::vector<LoopReport> reports;
    std::size_t missing;
    std::function<void(const std::vector<LoopReport>&)> on_reports;

    void Deliver(std::size_t index, std::vector<Counter> counters) {
      reports[index].counters = std::move(counters);
      if (--missing == 0) on_reports(reports);
    }
  };
  const auto collection = std::make_shared<Collection>();
  collection->on_reports = std::move(on_reports);
  collection->reports.push_back({"main", {}});
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    collection->reports.push_back({"io-" + std::to_string(i), {}});
  }
  collection->missing = collection->reports.size();

  std::size_t index = 0;
  for (const auto& thread : threads_) {
    EventLoop* const sub_loop = thread->loop();
    ++index;
    sub_loop->QueueInLoop([this, sub_loop, collection, index] {
      Post([collection, index, counters = sub_loop->CounterList()] {
        collection->Deliver(index, counters);
      });
    });
  }
  collection->Deliver(0, loop_->CounterList());
}

TcpServer::TcpServer(EventLoop* loop, Options options)
    : TcpServer(loop, loop->backend(), std::move(options)) {}

TcpServer::TcpServer(EventLoop* loop, const Backend& sub_loops, Options options)
    : core_(std::make_shared<Core>(loop, std::move(options))) {
  try {
    core_->Open(sub_loops);
  } catch (...) {
    core_->Close();
    throw;
  }
}

TcpServer::~TcpServer() {
  POLYMUX_CHECK(core_->loop()->IsInLoopThread(),
                "a TcpServer is destroyed in another thread than its main "
                "loop's; there, have the main loop Stop it instead");
  core_->Close();
  core_->loop()->ReleaseLater(core_);
}

InetAddress TcpServer::address() const { return core_->address(); }

void TcpServer::Start() { core_->Start(); }

void TcpServer::Stop(std::function<void()> on_stopped) {
  core_->Stop(std::move(on_stopped));
}

void TcpServer::CollectCounters(
    std::function<void(const std::vector<LoopReport>&)> on_reports) {
  core_->CollectCounters(std::move(on_reports));
}

std::size_t TcpServer::connections() const { return core_->connections(); }

}  // namespace polymux
