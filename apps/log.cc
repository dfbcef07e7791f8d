#include "apps/log.h"

#include <pthread.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <semaphore>
#include <string>
#include <system_error>

#include "apps/printable_text.h"

namespace polymux {
namespace {

constexpr std::chrono::milliseconds kPatience(100);

// Standard error, but not `stderr`: a write that is stuck keeps its lock, which
// others want, at the latest the C++ library at the end of the process.
std::FILE* OpenStandardError() {
  std::FILE* const file = ::fdopen(STDERR_FILENO, "w");
  // Not open for writing: then each write fails, and none is stuck.
  if (file == nullptr) return stderr;
  std::setvbuf(file, nullptr, _IONBF, 0);
  return file;
}

using ColorSink =
    spdlog::sinks::ansicolor_sink<spdlog::details::console_nullmutex>;

// spdlog's sink for terminals and files, which also tells what is missing.
// Thread: the log's.
class Sink final : public ColorSink {
 public:
  // The file stays open, for what is written with it does.
  explicit Sink(std::FILE* file)
      : ColorSink(file, spdlog::color_mode::automatic), file_(file) {}

  // Constant from before the first line.
  std::function<std::uint64_t()> overrun;
  std::binary_semaphore flushed{0};

  void log(const spdlog::details::log_msg& line) override {
    TellMissing();
    spdlog::details::log_msg printable = line;
    const std::string text =
        PrintableLine({line.payload.data(), line.payload.size()});
    printable.payload = text;
    if (!Write(printable)) ++failed_;
  }

  void flush() override {
    TellMissing();
    flushed.release();
  }

 private:
  void TellMissing() {
    const std::uint64_t missing = overrun() + failed_;
    if (missing == told_) return;
    const std::string text =
        fmt::format("{} lines of the log are missing here", missing - told_);
    if (Write({"log", spdlog::level::warn, text})) told_ = missing;
  }

  // Whether it has been written.
  bool Write(const spdlog::details::log_msg& line) {
    ColorSink::log(line);
    const bool written = std::ferror(file_) == 0;
    std::clearerr(file_);
    return written;
  }

  std::FILE* const file_;
  std::uint64_t failed_ = 0;
  std::uint64_t told_ = 0;
};

std::shared_ptr<spdlog::details::thread_pool> StartThread() {
  try {
    return std::make_shared<spdlog::details::thread_pool>(
        Log::kMaxLines, 1,
        [] { ::pthread_setname_np(::pthread_self(), "log"); });
  } catch (const std::system_error& error) {
    throw std::system_error(error.code(), "starting the thread log");
  }
}

}  // namespace

struct Log::Writer {
  std::shared_ptr<Sink> sink = std::make_shared<Sink>(OpenStandardError());
  // What is queued refers to it; this reference is the last one, lest it end in
  // the thread.
  std::shared_ptr<spdlog::logger> logger;
  std::shared_ptr<spdlog::details::thread_pool> thread = StartThread();
};

Log::Log(const std::string& name) : writer_(std::make_unique<Writer>()) {
  writer_->sink->overrun = [thread = writer_->thread.get()] {
    return thread->overrun_counter();
  };
  writer_->logger = std::make_shared<spdlog::async_logger>(
      name, writer_->sink, writer_->thread,
      spdlog::async_overflow_policy::overrun_oldest);
  spdlog::set_default_logger(writer_->logger);
}

Log::~Log() {
  writer_->logger->flush();
  const bool written = writer_->sink->flushed.try_acquire_for(kPatience);
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "", std::make_shared<spdlog::sinks::null_sink_mt>()));
  // The thread pool's destructor would wait for the write that is stuck. The
  // end of the process ends it.
  [[maybe_unused]] static Writer* stuck = nullptr;
  if (!written) stuck = writer_.release();
}

}  // namespace polymux
