#include "apps/stats_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "apps/build_info.h"
#include "reactor/clock.h"

namespace polymux {
namespace {

using Json = nlohmann::ordered_json;

Json SystemCalls(const std::vector<TcpServer::LoopReport>& reports) {
  Json names = Json::array();
  for (const Counter& counter : reports.front().counters) {
    if (counter.is_system_call) names.push_back(counter.name);
  }
  return names;
}

Json Object(const std::vector<Counter>& counters) {
  Json object = Json::object();
  for (const Counter& counter : counters) {
    object[std::string(counter.name)] = counter.value;
  }
  return object;
}

Json Loops(const std::vector<TcpServer::LoopReport>& reports) {
  Json loops = Json::array();
  for (const TcpServer::LoopReport& report : reports) {
    loops.push_back(
        {{"name", report.name}, {"counters", Object(report.counters)}});
  }
  return loops;
}

UniqueFd Open(const std::string& path) {
  // A pipe without a reader is an error then, and a full one too, when there is
  // something to write.
  UniqueFd fd(::open(
      path.c_str(),
      O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644));
  if (!fd) throw std::system_error(LastSystemError(), "--stats-json " + path);
  return fd;
}

bool IsRegular(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

StatsFile::StatsFile(const std::string& path, std::string backend, int reactors)
    : path_(path),
      backend_(std::move(backend)),
      reactors_(reactors),
      fd_(Open(path)),
      regular_(IsRegular(fd_.get())) {}

void StatsFile::Append(const std::vector<TcpServer::LoopReport>& reports,
                       const std::vector<Counter>& requests, bool final) {
  const BuildInfo build = ThisBuild();
  const Duration now = Clock::Monotonic().Now().time_since_epoch();
  Json line = {{"monotonic_ns", now.count()},
               {"final", final},
               {"backend", backend_},
               {"reactors", reactors_},
               {"build",
                {{"ndebug", build.ndebug},
                 {"compiler", build.compiler},
                 {"sanitizer", build.sanitizer}}},
               {"system_calls", SystemCalls(reports)},
               {"loops", Loops(reports)}};
  if (!requests.empty()) line["requests"] = Object(requests);
  const std::string text = line.dump() + '\n';
  return regular_ ? AppendToFile(text) : AppendToStream(text);
}

std::size_t StatsFile::Write(std::string_view text,
                             std::error_code* error) const {
  std::size_t taken = 0;
  while (taken < text.size()) {
    const std::string_view left = text.substr(taken);
    const ssize_t count = ::write(fd_.get(), left.data(), left.size());
    if (count > 0) {
      taken += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      *error = LastSystemError();
      break;
    }
  }
  return taken;
}

void StatsFile::AppendToFile(std::string_view line) {
  std::error_code error;
  const std::size_t taken = Write(line, &error);
  if (!error) return;
  if (taken > 0) {
    const off_t end = ::lseek(fd_.get(), 0, SEEK_CUR);
    [[maybe_unused]] const int result =
        ::ftruncate(fd_.get(), end - static_cast<off_t>(taken));
  }
  throw std::system_error(error, "writing " + path_);
}

void StatsFile::AppendToStream(std::string_view line) {
  std::error_code error;
  rest_.erase(0, Write(rest_, &error));
  const std::size_t taken = error ? 0 : Write(line, &error);
  if (!error) return;
  if (taken == 0) throw std::system_error(error, "writing " + path_);
  rest_ = line.substr(taken);
}

std::uint64_t Total(const std::vector<TcpServer::LoopReport>& reports,
                    std::string_view counter) {
  std::uint64_t total = 0;
  for (const TcpServer::LoopReport& report : reports) {
    for (const Counter& entry : report.counters) {
      if (entry.name == counter) total += entry.value;
    }
  }
  return total;
}

}  // namespace polymux
