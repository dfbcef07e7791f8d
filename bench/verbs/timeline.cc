#include "bench/verbs/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bench/lab/text.h"
#include "bench/verbs/narrator.h"

namespace polymux::bench {
namespace {

using std::chrono::nanoseconds;

constexpr int kTimeWidth = 10;
constexpr int kTookWidth = 9;
constexpr int kThreadWidth = 9;
// What a call looks like is cut there; its explanation never is.
constexpr std::size_t kCallLimit = 150;

double Microseconds(nanoseconds time) {
  return static_cast<double>(time.count()) / 1e3;
}

// A list of flags, which strace writes without a blank, with some where it is
// longer than a line takes.
std::string Breakable(std::string call) {
  constexpr std::size_t kLongest = 40;
  std::size_t word = 0;
  for (std::size_t i = 0; i < call.size(); ++i) {
    if (call[i] == ' ') word = i + 1;
    if (call[i] == '|' && call.find(' ', word) - word > kLongest) {
      call.insert(i + 1, " ");
    }
  }
  return call;
}

class Timeline {
 public:
  explicit Timeline(const Recording& recording) : recording_(recording) {
    std::set<int> threads;
    for (const SystemCall& call : recording.calls) {
      if (IsShown(call)) threads.insert(call.thread);
    }
    shows_threads_ = threads.size() > 1;
  }

  std::string Render() {
    text_ = Header();
    auto step = recording_.steps.begin();
    for (const SystemCall& call : recording_.calls) {
      if (IsShown(call)) {
        for (; step != recording_.steps.end() && step->time <= call.start;
             ++step) {
          AddStep(*step);
        }
        AddCall(AsSeen(call));
      }
      narrator_.Observe(call);
    }
    for (; step != recording_.steps.end(); ++step) AddStep(*step);
    return text_;
  }

  // How many are shown.
  int calls() const { return calls_; }

  bool IsShown(const SystemCall& call) const {
    if (call.start >= recording_.end) return false;
    // What never returns has no end: a thread that is gone does not sleep.
    const bool ends_thread = call.name == "exit" || call.name == "exit_group";
    if (ends_thread) return call.start >= Begin();
    return !call.took || call.start + *call.took >= Begin();
  }

 private:
  nanoseconds Begin() const { return recording_.steps.front().time; }

  std::string Header() const {
    std::string header = fmt::format("{:>{}} {:>{}}  ", "at us", kTimeWidth,
                                     "took us", kTookWidth);
    if (shows_threads_) header += fmt::format("{:<{}}", "thread", kThreadWidth);
    return header + "system call of the server, and what it is for\n";
  }

  // A call that the end of the recording cut off had not returned then.
  SystemCall AsSeen(SystemCall call) const {
    if (call.took && call.start + *call.took > recording_.end) {
      call.took.reset();
      call.result.clear();
      // What epoll had not filled in then.
      if (call.name.starts_with("epoll_")) {
        call.arguments = fmt::format("{}, ..., {}, {}", call.Argument(0),
                                     call.Argument(2), call.Argument(3));
      }
    }
    return call;
  }

  void AddStep(const ClientStep& step) {
    text_ += fmt::format("{:>{}.1f} {:>{}}  -- the client {}\n",
                         Microseconds(step.time - Begin()), kTimeWidth, "",
                         kTookWidth, step.text);
  }

  void AddCall(const SystemCall& call) {
    ++calls_;
    const std::string took =
        call.took ? fmt::format("{:.1f}", Microseconds(*call.took)) : "sleeps";
    std::string first =
        fmt::format("{:>{}.1f} {:>{}}  ", Microseconds(call.start - Begin()),
                    kTimeWidth, took, kTookWidth);
    if (shows_threads_) {
      first += fmt::format("{:<{}}", narrator_.ThreadName(call.thread),
                           kThreadWidth);
    }
    std::string shown = fmt::format("{}({})", call.name, call.arguments);
    if (shown.size() > kCallLimit) shown = shown.substr(0, kCallLimit) + "...";
    if (!call.result.empty()) shown += " = " + call.result;
    text_ += Wrap(first, Breakable(std::move(shown)));
    text_ += Wrap(std::string(first.size() + 2, ' '), narrator_.Explain(call));
  }

  const Recording& recording_;
  Narrator narrator_;
  bool shows_threads_ = false;
  std::string text_;
  int calls_ = 0;
};

// How many calls began between the sending of a message and the client's next
// step after the reply.
int CallsPerExchange(const Recording& recording) {
  int calls = 0;
  const auto& steps = recording.steps;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    if (!steps[i].text.starts_with("sends")) continue;
    const nanoseconds end =
        i + 2 < steps.size() ? steps[i + 2].time : recording.end;
    calls += static_cast<int>(
        std::ranges::count_if(recording.calls, [&](const SystemCall& call) {
          return call.start >= steps[i].time && call.start < end;
        }));
  }
  return calls;
}

int Messages(const Recording& recording) {
  return static_cast<int>(std::ranges::count_if(
      recording.steps,
      [](const ClientStep& step) { return step.text.starts_with("sends"); }));
}

std::string CounterNote(const CounterWindow& window) {
  std::string list;
  for (const auto& [name, value] : window.counters) {
    if (value == 0) continue;
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", name, value);
  }
  return fmt::format(
      "The server's own counters for this time, with the signal that asked for "
      "them: {}.",
      list);
}

}  // namespace

std::string RenderTimeline(std::string_view arm, const Recording& recording) {
  Timeline timeline(recording);
  const std::string table = timeline.Render();
  const int messages = Messages(recording);
  std::string text = Wrap(
      "",
      fmt::format("The life of one connection on {}: {} system calls in all, "
                  "{} of them for {}.",
                  arm, timeline.calls(), CallsPerExchange(recording),
                  messages == 1 ? "its one message"
                                : fmt::format("its {} messages", messages)));
  text += "\n" + table + "\n";
  text += Wrap("",
               "The times are distorted: the tracer stops the server at the "
               "beginning and the end of every call, which takes longer than "
               "most calls. Trust the order and the number of calls; polymux "
               "compare measures what they cost.");
  text += Wrap("",
               "Time 0 is the client's connect; what is before it was still "
               "sleeping then. The client pauses between its steps until the "
               "server is at rest.");
  if (recording.counters) text += Wrap("", CounterNote(*recording.counters));
  return text;
}

}  // namespace polymux::bench
