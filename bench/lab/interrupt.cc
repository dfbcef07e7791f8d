#include "bench/lab/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <system_error>
#include <utility>

namespace polymux::bench {
namespace {

constexpr std::array kInterrupts{SIGINT, SIGTERM, SIGHUP};

// Readable once an interrupt has come; -1 (which poll ignores) before
// HandleInterrupts and after the first interrupt.
int interrupt_fd = -1;

bool IsIgnored(int signal_number) {
  struct sigaction action {};
  sigaction(signal_number, nullptr, &action);
  return action.sa_handler == SIG_IGN;
}

sigset_t InterruptSet() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal_number : kInterrupts) {
    // What is blocked comes to a signalfd even when it is ignored.
    if (signal_number == SIGHUP && IsIgnored(signal_number)) continue;
    sigaddset(&set, signal_number);
  }
  return set;
}

// When the first one came; constant after it has.
std::chrono::steady_clock::time_point first_interrupt;

// The clock is clock_gettime, which a signal handler may call.
void OnFurtherInterrupt(int signal_number) {
  const auto since = std::chrono::steady_clock::now() - first_interrupt;
  if (since < kSameInterrupt) return;
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

[[noreturn]] void TakeInterrupt() {
  // Out of the queue before it is unblocked.
  signalfd_siginfo info;
  [[maybe_unused]] const ssize_t taken = read(interrupt_fd, &info, sizeof info);
  close(std::exchange(interrupt_fd, -1));
  first_interrupt = std::chrono::steady_clock::now();
  const sigset_t set = InterruptSet();
  struct sigaction action {};
  action.sa_handler = OnFurtherInterrupt;
  action.sa_flags = SA_RESTART;
  for (const int signal_number : kInterrupts) {
    if (sigismember(&set, signal_number) == 1) {
      sigaction(signal_number, &action, nullptr);
    }
  }
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  throw Interrupted();
}

// Whole milliseconds from now, rounded up and within what poll can take.
int RemainingMs(Deadline deadline) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return static_cast<int>(
      std::clamp(left, milliseconds(0), milliseconds(1 << 30)).count());
}

void Poll(std::span<pollfd> watched, Deadline deadline) {
  while (poll(watched.data(), watched.size(), RemainingMs(deadline)) < 0) {
    if (errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "poll");
    }
  }
}

}  // namespace

void HandleInterrupts() {
  signal(SIGPIPE, SIG_IGN);
  const sigset_t set = InterruptSet();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  interrupt_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (interrupt_fd < 0) {
    throw std::system_error(errno, std::generic_category(), "signalfd");
  }
}

bool WaitReadable(int fd, Deadline deadline) {
  std::array watched{pollfd{fd, POLLIN, 0}, pollfd{interrupt_fd, POLLIN, 0}};
  Poll(watched, deadline);
  if (watched[1].revents != 0) TakeInterrupt();
  return watched[0].revents != 0;
}

void SleepUntil(Deadline deadline) { WaitReadable(-1, deadline); }

bool WaitReadableUninterrupted(int fd, Deadline deadline) {
  std::array watched{pollfd{fd, POLLIN, 0}};
  Poll(watched, deadline);
  return watched[0].revents != 0;
}

}  // namespace polymux::bench
