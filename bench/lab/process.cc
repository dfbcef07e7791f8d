#include "bench/lab/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "bench/lab/padding.h"
#include "bench/load/process_tree.h"

namespace polymux::bench {
namespace {

constexpr std::chrono::seconds kGrace{2};
constexpr std::size_t kErrorOutputLimit = 2000;
constexpr std::size_t kOutputLimit = std::size_t{64} << 20;
constexpr std::size_t kLineLimit = std::size_t{1} << 20;
constexpr std::size_t kChunk = 65536;

[[noreturn]] void Throw(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

// glibc 2.36 declares pidfd_open without C linkage (glibc bug 29951).
UniqueFd OpenPidFd(pid_t pid) {
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

// Held by descriptor: their numbers may name other processes later.
class DescendantsOutsideGroup {
 public:
  explicit DescendantsOutsideGroup(pid_t leader) {
    for (const TreeProcess& process : ProcessTree(leader)) {
      if (process.group != leader) fds_.push_back(OpenPidFd(process.pid));
    }
  }

  void Send(int signal_number) const {
    for (const UniqueFd& fd : fds_) {
      syscall(SYS_pidfd_send_signal, fd.get(), signal_number, nullptr, 0);
    }
  }

  void AwaitEnd() const {
    for (const UniqueFd& fd : fds_) {
      if (fd) WaitReadableUninterrupted(fd.get(), Deadline::max());
    }
  }

 private:
  std::vector<UniqueFd> fds_;
};

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Pipe MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) Throw(errno, "pipe2");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// What the child needs, made before the fork: after it, nothing may allocate.
struct ChildPlan {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  std::optional<cpu_set_t> cpus;
  const char* directory;
  pid_t parent;
  int stdout_fd;
  int stderr_fd;
  int cgroup_fd;
};

// As execve takes it; borrows the strings.
std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) {
    pointers.push_back(const_cast<char*>(string.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<char*> OurEnvironment() {
  std::vector<char*> pointers;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    pointers.push_back(*variable);
  }
  pointers.push_back(nullptr);
  return pointers;
}

// Borrows the options and `padded`, the environment if it is to be padded.
ChildPlan PlanChild(const ProcessOptions& options,
                    const std::vector<std::string>& padded) {
  ChildPlan plan{};
  plan.arguments = Pointers(options.command);
  plan.environment = options.padding ? Pointers(padded) : OurEnvironment();
  plan.cgroup_fd = options.cgroup_fd;
  if (!options.cpus.empty()) {
    CPU_ZERO(&plan.cpus.emplace());
    for (const int cpu : options.cpus) {
      CPU_SET(static_cast<std::size_t>(cpu), &*plan.cpus);
    }
  }
  plan.directory = options.directory.c_str();
  plan.parent = getpid();
  return plan;
}

// In the child: becomes the program, or returns with errno.
void Execute(const ChildPlan& plan) {
  setpgid(0, 0);
  // Its orphans become its children, so that a daemon stays a descendant.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before that.
  if (getppid() != plan.parent) _exit(1);
  // Whether it could is for the parent to see.
  if (plan.cgroup_fd >= 0) {
    [[maybe_unused]] const ssize_t entered = write(plan.cgroup_fd, "0", 1);
  }
  if (plan.cpus && sched_setaffinity(0, sizeof *plan.cpus, &*plan.cpus) != 0) {
    return;
  }
  const int null = open("/dev/null", O_RDONLY);
  if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
      dup2(plan.stdout_fd, STDOUT_FILENO) < 0 ||
      dup2(plan.stderr_fd, STDERR_FILENO) < 0) {
    return;
  }
  close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
  if (*plan.directory != '\0' && chdir(plan.directory) != 0) return;
  // What this program ignores is not what its child does.
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvpe(plan.arguments[0], plan.arguments.data(), plan.environment.data());
}

// The last bytes of `text`, from the beginning of a line if there is one.
std::string LastLines(std::string text) {
  if (text.size() > kErrorOutputLimit) {
    text.erase(0, text.size() - kErrorOutputLimit);
    text.erase(0, text.find('\n') + 1);
  }
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

std::string ExitStatus::Describe() const {
  if (WIFSIGNALED(wait_status_)) {
    const int signal_number = WTERMSIG(wait_status_);
    return fmt::format("was killed by signal {} ({})", signal_number,
                       strsignal(signal_number));
  }
  return fmt::format("exited with status {}", WEXITSTATUS(wait_status_));
}

std::string ThisProgram() { return fmt::format("/proc/{}/exe", getpid()); }

Process::Process(const ProcessOptions& options)
    : stderr_(2 * kErrorOutputLimit) {
  std::vector<std::string> padded;
  if (options.padding) {
    padded = PaddedEnvironment(options.command, *options.padding);
  }
  ChildPlan plan = PlanChild(options, padded);
  Pipe output = MakePipe();
  // Ends silently when the program starts, brings errno when it does not.
  Pipe failure = MakePipe();
  plan.stderr_fd = stderr_.write_fd();
  plan.stdout_fd =
      options.stdout_to_stderr ? plan.stderr_fd : output.write_end.get();
  pid_ = fork();
  if (pid_ < 0) Throw(errno, "fork");
  if (pid_ == 0) {
    Execute(plan);
    const int error = errno;
    [[maybe_unused]] const ssize_t told =
        write(failure.write_end.get(), &error, sizeof error);
    _exit(127);
  }
  output.write_end.Reset();
  failure.write_end.Reset();
  stdout_ = std::move(output.read_end);
  int error = 0;
  if (read(failure.read_end.get(), &error, sizeof error) == 0) {
    pid_fd_ = OpenPidFd(pid_);
    if (pid_fd_) return;
    error = errno;
    kill(-pid_, SIGKILL);
  }
  waitpid(pid_, nullptr, 0);
  Throw(error, fmt::format("cannot start {}", options.command[0]));
}

Process::~Process() { Stop(); }

bool Process::ReadMore(Deadline deadline) {
  if (at_end_ || !WaitReadable(stdout_.get(), deadline)) return false;
  std::array<char, kChunk> chunk;
  const ssize_t count = read(stdout_.get(), chunk.data(), chunk.size());
  if (count <= 0) {
    at_end_ = true;
    return false;
  }
  buffer_.append(chunk.data(), static_cast<std::size_t>(count));
  if (buffer_.size() > kOutputLimit) {
    throw std::runtime_error(fmt::format(
        "process {} has written more than {} MiB", pid_, kOutputLimit >> 20));
  }
  return true;
}

std::optional<std::string> Process::ReadLine(Deadline deadline) {
  std::size_t length = 0;
  while ((length = buffer_.find('\n')) == std::string::npos) {
    if (buffer_.size() > kLineLimit) {
      throw std::runtime_error(
          fmt::format("process {} has written a line of more than {} MiB", pid_,
                      kLineLimit >> 20));
    }
    if (ReadMore(deadline)) continue;
    if (!at_end_ || buffer_.empty()) return std::nullopt;
    return std::exchange(buffer_, {});
  }
  std::string line = buffer_.substr(0, length);
  buffer_.erase(0, length + 1);
  return line;
}

std::optional<std::string> Process::ReadToEnd(Deadline deadline) {
  while (ReadMore(deadline)) {
  }
  if (!at_end_) return std::nullopt;
  return std::exchange(buffer_, {});
}

std::optional<ExitStatus> Process::WaitForExit(Deadline deadline) {
  if (!status_ && WaitReadable(pid_fd_.get(), deadline)) Reap();
  return status_;
}

ExitStatus Process::Stop() {
  if (status_) return *status_;
  const DescendantsOutsideGroup others(pid_);
  kill(-pid_, SIGTERM);
  others.Send(SIGTERM);
  if (!WaitReadableUninterrupted(pid_fd_.get(),
                                 std::chrono::steady_clock::now() + kGrace)) {
    kill(-pid_, SIGKILL);
    WaitReadableUninterrupted(pid_fd_.get(), Deadline::max());
  }
  others.Send(SIGKILL);
  others.AwaitEnd();
  return Reap();
}

ExitStatus Process::Reap() {
  // While the leader is a zombie, its number still names this group alone.
  kill(-pid_, SIGKILL);
  int wait_status = 0;
  waitpid(pid_, &wait_status, 0);
  return status_.emplace(wait_status);
}

std::string Process::ErrorOutput() { return LastLines(stderr_.Contents()); }

}  // namespace polymux::bench
