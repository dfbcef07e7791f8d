#include "reactor/tcp_server.h"

#include <algorithm>
#include <cstddef>
#include <latch>
#include <optional>
#include <system_error>
#include <utility>

#include "reactor/check_options.h"

namespace polymux {
namespace {

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

}  // namespace

TcpServer::TcpServer(EventLoop* loop, const Backend& backend, Options options)
    : loop_(loop),
      options_(std::move(options)),
      placement_(options_.strategy,
                 static_cast<std::size_t>(std::max(options_.reactors, 1)),
                 options_.max_connections),
      peers_(options_.max_connections_per_ip) {
  RequireGoodOptions(options_.connection);
  const bool one_each =
      options_.strategy == Strategy::kReusePort && options_.reactors > 0;
  std::vector<Socket> listeners = Listen(
      options_, one_each ? static_cast<std::size_t>(options_.reactors) : 1);
  if (!one_each) AddAcceptor(loop_, std::move(listeners.front()));
  std::vector<EventLoop*> loops;
  for (int i = 0; i < options_.reactors; ++i) {
    AddThread(backend, threads_.size());
    loops.push_back(threads_.back()->loop());
  }
  if (loops.empty()) loops.push_back(loop_);
  for (std::size_t i = 0; i < loops.size(); ++i) {
    sets_.push_back(std::make_unique<ConnectionSet>(
        loops[i], &options_.connection, [this, i](const InetAddress& peer) {
          peers_.Leave(peer);
          placement_.Leave(i);
        }));
  }
  // Last, for only the threads of these loops may destroy them.
  for (std::size_t i = 0; one_each && i < loops.size(); ++i) {
    AddAcceptor(loops[i], std::move(listeners[i]));
  }
}

TcpServer::~TcpServer() {
  if (stopping_) loop_->Cancel(stopping_->deadline);
  // A sub-loop runs these before it ends; its thread is joined with threads_.
  RunForEachAcceptor(
      [](std::unique_ptr<Acceptor>& acceptor) { acceptor.reset(); });
  // A callback of one loop may post to another one, which therefore must not
  // end before the last callback of all has returned.
  std::latch closed(static_cast<std::ptrdiff_t>(sets_.size()));
  RunForEachSet([&closed](ConnectionSet& set) {
    set.CloseAll();
    closed.count_down();
  });
  closed.wait();
}

void TcpServer::AddThread(const Backend& backend, std::size_t index) {
  const std::string name = "io-" + std::to_string(index);
  threads_.push_back(std::make_unique<LoopThread>(
      backend, name,
      [this, name, index,
       alive = std::weak_ptr<char>(alive_)](std::error_code error) {
        Report(name, error);
        loop_->QueueInLoop([this, index, alive] {
          if (!alive.expired()) OnLoopFailed(index);
        });
      }));
}

void TcpServer::Report(const std::string& what, std::error_code error) const {
  if (options_.on_error) options_.on_error(what, error);
}

void TcpServer::OnLoopFailed(std::size_t index) {
  placement_.Exclude(index);
  EventLoop* const failed = sets_[index]->loop();
  for (std::unique_ptr<Acceptor>& acceptor : acceptors_) {
    if (acceptor->loop() == failed) {
      failed->QueueInLoop([&acceptor] { acceptor->Stop(); });
    }
  }
  failed->QueueInLoop([&set = *sets_[index]] { set.CloseAll(); });
}

void TcpServer::AddAcceptor(EventLoop* loop, Socket listener) {
  acceptors_.push_back(std::make_unique<Acceptor>(
      loop, std::move(listener),
      [this, index = acceptors_.size()](Socket socket,
                                        const InetAddress& peer) {
        OnAccept(index, std::move(socket), peer);
      },
      [this](std::error_code error) { Report("accepting", error); },
      options_.max_accepts_per_event));
}

void TcpServer::Start() {
  if (acceptors_.front()->loop() == loop_) return acceptors_.front()->Start();
  RunForEachAcceptor([this](std::unique_ptr<Acceptor>& acceptor) {
    try {
      acceptor->Start();
    } catch (const std::system_error& error) {
      Report("accepting", error.code());
    }
  });
}

void TcpServer::OnAccept(std::size_t acceptor, Socket socket,
                         const InetAddress& peer) {
  EventLoop* const loop = acceptors_[acceptor]->loop();
  if (!peers_.Enter(peer)) {
    ++loop->counters().rejected_peer_limit;
    return;
  }
  const std::optional<std::size_t> place = placement_.Enter(acceptor);
  if (!place) {
    peers_.Leave(peer);
    ++loop->counters().rejected_limit;
    return;
  }
  ConnectionSet& set = *sets_[*place];
  if (set.loop() == loop) return set.Add(std::move(socket), peer);
  // Shared, because a Task can be copied; closed if the loop never runs it.
  set.loop()->QueueInLoop(
      [&set, peer, shared = std::make_shared<Socket>(std::move(socket))] {
        set.Add(std::move(*shared), peer);
      });
}

void TcpServer::Stop(std::function<void()> on_stopped) {
  if (stopping_) return;
  RunForEachAcceptor([](std::unique_ptr<Acceptor>& acceptor) {
    acceptor->AcceptQueuedAndStop();
  });
  const TimerId deadline = loop_->RunAfter(options_.drain_timeout, [this] {
    RunForEachSet([](ConnectionSet& set) { set.CloseAll(); });
  });
  stopping_ =
      std::make_shared<Stopping>(Stopping{.sets_left = sets_.size(),
                                          .deadline = deadline,
                                          .on_stopped = std::move(on_stopped)});
  const auto report = [this, loop = loop_,
                       stopping = std::weak_ptr<Stopping>(stopping_)] {
    loop->QueueInLoop([this, stopping] {
      if (!stopping.expired()) OnSetEmpty();
    });
  };
  RunForEachSet([report](ConnectionSet& set) { set.Drain(report); });
}

void TcpServer::OnSetEmpty() {
  if (--stopping_->sets_left > 0) return;
  loop_->Cancel(stopping_->deadline);
  // Moved out, for it may destroy the server.
  const std::function<void()> on_stopped = std::move(stopping_->on_stopped);
  on_stopped();
}

void TcpServer::CollectCounters(
    std::function<void(const std::vector<LoopReport>&)> on_reports) {
  struct Collection {
    std::vector<LoopReport> reports;
    std::size_t missing;
    std::function<void(const std::vector<LoopReport>&)> on_reports;
  };
  const auto collection = std::make_shared<Collection>();
  collection->on_reports = std::move(on_reports);
  collection->reports.push_back({"main", {}});
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    collection->reports.push_back({"io-" + std::to_string(i), {}});
  }
  collection->missing = collection->reports.size();

  const auto deliver = [collection](std::size_t index,
                                    std::vector<Counter> counters) {
    collection->reports[index].counters = std::move(counters);
    if (--collection->missing == 0) collection->on_reports(collection->reports);
  };
  std::size_t index = 0;
  for (const auto& thread : threads_) {
    EventLoop* const sub_loop = thread->loop();
    ++index;
    sub_loop->QueueInLoop([main = loop_, sub_loop, deliver, index] {
      main->QueueInLoop([deliver, index, counters = sub_loop->CounterList()] {
        deliver(index, counters);
      });
    });
  }
  deliver(0, loop_->CounterList());
}

void TcpServer::RunForEachAcceptor(
    const std::function<void(std::unique_ptr<Acceptor>&)>& function) {
  for (std::unique_ptr<Acceptor>& acceptor : acceptors_) {
    acceptor->loop()->RunInLoop([&acceptor, function] { function(acceptor); });
  }
}

void TcpServer::RunForEachSet(
    const std::function<void(ConnectionSet&)>& function) {
  for (const auto& set : sets_) {
    set->loop()->RunInLoop([&set = *set, function] { function(set); });
  }
}

}  // namespace polymux
