#include "reactor/signal_watcher.h"

#include <signal.h>
#include <sys/signalfd.h>

#include <system_error>
#include <utility>

#include "reactor/event_loop.h"

namespace polymux {
namespace {

sigset_t SetOf(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

UniqueFd CreateSignalFd(const sigset_t& set) {
  UniqueFd fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) throw std::system_error(LastSystemError(), "signalfd");
  return fd;
}

}  // namespace

void SignalWatcher::Block(std::initializer_list<int> signals) {
  const sigset_t set = SetOf(signals);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void SignalWatcher::RestoreDefault(int signal) {
  ::signal(signal, SIG_DFL);
  const sigset_t set = SetOf({signal});
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

SignalWatcher::SignalWatcher(EventLoop* loop,
                             std::initializer_list<int> signals,
                             std::function<void(int)> on_signal)
    : loop_(loop),
      fd_(CreateSignalFd(SetOf(signals))),
      on_signal_(std::move(on_signal)),
      channel_(
          loop, fd_.get(), [this](const Event&) { OnReadable(); }, nullptr) {
  if (const std::error_code error = channel_.Watch(Interest::LevelRead())) {
    throw std::system_error(error, "watching signals");
  }
}

void SignalWatcher::OnReadable() {
  signalfd_siginfo info;
  ++loop_->counters().signal_reads;
  if (::read(fd_.get(), &info, sizeof(info)) != sizeof(info)) return;
  on_signal_(static_cast<int>(info.ssi_signo));
}

}  // namespace polymux
