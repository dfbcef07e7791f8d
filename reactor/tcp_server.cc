#include "reactor/tcp_server.h"

#include <utility>

namespace polymux {

TcpServer::TcpServer(EventLoop* loop, const Backend& backend, Options options)
    : loop_(loop),
      options_(std::move(options)),
      acceptor_(
          loop, Socket::Listen(options_.address, options_.listen),
          [this](Socket socket, const InetAddress& peer) {
            OnAccept(std::move(socket), peer);
          },
          [this](std::error_code error) {
            options_.on_error("accepting", error);
          }) {
  std::vector<EventLoop*> loops;
  for (int i = 0; i < options_.reactors; ++i) {
    const std::string name = "io-" + std::to_string(i);
    threads_.push_back(std::make_unique<LoopThread>(
        backend, name, [this, name](std::error_code error) {
          options_.on_error(name, error);
        }));
    loops.push_back(threads_.back()->loop());
  }
  if (loops.empty()) loops.push_back(loop_);
  for (EventLoop* const set_loop : loops) {
    sets_.push_back(std::make_unique<ConnectionSet>(
        set_loop, &options_.connection,
        [this] { open_.fetch_sub(1, std::memory_order_relaxed); }));
  }
}

TcpServer::~TcpServer() {
  if (stopping_) loop_->Cancel(stopping_->deadline);
  acceptor_.Stop();
  // A sub-loop runs this before it ends; its thread is joined with threads_.
  RunForEachSet([](ConnectionSet& set) { set.CloseAll(); });
}

void TcpServer::Start() { acceptor_.Start(); }

void TcpServer::OnAccept(Socket socket, const InetAddress& peer) {
  if (connections() >= options_.max_connections) {
    ++loop_->counters().rejected_limit;
    return;
  }
  open_.fetch_add(1, std::memory_order_relaxed);
  ConnectionSet& set = *sets_[next_set_];
  next_set_ = (next_set_ + 1) % sets_.size();
  if (set.loop() == loop_) return set.Add(std::move(socket), peer);
  // Shared, because a Task can be copied; closed if the loop never runs it.
  set.loop()->QueueInLoop(
      [&set, peer, shared = std::make_shared<Socket>(std::move(socket))] {
        set.Add(std::move(*shared), peer);
      });
}

void TcpServer::Stop(std::function<void()> on_stopped) {
  if (stopping_) return;
  acceptor_.Stop();
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

void TcpServer::RunForEachSet(
    const std::function<void(ConnectionSet&)>& function) {
  for (const auto& set : sets_) {
    set->loop()->RunInLoop([&set = *set, function] { function(set); });
  }
}

}  // namespace polymux
