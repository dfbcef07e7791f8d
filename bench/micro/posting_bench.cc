// Functions that other threads hand to an event loop: this project's over each
// backend, and those of three libraries.
//
//   bazel run //bench/micro:posting_bench -- --benchmark_filter=batch:1000/
//
// Post  each of 1 to 4 threads posts `batch` functions and waits until the
//       last of them has run.  A batch of 1 is a wake-up of a sleeping thread
//       and the way back; one of 1000 is how fast functions pass.
//
// The way back is the same semaphore for all.  What a function does is to count
// itself, in the loop's thread.

#include <benchmark/benchmark.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <uv.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "poller/backends.h"
#include "reactor/event_loop.h"
#include "reactor/loop_thread.h"

namespace polymux::bench {
namespace {

constexpr int kMaxProducers = 4;

void Require(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "%s has failed\n", what);
  std::exit(1);
}

class PolymuxLoop {
 public:
  explicit PolymuxLoop(const Backend& backend)
      : thread_(backend, "loop",
                [](std::error_code) { Require(false, "the wait"); }) {}

  template <typename Function>
  void Post(Function function) {
    thread_.loop()->QueueInLoop(std::move(function));
  }

 private:
  LoopThread thread_;
};

// Asio has the means built in.  Its queue takes any type of function.
class AsioLoop {
 public:
  AsioLoop() : thread_([this] { context_.run(); }) {}
  AsioLoop(const AsioLoop&) = delete;
  AsioLoop& operator=(const AsioLoop&) = delete;
  ~AsioLoop() {
    context_.stop();
    thread_.join();
  }

  template <typename Function>
  void Post(Function function) {
    asio::post(context_, std::move(function));
  }

 private:
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{
      context_.get_executor()};
  std::thread thread_;
};

// What a program puts beside a library that can only wake its loop.
class Mailbox {
 public:
  // Returns whether the loop has to be woken.
  bool Add(std::function<void()> function) {
    const std::lock_guard lock(mutex_);
    functions_.push_back(std::move(function));
    return functions_.size() == 1;
  }

  void RunAll() {
    {
      const std::lock_guard lock(mutex_);
      running_.swap(functions_);
    }
    for (const std::function<void()>& function : running_) function();
    running_.clear();
  }

 private:
  std::mutex mutex_;
  std::vector<std::function<void()>> functions_;  // guarded by mutex_
  std::vector<std::function<void()>> running_;    // the loop's thread only
};

// uv_async_send is the one function of libuv that other threads may call.
class UvLoop {
 public:
  UvLoop() {
    Require(uv_loop_init(&loop_) == 0, "uv_loop_init");
    Require(uv_async_init(&loop_, &wake_,
                          [](uv_async_t* wake) {
                            static_cast<UvLoop*>(wake->data)->OnWake();
                          }) == 0,
            "uv_async_init");
    wake_.data = this;
    thread_ = std::thread([this] { uv_run(&loop_, UV_RUN_DEFAULT); });
  }
  UvLoop(const UvLoop&) = delete;
  UvLoop& operator=(const UvLoop&) = delete;
  ~UvLoop() {
    // Without a handle, uv_run returns.
    Post([this] { uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr); });
    thread_.join();
    Require(uv_loop_close(&loop_) == 0, "uv_loop_close");
  }

  void Post(std::function<void()> function) {
    if (mailbox_.Add(std::move(function))) uv_async_send(&wake_);
  }

 private:
  void OnWake() { mailbox_.RunAll(); }

  uv_loop_t loop_{};
  uv_async_t wake_{};
  Mailbox mailbox_;
  std::thread thread_;
};

// event_active wakes the loop when it is called by another thread, once
// libevent has been told to lock.
class LibeventLoop {
 public:
  LibeventLoop() : base_(event_base_new(), event_base_free) {
    Require(base_ != nullptr, "event_base_new");
    wake_.reset(event_new(
        base_.get(), -1, EV_PERSIST,
        [](evutil_socket_t, short, void* self) {
          static_cast<LibeventLoop*>(self)->mailbox_.RunAll();
        },
        this));
    Require(wake_ != nullptr, "event_new");
    thread_ = std::thread(
        [this] { event_base_loop(base_.get(), EVLOOP_NO_EXIT_ON_EMPTY); });
  }
  LibeventLoop(const LibeventLoop&) = delete;
  LibeventLoop& operator=(const LibeventLoop&) = delete;
  ~LibeventLoop() {
    Post([this] { event_base_loopbreak(base_.get()); });
    thread_.join();
  }

  void Post(std::function<void()> function) {
    if (mailbox_.Add(std::move(function))) event_active(wake_.get(), 0, 0);
  }

 private:
  std::unique_ptr<event_base, decltype(&event_base_free)> base_;
  std::unique_ptr<event, decltype(&event_free)> wake_{nullptr, event_free};
  Mailbox mailbox_;
  std::thread thread_;
};

template <typename Loop>
void PostBatch(Loop& loop, std::int64_t size, std::int64_t* ran) {
  // Shared, so that it outlives the release that ends the wait.
  const auto done = std::make_shared<std::binary_semaphore>(0);
  for (std::int64_t i = 1; i < size; ++i) loop.Post([ran] { ++*ran; });
  loop.Post([ran, done] {
    ++*ran;
    done->release();
  });
  done->acquire();
}

// Registers Post over the loops that `make` returns.  `unavailable` gives the
// reason why there can be none here, or nothing.
template <typename Make, typename Unavailable>
void Register(const std::string& name, Make make, Unavailable unavailable) {
  // Made by the first producer; the others use it in the measured part only,
  // which begins and ends for all at once.
  using Loop = decltype(make());
  const auto shared = std::make_shared<Loop>();
  benchmark::RegisterBenchmark(
      ("Post/" + name).c_str(),
      [shared, make, unavailable](benchmark::State& state) {
        const std::string reason = unavailable();
        if (!reason.empty()) return state.SkipWithError(reason.c_str());
        if (state.thread_index() == 0) *shared = make();
        std::int64_t ran = 0;
        for ([[maybe_unused]] auto _ : state) {
          PostBatch(**shared, state.range(0), &ran);
        }
        Require(ran == state.iterations() * state.range(0),
                "running each function once");
        state.SetItemsProcessed(ran);
        if (state.thread_index() == 0) shared->reset();
      })
      ->ArgName("batch")
      ->Arg(1)
      ->Arg(1000)
      ->DenseThreadRange(1, kMaxProducers)
      ->UseRealTime();
}

std::string Available() { return {}; }

bool RegisterAll() {
  Require(evthread_use_pthreads() == 0, "evthread_use_pthreads");
  for (const Backend& backend : Backends()) {
    Register(
        std::string(backend.name),
        [&backend] { return std::make_unique<PolymuxLoop>(backend); },
        [&backend] { return backend.probe(); });
  }
  Register(
      "asio", [] { return std::make_unique<AsioLoop>(); }, Available);
  Register(
      "libevent", [] { return std::make_unique<LibeventLoop>(); }, Available);
  Register(
      "libuv", [] { return std::make_unique<UvLoop>(); }, Available);
  return true;
}

const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace polymux::bench
