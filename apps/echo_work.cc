#include "apps/echo_work.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <memory>
#include <string>

namespace polymux {
namespace {

void Report(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    spdlog::error("a request has failed: {}", error.what());
  }
}

}  // namespace

EchoWork::EchoWork(const Options& options)
    : options_(options),
      send_(options.framed ? &Connection::SendFrame : &Connection::Send) {
  if (options.workers == 0) return;
  pool_.emplace(WorkerPool::Options{.threads = options.workers,
                                    .max_jobs = options.queue,
                                    .on_exception = Report});
}

void EchoWork::Install(ConnectionCallbacks* callbacks) {
  if (pool_) {
    callbacks->on_open = [this](Connection& connection) {
      connection.set_context(
          std::make_shared<Pipeline>(&*pool_, &requests_, &connection, send_));
    };
    callbacks->on_message = [this](Connection& connection, Buffer& input) {
      Offer(connection, input.view());
      input.Clear();
    };
    callbacks->on_frame = [this](Connection& connection,
                                 std::string_view payload) {
      Offer(connection, payload);
    };
  } else if (options_.per_message.count() > 0) {
    callbacks->on_message = [this](Connection& connection, Buffer& input) {
      Compute();
      connection.Send(input.view());
      input.Clear();
    };
    callbacks->on_frame = [this](Connection& connection,
                                 std::string_view payload) {
      Compute();
      connection.SendFrame(payload);
    };
  } else {
    callbacks->on_message = [](Connection& connection, Buffer& input) {
      connection.Send(input.view());
      input.Clear();
    };
    callbacks->on_frame = [](Connection& connection, std::string_view payload) {
      connection.SendFrame(payload);
    };
  }
}

void EchoWork::Offer(Connection& connection, std::string_view message) {
  // A full pool pauses the reading; all that was read has been taken.
  connection.context<Pipeline>()->Offer(
      [this, copy = std::string(message)]() mutable {
        Compute();
        return std::move(copy);
      });
}

void EchoWork::Join() {
  if (pool_) pool_->Join();
}

std::vector<Counter> EchoWork::counters() const {
  if (!pool_) return {};
  const WorkerPool::Counters pool = pool_->counters();
  return {{"accepted", false, requests_.accepted},
          {"answered", false, requests_.answered},
          {"dropped", false, requests_.dropped},
          {"lost", false, requests_.lost},
          {"queue_full", false, pool.full}};
}

void EchoWork::Compute() const {
  using WorkClock = std::chrono::steady_clock;
  const WorkClock::time_point end = WorkClock::now() + options_.per_message;
  while (WorkClock::now() < end) {
  }
}

}  // namespace polymux
