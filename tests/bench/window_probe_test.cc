#include "bench/load/window_probe.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>

#include "bench/load/clock.h"
#include "bench/load/observed_processes.h"

namespace polymux::bench {
namespace {

void Burn(std::int64_t nanoseconds, clockid_t clock) {
  const std::int64_t end = ReadClockNs(clock) + nanoseconds;
  while (ReadClockNs(clock) < end) {
  }
}

// A child that burns CPU until it is ended, at the latest with this object. It
// counts SIGUSR1 and exits with that number when SIGTERM comes. Signals are
// fetched, lowest number first, and not handled: ThreadSanitizer calls no
// handler while a program makes no system call that may block.
class BusyChild {
 public:
  BusyChild() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    pid_ = fork();
    if (pid_ == 0) Burn(signals);
    sigprocmask(SIG_UNBLOCK, &signals, nullptr);
  }
  ~BusyChild() { End(); }

  pid_t pid() const { return pid_; }

  int End() {
    if (pid_ == 0) return -1;
    kill(pid_, SIGTERM);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  [[noreturn]] static void Burn(const sigset_t& signals) {
    constexpr timespec kNoTime{};
    for (int seen = 0;;) {
      const int signal = sigtimedwait(&signals, nullptr, &kNoTime);
      if (signal == SIGUSR1) ++seen;
      if (signal == SIGTERM) _exit(seen);
    }
  }

  pid_t pid_ = 0;
};

// Waits until the child has used `nanoseconds` more of CPU time.
void AwaitCpu(const BusyChild& child, std::int64_t nanoseconds) {
  clockid_t clock{};
  ASSERT_EQ(clock_getcpuclockid(child.pid(), &clock), 0);
  const std::int64_t end = ReadClockNs(clock) + nanoseconds;
  while (ReadClockNs(clock) < end) usleep(1000);
}

ObservedUsage UsageOf(const ObservedProcesses& processes) {
  const auto begin = processes.Read();
  const auto cpu = processes.CpuNs(begin);
  return processes.Usage(begin, cpu, processes.Read(), processes.CpuNs(begin));
}

TEST(WindowProbe, ReadsOurOwnCpuTime) {
  WindowProbe probe(nullptr, false);
  EXPECT_EQ(probe.reading().window_ns, 0);
  probe.Prepare();
  probe.Begin();
  Burn(20'000'000, CLOCK_PROCESS_CPUTIME_ID);
  probe.End();
  EXPECT_GE(probe.reading().load_cpu_ns, 20'000'000);
  EXPECT_GE(probe.reading().window_ns, 20'000'000);
  EXPECT_FALSE(probe.reading().observed);
}

TEST(WindowProbe, ReadsWhatOthersUseInsideTheWindow) {
  BusyChild child;
  const ObservedProcesses processes({child.pid()});
  AwaitCpu(child, 50'000'000);  // before the window
  WindowProbe probe(&processes, false);
  probe.Prepare();
  probe.Begin();
  AwaitCpu(child, 100'000'000);
  probe.End();
  const auto& observed = probe.reading().observed;
  ASSERT_TRUE(observed);
  EXPECT_EQ(observed->cpu_source, "clocks");
  ASSERT_TRUE(observed->cpu_ns);
  EXPECT_GE(*observed->cpu_ns, 100'000'000);
  EXPECT_LE(*observed->cpu_ns, probe.reading().window_ns + 50'000'000);
  // Sampled every 10 ms, and so inexact.
  EXPECT_GE(*observed->user_ns + *observed->system_ns, 50'000'000);
  EXPECT_LE(*observed->user_ns, *observed->cpu_ns + 50'000'000);
  EXPECT_GT(*observed->rss_anon_bytes, 0);
  EXPECT_GE(*observed->rss_bytes, *observed->rss_anon_bytes);
  EXPECT_TRUE(observed->unknown.empty());
}

TEST(WindowProbe, HalvesMakeTheWhole) {
  BusyChild child;
  const ObservedProcesses processes({child.pid()});
  WindowProbe probe(&processes, false);
  probe.Prepare();
  probe.Begin();
  AwaitCpu(child, 20'000'000);
  probe.Middle();
  AwaitCpu(child, 60'000'000);
  probe.End();
  const auto& halves = probe.reading().half_observed_cpu_ns;
  ASSERT_TRUE(halves);
  EXPECT_GE((*halves)[0], 20'000'000);
  EXPECT_GE((*halves)[1], 60'000'000);
  EXPECT_EQ((*halves)[0] + (*halves)[1], *probe.reading().observed->cpu_ns);
}

TEST(WindowProbe, WithoutAMiddleThereAreNoHalves) {
  BusyChild child;
  const ObservedProcesses processes({child.pid()});
  WindowProbe probe(&processes, false);
  probe.Prepare();
  probe.Begin();
  probe.End();
  EXPECT_TRUE(probe.reading().observed);
  EXPECT_FALSE(probe.reading().half_observed_cpu_ns);
}

// 0.2 s of other work, of which the ticks of all CPUs must show the half.
TEST(WindowProbe, TellsWhatOthersUsed) {
  BusyChild child;
  WindowProbe probe(nullptr, false);  // the child is not ours
  probe.Prepare();
  probe.Begin();
  AwaitCpu(child, 200'000'000);
  probe.End();
  EXPECT_GE(probe.reading().other_cpu_ns, 100'000'000);
}

// A child that sleeps again and again is switched away from each time.
TEST(WindowProbe, CountsContextSwitches) {
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 10'000; ++i) usleep(1000);
    _exit(0);
  }
  const ObservedProcesses processes({child});
  WindowProbe probe(&processes, false);
  probe.Prepare();
  probe.Begin();
  const auto switches = [&] {
    return processes.Read().proc.threads.at(child).voluntary;
  };
  const std::int64_t before = switches();
  while (switches() < before + 20) usleep(1000);
  probe.End();
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_GE(*probe.reading().observed->voluntary_switches, 20);
  EXPECT_GE(*probe.reading().observed->involuntary_switches, 0);
}

TEST(WindowProbe, AddsProcessesUp) {
  BusyChild first;
  BusyChild second;
  const ObservedProcesses both({first.pid(), second.pid()});
  const ObservedProcesses one({first.pid()});
  AwaitCpu(second, 20'000'000);
  // Read first, for the first one goes on.
  const std::int64_t one_ns = one.CpuNs(one.Read()).value();
  EXPECT_GE(both.CpuNs(both.Read()), one_ns + 20'000'000);
  EXPECT_GT(*UsageOf(both).rss_bytes, *UsageOf(one).rss_bytes);
}

TEST(WindowProbe, SignalsTheFirstProcessAtBothEdges) {
  BusyChild first;
  BusyChild second;
  const ObservedProcesses processes({first.pid(), second.pid()});
  WindowProbe probe(&processes, true);
  probe.Prepare();
  probe.Begin();
  AwaitCpu(first, 20'000'000);  // so that it has seen the first signal
  probe.End();
  EXPECT_EQ(first.End(), 2);
  EXPECT_EQ(second.End(), 0);
}

TEST(ObservedProcesses, RefusesAProcessThatIsNot) {
  BusyChild child;
  const pid_t pid = child.pid();
  child.End();
  EXPECT_THROW(ObservedProcesses({pid}), std::system_error);
}

TEST(ObservedProcesses, TellsWhatIsLostWithAProcessThatHasEnded) {
  BusyChild first;
  BusyChild second;
  const ObservedProcesses processes({first.pid(), second.pid()});
  const auto begin = processes.Read();
  const auto cpu = processes.CpuNs(begin);
  second.End();
  const ObservedUsage usage =
      processes.Usage(begin, cpu, processes.Read(), processes.CpuNs(begin));
  EXPECT_EQ(usage.cpu_ns, std::nullopt);
  EXPECT_EQ(usage.unknown.at("cpu"),
            "a process ended and no control group counted it");
  EXPECT_EQ(usage.voluntary_switches, std::nullopt);
  EXPECT_EQ(usage.unknown.at("context_switches"),
            "a thread ended within the window");
  EXPECT_GT(usage.rss_bytes, 0);  // of the one that is left
}

// A descendant that begins within the window and lives on.
TEST(ObservedProcesses, NewcomersCount) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    char byte = 0;
    if (read(ends[0], &byte, 1) != 1) _exit(1);
    if (fork() == 0) Burn(60'000'000'000, CLOCK_MONOTONIC);
    pause();
  }
  const ObservedProcesses processes({parent});
  const auto begin = processes.Read();
  const auto cpu = processes.CpuNs(begin);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  const auto used = [&] {
    return processes.Usage(begin, cpu, processes.Read(),
                           processes.CpuNs(begin));
  };
  while (used().cpu_ns.value_or(0) < 50'000'000) usleep(1000);
  EXPECT_EQ(used().begun, 1);
  EXPECT_TRUE(used().voluntary_switches);
  for (const auto& [pid, process] : processes.Read().proc.processes) {
    kill(pid, SIGKILL);
  }
  waitpid(parent, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
}

// Born and ended between two looks; its parent waits for it.
TEST(ObservedProcesses, AChildThatHasEndedIsALoss) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    char byte = 0;
    if (read(ends[0], &byte, 1) != 1) _exit(1);
    const pid_t child = fork();
    if (child == 0) {
      Burn(100'000'000, CLOCK_PROCESS_CPUTIME_ID);
      _exit(0);
    }
    waitpid(child, nullptr, 0);
    pause();
  }
  const ObservedProcesses processes({parent});
  const auto begin = processes.Read();
  const auto cpu = processes.CpuNs(begin);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  ObservedUsage usage;
  do {
    usleep(1000);
    usage =
        processes.Usage(begin, cpu, processes.Read(), processes.CpuNs(begin));
  } while (usage.cpu_ns || usage.unknown.at("cpu").find("a child") != 0);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
}

