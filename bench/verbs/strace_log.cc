#include "bench/verbs/strace_log.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

namespace polymux::bench {
namespace {

using std::chrono::nanoseconds;

constexpr std::string_view kUnfinished = " <unfinished ...>";
constexpr std::string_view kResumed = " resumed>";
constexpr std::size_t kNanosecondDigits = 9;

// "1795491439.949723" and its like, with up to nine decimals.
std::optional<nanoseconds> ParseSeconds(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  std::string digits(text.substr(0, dot));
  const std::string_view decimals = text.substr(dot + 1);
  if (decimals.size() > kNanosecondDigits) return std::nullopt;
  digits += decimals;
  digits.append(kNanosecondDigits - decimals.size(), '0');
  long long count = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, count);
  if (error != std::errc() || stop != end) return std::nullopt;
  return nanoseconds(count);
}

std::optional<int> LeadingNumber(std::string_view text) {
  int number = 0;
  const auto [stop, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

// Splits "ARGUMENTS) = RESULT <SECONDS>" into `call`; false if it is none.
bool ParseEnd(std::string_view text, SystemCall& call) {
  if (!text.ends_with('>')) {
    // exit_group and its like never return.
    const std::size_t end = text.rfind(") = ?");
    if (end == std::string_view::npos) return false;
    call.arguments += text.substr(0, end);
    return true;
  }
  const std::size_t took = text.rfind(" <");
  const std::size_t equals =
      took == std::string_view::npos ? took : text.rfind(") = ", took);
  if (equals == std::string_view::npos) return false;
  call.took = ParseSeconds(text.substr(took + 2, text.size() - took - 3));
  if (!call.took) return false;
  call.arguments += text.substr(0, equals);
  call.result = text.substr(equals + 4, took - equals - 4);
  return true;
}

class LogParser {
 public:
  void Take(std::string_view line) {
    SystemCall call;
    std::istringstream words{std::string(line)};
    std::string time;
    if (!(words >> call.thread >> time)) return;
    const auto start = ParseSeconds(time);
    if (!start) return;
    call.start = *start;
    std::string text;
    std::getline(words >> std::ws, text);
    if (text.starts_with("<... ")) {
      Resume(call.thread, text);
    } else {
      Begin(std::move(call), text);
    }
  }

  std::vector<SystemCall> Finish() {
    for (auto& [thread, call] : unfinished_) calls_.push_back(std::move(call));
    std::ranges::stable_sort(calls_, {}, &SystemCall::start);
    return std::move(calls_);
  }

 private:
  void Begin(SystemCall call, std::string_view text) {
    const std::size_t open = text.find('(');
    if (open == std::string_view::npos || text.starts_with("---") ||
        text.starts_with("+++")) {
      return;
    }
    call.name = text.substr(0, open);
    text.remove_prefix(open + 1);
    if (text.ends_with(kUnfinished)) {
      text.remove_suffix(kUnfinished.size());
      call.arguments = text;
      unfinished_.insert_or_assign(call.thread, std::move(call));
    } else if (ParseEnd(text, call)) {
      calls_.push_back(std::move(call));
    }
  }

  void Resume(int thread, std::string_view text) {
    const auto found = unfinished_.find(thread);
    const std::size_t resumed = text.find(kResumed);
    if (found == unfinished_.end() || resumed == std::string_view::npos) return;
    if (!ParseEnd(text.substr(resumed + kResumed.size()), found->second)) {
      return;
    }
    calls_.push_back(std::move(found->second));
    unfinished_.erase(found);
  }

  std::vector<SystemCall> calls_;
  std::map<int, SystemCall> unfinished_;  // by thread
};

}  // namespace

std::string_view SystemCall::Argument(std::size_t index) const {
  int depth = 0;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= arguments.size(); ++at) {
    const char c = at < arguments.size() ? arguments[at] : ',';
    if (quoted && c == '\\') {
      ++at;
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '[' || c == '{' || c == '(')) ++depth;
    if (!quoted && (c == ']' || c == '}' || c == ')')) --depth;
    const bool at_end = at >= arguments.size();
    if (!at_end && (c != ',' || quoted || depth > 0)) continue;
    if (index-- == 0) {
      return std::string_view(arguments).substr(
          begin, std::min(at, arguments.size()) - begin);
    }
    begin = std::min(at + 2, arguments.size());  // a comma and a blank
  }
  return {};
}

std::optional<int> SystemCall::NumberAt(std::size_t index) const {
  return LeadingNumber(Argument(index));
}

std::optional<int> SystemCall::ResultNumber() const {
  return LeadingNumber(result);
}

bool SystemCall::Failed(std::string_view error) const {
  return result.starts_with("-1 " + std::string(error));
}

std::vector<SystemCall> ParseStraceLog(std::string_view text) {
  LogParser parser;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    parser.Take(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return parser.Finish();
}

}  // namespace polymux::bench
