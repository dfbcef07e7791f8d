// What each backend costs by itself, without sockets and without a loop.
//
//   bazel run //bench/micro:poller_bench -- --benchmark_filter=Round
//
// Wait         one Wait that reports `ready` of `watched` descriptors which
//              stay ready: the cost of asking, level-triggered everywhere
// Round        the classic chart: make `ready` of `watched` ready, collect,
//              resolve and reset them, with the backend's own trigger
// WatchForget  one descriptor comes and goes among `watched`, unseen
// Churn        the same, and a Wait tells that it is readable before it goes:
//              a connection with a single request
// Modify       one descriptor changes its interest among `watched`
// TokenOnly    a Watch that only replaces the token
// WakeUp       two threads wake each other through eventfds, there and back

#include <benchmark/benchmark.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "poller/backends.h"
#include "poller/poller.h"

namespace polymux::bench {
namespace {

constexpr Token kStop = 1;  // of WakeUp's second thread
constexpr Interest kRead{.read = true};
constexpr Interest kLevelRead = Interest::LevelRead();
// For standard streams, sanitizers and the Poller itself.
constexpr std::int64_t kSpareDescriptors = 64;

void Require(bool done, const char* what) {
  if (done) return;
  std::perror(what);
  std::exit(1);
}

class EventFd {
 public:
  EventFd() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    Require(fd_ != -1, "eventfd");
  }
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;
  ~EventFd() { ::close(fd_); }

  int get() const { return fd_; }
  void Signal() const {
    Require(::eventfd_write(fd_, 1) == 0, "eventfd_write");
  }
  void Reset() const {
    eventfd_t value = 0;
    Require(::eventfd_read(fd_, &value) == 0, "eventfd_read");
  }

 private:
  const int fd_;
};

// A Poller that watches `count` silent eventfds, each under its index.
class Watched {
 public:
  Watched(const Backend& backend, std::int64_t count, Interest interest)
      : fds_(static_cast<std::size_t>(count)), poller_(backend.create()) {
    for (Token token = 0; token < fds_.size(); ++token) {
      Require(!poller_->Watch(fds_[token].get(), interest, token), "Watch");
    }
  }

  Poller& poller() { return *poller_; }
  const EventFd& fd(Token token) const { return fds_[token]; }

  // The events of one Wait that must not block for ever.
  std::span<Event> Wait() {
    std::span<Event> events;
    Require(!poller_->Wait(std::chrono::seconds(5), &events), "Wait");
    return events;
  }

