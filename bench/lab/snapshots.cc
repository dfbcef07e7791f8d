#include "bench/lab/snapshots.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

namespace polymux::bench {
namespace {

using nlohmann::json;
using Counters = std::map<std::string, std::int64_t>;

Counters SumOverLoops(const json& snapshot) {
  Counters sum;
  for (const json& loop : snapshot.at("loops")) {
    for (const auto& [name, value] : loop.at("counters").items()) {
      sum[name] += value.get<std::int64_t>();
    }
  }
  return sum;
}

// By name, of the loops that serve connections.
Counters BytesReadByLoop(const json& snapshot) {
  const json& loops = snapshot.at("loops");
  Counters bytes;
  for (const json& loop : loops) {
    const std::string name = loop.at("name");
    if (name == "main" && loops.size() > 1) continue;
    bytes[name] = loop.at("counters").value("bytes_read", std::int64_t{0});
  }
  return bytes;
}

void AddBalance(const json& start, const json& end, Counters& counters) {
  const Counters before = BytesReadByLoop(start);
  std::vector<std::int64_t> read;
  for (const auto& [loop, bytes] : BytesReadByLoop(end)) {
    const auto found = before.find(loop);
    read.push_back(bytes - (found == before.end() ? 0 : found->second));
  }
  if (read.empty()) return;
  const auto [least, most] = std::ranges::minmax(read);
  counters[kQuietestLoopBytesRead] = least;
  counters[kBusiestLoopBytesRead] = most;
}

CounterWindow Difference(const json& start, const json& end) {
  CounterWindow window{SumOverLoops(end), end.at("system_calls")};
  for (const auto& [name, value] : SumOverLoops(start)) {
    window.counters[name] -= value;
  }
  AddBalance(start, end, window.counters);
  return window;
}

std::vector<json> ParseLines(std::string_view text) {
  std::vector<json> lines;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(json::parse(line));
  }
  return lines;
}

}  // namespace

bool IsOptimised(const BuildInfo& build) {
  return build.ndebug && build.sanitizer.empty();
}

ServerReport ParseServerReport(std::string_view text) {
  try {
    const std::vector<json> lines = ParseLines(text);
    if (lines.empty() || !lines.back().at("final").get<bool>()) {
      throw std::runtime_error("the server left no final statistics");
    }
    const json& build = lines.back().at("build");
    ServerReport report{.build = {.ndebug = build.at("ndebug"),
                                  .compiler = build.at("compiler"),
                                  .sanitizer = build.at("sanitizer")},
                        .window = {}};
    if (lines.size() == 3) report.window = Difference(lines[0], lines[1]);
    return report;
  } catch (const json::exception& error) {
    throw std::runtime_error(fmt::format(
        "the server's statistics are unreadable: {}", error.what()));
  }
}

}  // namespace polymux::bench