// They end without a trace.
TEST(ObservedProcesses, WhoIgnoresItsChildrenMayLoseThem) {
  signal(SIGCHLD, SIG_IGN);
  BusyChild careless;
  signal(SIGCHLD, SIG_DFL);
  BusyChild careful;
  EXPECT_TRUE(UsageOf(ObservedProcesses({careless.pid()})).may_miss_children);
  EXPECT_FALSE(UsageOf(ObservedProcesses({careful.pid()})).may_miss_children);
}

TEST(ObservedProcesses, RefusesAGroupThatIsNone) {
  EXPECT_THROW(ObservedProcesses({getpid()}, "/no/such/group"),
               std::system_error);
}

TEST(ObservedProcesses, NameOfAProgramDoesNotConfuse) {
  std::ofstream("/proc/self/comm") << "a) b (c 1 2";
  const ObservedProcesses us({getpid()});
  const auto before = us.Read().proc.processes.at(getpid());
  Burn(100'000'000, CLOCK_PROCESS_CPUTIME_ID);
  const auto after = us.Read().proc.processes.at(getpid());
  EXPECT_LE(after.user_ns, before.user_ns + 1'000'000'000);
  EXPECT_GT(after.rss_bytes, 0);
}

}  // namespace
}  // namespace polymux::bench
