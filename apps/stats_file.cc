#include "apps/stats_file.h"

#include <fcntl.h>
#include <unistd.h>

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

}  // namespace

StatsFile::StatsFile(const std::string& path, std::string backend, int reactors)
    : path_(path),
      backend_(std::move(backend)),
      reactors_(reactors),
      fd_(::open(path.c_str(),
                 O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644)) {
  if (!fd_) throw std::system_error(LastSystemError(), "--stats-json " + path);
}

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
  const ssize_t written = ::write(fd_.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) {
    throw std::system_error(LastSystemError(), "writing " + path_);
  }
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
