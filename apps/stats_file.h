#ifndef POLYMUX_APPS_STATS_FILE_H_
#define POLYMUX_APPS_STATS_FILE_H_

#include <string>
#include <string_view>
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
class StatsFile {
 public:
  // Creates the file, or empties it. Throws std::system_error that names it.
  StatsFile(const std::string& path, std::string backend, int reactors);

  // Appends one line with a single write. Throws like the constructor.
  void Append(const std::vector<TcpServer::LoopReport>& reports,
              const std::vector<Counter>& requests, bool final);

 private:
  const std::string path_;
  const std::string backend_;
  const int reactors_;
  const UniqueFd fd_;
};

// The sum of one counter over all loops.
std::uint64_t Total(const std::vector<TcpServer::LoopReport>& reports,
                    std::string_view counter);

}  // namespace polymux

#endif  // POLYMUX_APPS_STATS_FILE_H_
