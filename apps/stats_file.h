#ifndef POLYMUX_APPS_STATS_FILE_H_
#define POLYMUX_APPS_STATS_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "reactor/tcp_server.h"
#include "reactor/unique_fd.h"

namespace polymux {

// Counters of a server's loops as JSON, one line for each snapshot:
//
//   {"monotonic_ns": 1, "final": false, "backend": "poll", "reactors": 1,
//    "build": {"ndebug": true, "compiler": "...", "sanitizer": ""},
//    "system_calls": ["waits", ...],
//    "loops": [{"name": "main", "counters": {"waits": 1, ...}}, ...],
//    "requests": {"accepted": 1, ...}}
//
// `system_calls` names the counters whose every unit is one system call;
// `requests` is there when workers compute the replies.
//
// Nothing here ever waits: what a pipe has no room for is lost, a line at a
// time.
class StatsFile {
 public:
  // Creates the file, or empties it. Throws std::system_error that names it,
  // with ENXIO for a pipe that nobody reads.
  StatsFile(const std::string& path, std::string backend, int reactors);

  // Appends one line. Throws like the constructor when it is lost; nothing of
  // it is in the file then.
  void Append(const std::vector<TcpServer::LoopReport>& reports,
              const std::vector<Counter>& requests, bool final);

 private:
  // How much of `text` was taken; `*error` says why that is not all.
  std::size_t Write(std::string_view text, std::error_code* error) const;
  void AppendToFile(std::string_view line);
  void AppendToStream(std::string_view line);

  const std::string path_;
  const std::string backend_;
  const int reactors_;
  const UniqueFd fd_;
  const bool regular_;
  std::string rest_;  // of a line that a pipe has taken the beginning of
};

// The sum of one counter over all loops.
std::uint64_t Total(const std::vector<TcpServer::LoopReport>& reports,
                    std::string_view counter);

}  // namespace polymux

#endif  // POLYMUX_APPS_STATS_FILE_H_
