#include "bench/verbs/narrator.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string_view>

namespace polymux::bench {
namespace {

constexpr const char* kListener = "the listener";
constexpr const char* kConnection = "the connection";
constexpr const char* kWakeUp = "the wake-up eventfd";
constexpr const char* kTimer = "the timer";
constexpr const char* kSignals = "the signals";
constexpr const char* kEpoll = "the epoll instance";
constexpr const char* kRing = "the io_uring";

struct Creation {
  std::string_view call;
  const char* role;
};

// Calls whose result is a new descriptor.
constexpr std::array kCreations{
    Creation{"accept", kConnection},    Creation{"accept4", kConnection},
    Creation{"eventfd", kWakeUp},       Creation{"eventfd2", kWakeUp},
    Creation{"timerfd_create", kTimer}, Creation{"signalfd4", kSignals},
    Creation{"epoll_create", kEpoll},   Creation{"epoll_create1", kEpoll},
    Creation{"io_uring_setup", kRing},  Creation{"socket", "a socket"},
    Creation{"openat", "an open file"},
};

// What a call does, whatever its arguments are.
struct Meaning {
  std::string_view call;
  const char* text;
};

constexpr std::array kMeanings{
    Meaning{"shutdown",
            "says that nothing more will be sent: the client "
            "reads the end of the stream"},
    Meaning{"timerfd_settime",
            "sets the loop's one timer, from which all deadlines are told"},
    Meaning{"getsockname", "asks for the socket's own address"},
    Meaning{"getpeername", "asks for the client's address"},
    Meaning{"setsockopt", "sets an option of the socket"},
    Meaning{"getsockopt", "asks the socket for an option or its last error"},
    Meaning{"ioctl", "sets or asks for a property of the descriptor"},
    Meaning{"io_uring_register",
            "tells the io_uring of memory or descriptors in advance"},
    Meaning{"clone", "starts a thread"},
    Meaning{"clone3", "starts a thread"},
    Meaning{"exit", "the thread ends"},
    Meaning{"exit_group", "the process ends"},
    Meaning{"sched_yield", "lets others run first"},
    Meaning{"mmap", "gets memory from the kernel"},
    Meaning{"munmap", "gives memory back to the kernel"},
    Meaning{"mprotect", "changes what memory may be used for"},
    Meaning{"madvise", "tells the kernel how memory is used"},
    Meaning{"brk", "gets memory from the kernel, or gives it back"},
    Meaning{"prctl", "sets a property of the thread, such as its name"},
    Meaning{"gettid", "asks for the number of this thread"},
    Meaning{"rt_sigprocmask", "blocks signals or lets them through"},
    Meaning{"clock_gettime", "reads the clock"},
    Meaning{"restart_syscall",
            "goes on with a call that a stop had interrupted"},
};

bool IsOneOf(std::string_view name,
             std::initializer_list<std::string_view> names) {
  for (const std::string_view one : names) {
    if (name == one) return true;
  }
  return false;
}

std::string Count(int number, std::string_view thing) {
  return fmt::format("{} {}{}", number, thing, number == 1 ? "" : "s");
}

// In words, for what epoll says that it is ready.
std::string Directions(std::string_view events) {
  const auto has = [events](std::string_view name) {
    return events.find(name) != std::string_view::npos;
  };
  std::string text;
  if (has("EPOLLIN")) text = " to read";
  if (has("EPOLLOUT")) text += text.empty() ? " to write" : " and write";
  if (has("EPOLLRDHUP")) text += "; the client has closed its side";
  return text;
}

}  // namespace

void Narrator::Observe(const SystemCall& call) {
  if (threads_.empty()) threads_[call.thread] = "main";
  if (call.name == "prctl" && call.Argument(0) == "PR_SET_NAME") {
    std::string name(call.Argument(1));
    std::erase(name, '"');
    threads_[call.thread] = name;
  }
  threads_.try_emplace(call.thread, fmt::format("thread-{}", threads_.size()));
  if (call.name == "listen") roles_[call.NumberAt(0).value_or(-1)] = kListener;
  if (call.name == "close") roles_.erase(call.NumberAt(0).value_or(-1));
  const auto result = call.ResultNumber();
  if (!result || *result < 0) return;
  for (const Creation& creation : kCreations) {
    if (creation.call == call.name) roles_[*result] = creation.role;
  }
}

std::string Narrator::ThreadName(int thread) const {
  const auto found = threads_.find(thread);
  return found == threads_.end() ? fmt::format("{}", thread) : found->second;
}

bool Narrator::Is(int fd, const char* role) const {
  const auto found = roles_.find(fd);
  return found != roles_.end() && found->second == role;
}

std::string Narrator::DescribeDescriptor(int fd) const {
  const auto found = roles_.find(fd);
  if (found == roles_.end()) return fmt::format("fd {}", fd);
  return fmt::format("fd {} ({})", fd, found->second);
}

std::string Narrator::Explain(const SystemCall& call) const {
  const std::string_view name = call.name;
  if (IsOneOf(name, {"accept", "accept4"})) return ExplainAccept(call);
  if (name == "epoll_ctl") return ExplainControl(call);
  if (name == "io_uring_enter") return ExplainRing(call);
  if (name == "futex") return ExplainFutex(call);
  if (IsOneOf(name, {"epoll_wait", "epoll_pwait", "epoll_pwait2", "poll",
                     "ppoll", "select", "pselect6"})) {
    return ExplainWait(call);
  }
  if (IsOneOf(name, {"read", "readv", "recv", "recvfrom", "recvmsg"})) {
    return ExplainRead(call);
  }
  if (IsOneOf(name, {"write", "writev", "send", "sendto", "sendmsg"})) {
    return ExplainWrite(call);
  }
  return ExplainOther(call);
}

std::string Narrator::ExplainAccept(const SystemCall& call) const {
  if (call.Failed("EAGAIN")) {
    return "the listener's queue is empty: all have been accepted";
  }
  const auto fd = call.ResultNumber();
  if (!fd) return "sleeps until a client connects";
  if (*fd < 0) return "could not take a connection";
  return fmt::format(
      "takes the new connection out of the listener's queue: it is fd {} from "
      "now on",
      *fd);
}

std::string Narrator::ExplainControl(const SystemCall& call) const {
  const std::string what = DescribeDescriptor(call.NumberAt(2).value_or(-1));
  const bool edge = call.arguments.find("EPOLLET") != std::string::npos;
  const std::string_view operation = call.Argument(1);
  if (operation == "EPOLL_CTL_ADD") {
    return fmt::format(
        "registers {}, {}: the kernel keeps the list of what is watched, so "
        "this is paid once",
        what,
        edge ? "edge-triggered (told once per change)"
             : "level-triggered (told as long as it is ready)");
  }
  if (operation == "EPOLL_CTL_MOD") {
    return fmt::format("changes what {} is watched for", what);
  }
  return fmt::format("ends the watching of {}", what);
}

// What epoll says is ready, as far as the token that it gives back is the
// descriptor (the lower half of it, in the servers of this program).
std::string Narrator::ReadyList(const SystemCall& call) const {
  constexpr std::string_view kToken = "data={u32=";
  const std::string_view text = call.arguments;
  std::string list;
  std::size_t begin = 0;
  for (std::size_t at = 0; (at = text.find(kToken, at)) != text.npos;) {
    const std::string_view events = text.substr(begin, at - begin);
    at += kToken.size();
    begin = at;
    int fd = -1;
    std::from_chars(text.data() + at, text.data() + text.size(), fd);
    if (!roles_.contains(fd)) continue;
    list += (list.empty() ? ": " : ", ") + DescribeDescriptor(fd) +
            Directions(events);
  }
  return list;
}

std::string Narrator::ExplainWait(const SystemCall& call) const {
  const std::string_view name = call.name;
  std::string how;
  if (name.ends_with("poll")) {
    how = fmt::format(
        "hands the kernel the whole list ({}), and it asks each one",
        Count(call.NumberAt(1).value_or(0), "descriptor"));
  } else if (name.find("select") != std::string_view::npos) {
    how = fmt::format(
        "hands the kernel bit sets up to fd {}, and it asks each one in them",
        call.NumberAt(0).value_or(1) - 1);
  } else {
    how = "asks for what is ready of the registered descriptors";
  }
  if (!call.took) return how + "; sleeps until one is ready";
  const auto ready = call.ResultNumber();
  if (!ready || *ready < 0) return how + "; a signal or stop interrupted it";
  if (*ready == 0) return how + "; the time was over, and nothing was ready";
  return fmt::format("{}; {} ready{}", how,
                     *ready == 1 ? "1 is" : fmt::format("{} are", *ready),
                     ReadyList(call));
}

std::string Narrator::ExplainRing(const SystemCall& call) const {
  const int submitted = call.NumberAt(1).value_or(0);
  const int awaited = call.NumberAt(2).value_or(0);
  const bool waits =
      call.Argument(3).find("IORING_ENTER_GETEVENTS") != std::string_view::npos;
  std::string text =
      submitted == 0
          ? "submits nothing new"
          : fmt::format("submits {}, written to memory shared with the kernel",
                        Count(submitted, "request"));
  if (!waits) return text + "; does not wait";
  text += fmt::format(
      ", and in the same call waits for {}; the results are read from shared "
      "memory, without a call",
      awaited == 0 ? "nothing" : Count(awaited, "result"));
  if (call.Failed("ETIME")) text += "; the time was over";
  return text;
}

std::string Narrator::ExplainRead(const SystemCall& call) const {
  const int fd = call.NumberAt(0).value_or(-1);
  const auto count = call.ResultNumber();
  if (call.Failed("EAGAIN")) {
    return fmt::format("{} has nothing more: a read that only told so",
                       DescribeDescriptor(fd));
  }
  if (Is(fd, kWakeUp)) {
    return "resets the wake-up eventfd: another thread had work for this loop";
  }
  if (Is(fd, kTimer)) return "how often the timer has expired";
  if (Is(fd, kSignals)) return "which signal has come";
  if (!count) {
    return fmt::format("sleeps until {} has data", DescribeDescriptor(fd));
  }
  if (*count == 0) {
    return fmt::format("the end of the stream on {}: the client has closed",
                       DescribeDescriptor(fd));
  }
  if (*count < 0) return "the read failed";
  return fmt::format("takes {} from {}", Count(*count, "byte"),
                     DescribeDescriptor(fd));
}

std::string Narrator::ExplainWrite(const SystemCall& call) const {
  const int fd = call.NumberAt(0).value_or(-1);
  const auto count = call.ResultNumber();
  if (call.Failed("EAGAIN")) {
    return "the send buffer is full: the rest has to wait";
  }
  if (Is(fd, kWakeUp)) return "wakes the loop of another thread: a task for it";
  if (!count || *count < 0) return "the write failed";
  if (Is(fd, kConnection)) {
    return fmt::format(
        "sends {} on {}; on loopback this call also carries them to the client",
        Count(*count, "byte"), DescribeDescriptor(fd));
  }
  return fmt::format("writes {} to {}", Count(*count, "byte"),
                     DescribeDescriptor(fd));
}

std::string Narrator::ExplainFutex(const SystemCall& call) const {
  if (call.Argument(1).find("WAKE") != std::string_view::npos) {
    return "wakes a thread that sleeps on a lock or condition";
  }
  return "sleeps until another thread wakes it";
}

std::string Narrator::ExplainOther(const SystemCall& call) const {
  if (call.name == "close") {
    return fmt::format("closes {}: its number is free again",
                       DescribeDescriptor(call.NumberAt(0).value_or(-1)));
  }
  if (call.name == "fcntl") {
    const std::string what = DescribeDescriptor(call.NumberAt(0).value_or(-1));
    const std::string_view operation = call.Argument(1);
    if (operation == "F_GETFD") {
      return fmt::format("checks that {} is open", what);
    }
    return fmt::format("asks for or sets properties of {}", what);
  }
  for (const Meaning& meaning : kMeanings) {
    if (meaning.call == call.name) return meaning.text;
  }
  for (const Creation& creation : kCreations) {
    if (creation.call == call.name) {
      return fmt::format("makes {}", creation.role);
    }
  }
  return "housekeeping of the server, its library or the C library";
}

}  // namespace polymux::bench