  // `count` descriptors, spread over all.
  std::vector<Token> Spread(std::int64_t count) const {
    const std::size_t stride = fds_.size() / static_cast<std::size_t>(count);
    std::vector<Token> tokens(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = i * stride;
    return tokens;
  }

 private:
  std::vector<EventFd> fds_;
  std::unique_ptr<Poller> poller_;
};

void CountEvents(benchmark::State& state, std::int64_t events) {
  state.SetItemsProcessed(events);
  state.counters["per_event"] = benchmark::Counter(
      static_cast<double>(events),
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void Wait(benchmark::State& state, const Backend& backend) {
  Watched watched(backend, state.range(0), kLevelRead);
  for (const Token token : watched.Spread(state.range(1))) {
    watched.fd(token).Signal();
  }
  // The event array grows to what it needs first.
  for (int i = 0; i < 8; ++i) watched.Wait();
  std::int64_t events = 0;
  for ([[maybe_unused]] auto _ : state) {
    events += static_cast<std::int64_t>(watched.Wait().size());
  }
  CountEvents(state, events);
}

void Round(benchmark::State& state, const Backend& backend) {
  Watched watched(backend, state.range(0), kRead);
  const std::vector<Token> active = watched.Spread(state.range(1));
  for ([[maybe_unused]] auto _ : state) {
    for (const Token token : active) watched.fd(token).Signal();
    std::size_t handled = 0;
    while (handled < active.size()) {
      const std::span<Event> events = watched.Wait();
      Require(!events.empty(), "an event is lost");
      for (Event& event : events) {
        const std::optional<Token> token = watched.poller().Resolve(event);
        if (!token) continue;
        watched.fd(*token).Reset();
        ++handled;
      }
    }
  }
  CountEvents(state, state.iterations() * state.range(1));
}

void WatchForget(benchmark::State& state, const Backend& backend) {
  Watched watched(backend, state.range(0), kRead);
  const EventFd fd;
  for ([[maybe_unused]] auto _ : state) {
    watched.poller().Watch(fd.get(), kRead, 0);
    watched.poller().Forget(fd.get());
  }
}

void Churn(benchmark::State& state, const Backend& backend) {
  Watched watched(backend, state.range(0), kRead);
  const EventFd fd;
  fd.Signal();
  for ([[maybe_unused]] auto _ : state) {
    watched.poller().Watch(fd.get(), kRead, 0);
    Require(!watched.Wait().empty(), "an event is lost");
    watched.poller().Forget(fd.get());
  }
}

void Modify(benchmark::State& state, const Backend& backend) {
  Watched watched(backend, state.range(0), kRead);
  const EventFd fd;
  const Interest both{.read = true, .write = true};
  for ([[maybe_unused]] auto _ : state) {
    watched.poller().Watch(fd.get(), both, 0);
    watched.poller().Watch(fd.get(), kRead, 0);
  }
}

void TokenOnly(benchmark::State& state, const Backend& backend) {
  Watched watched(backend, state.range(0), kRead);
  Token token = 0;
  for ([[maybe_unused]] auto _ : state) {
    watched.poller().Watch(watched.fd(0).get(), kRead, ++token);
  }
}

void WakeUp(benchmark::State& state, const Backend& backend) {
  Watched here(backend, 1, kRead);
  Watched there(backend, 2, kRead);
  std::thread echo([&here, &there] {
    for (bool stop = false; !stop;) {
      for (Event& event : there.Wait()) {
        const std::optional<Token> token = there.poller().Resolve(event);
        stop = token == kStop;
        if (token != 0U) continue;
        there.fd(0).Reset();
        here.fd(0).Signal();
      }
    }
  });
  for ([[maybe_unused]] auto _ : state) {
    there.fd(0).Signal();
    while (here.Wait().empty()) {
    }
    here.fd(0).Reset();
  }
  there.fd(kStop).Signal();
  echo.join();
}

using Function = void(benchmark::State&, const Backend&);

benchmark::internal::Benchmark* Register(const std::string& name,
                                         Function* function,
                                         const Backend& backend) {
  return benchmark::RegisterBenchmark(
      (name + "/" + std::string(backend.name)).c_str(),
      [function, &backend](benchmark::State& state) {
        const std::string reason = backend.probe();
        if (reason.empty()) return function(state, backend);
        state.SkipWithError(reason.c_str());
      });
}

// The numbers of watched descriptors that the backend and this process can
// hold; main() raises the soft limit to the hard one.
std::vector<std::int64_t> Sizes(const Backend& backend) {
  rlimit limit{};
  Require(::getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
  std::vector<std::int64_t> sizes;
  for (const std::int64_t size : {8, 32, 128, 512, 2048, 8192}) {
    const std::int64_t needed = size + kSpareDescriptors;
    if (static_cast<rlim_t>(needed) <= limit.rlim_max &&
        (!backend.max_fd || needed <= *backend.max_fd)) {
      sizes.push_back(size);
    }
  }
  return sizes;
}

bool RegisterAll() {
  for (const Backend& backend : Backends()) {
    auto* const wait = Register("Wait", Wait, backend);
    auto* const round = Register("Round", Round, backend);
    auto* const watch = Register("WatchForget", WatchForget, backend);
    auto* const churn = Register("Churn", Churn, backend);
    auto* const modify = Register("Modify", Modify, backend);
    for (const std::int64_t size : Sizes(backend)) {
      for (const std::int64_t ready : {std::int64_t{1}, size / 10, size}) {
        if (ready == 0) continue;
        wait->Args({size, ready});
        round->Args({size, ready});
      }
      watch->Arg(size);
      churn->Arg(size);
      modify->Arg(size);
    }
    wait->ArgNames({"watched", "ready"});
    round->ArgNames({"watched", "ready"});
    watch->ArgName("watched");
    churn->ArgName("watched");
    modify->ArgName("watched");
    Register("TokenOnly", TokenOnly, backend)->Arg(8)->ArgName("watched");
    Register("WakeUp", WakeUp, backend)->UseRealTime();
  }
  return true;
}

const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace polymux::bench
