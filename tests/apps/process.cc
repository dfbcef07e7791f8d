#include "tests/apps/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <thread>

#include "tests/reactor/support.h"

namespace polymux {
namespace {

constexpr int kExecFailed = 127;

int MillisecondsOf(std::chrono::milliseconds duration) {
  return static_cast<int>(duration.count());
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments) {
  std::array<int, 2> out{};
  Must(::pipe2(out.data(), O_CLOEXEC));
  out_.Reset(out[0]);
  const UniqueFd child_out(out[1]);
  err_.Reset(Must(::memfd_create("stderr", MFD_CLOEXEC)));

  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  pid_ = Must(::fork());
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(child_out.get(), STDOUT_FILENO);
  ::dup2(err_.get(), STDERR_FILENO);
  ::execvp(argv[0], argv.data());
  ::_exit(kExecFailed);
}

Process::~Process() {
  if (exit_code_) return;
  Signal(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Process::ReadSome() {
  pollfd ready{.fd = out_.get(), .events = POLLIN, .revents = 0};
  if (Must(::poll(&ready, 1, MillisecondsOf(kPatience))) == 0) {
    throw std::runtime_error("no output; standard error is: " + Errors());
  }
  std::array<char, 4096> chunk{};
  const ssize_t count = ::read(out_.get(), chunk.data(), chunk.size());
  if (count <= 0) return false;
  buffered_.append(chunk.data(), static_cast<std::size_t>(count));
  return true;
}

std::string Process::ReadLine() {
  std::size_t end = 0;
  while ((end = buffered_.find('\n')) == std::string::npos && ReadSome()) {
  }
  const std::string line = buffered_.substr(0, end);
  buffered_.erase(0, end == std::string::npos ? end : end + 1);
  return line;
}

std::string Process::ReadToEnd() {
  while (ReadSome()) {
  }
  return std::exchange(buffered_, {});
}

std::string Process::Errors() const {
  std::string text;
  std::array<char, 4096> chunk{};
  ssize_t count = 0;
  while ((count = ::pread(err_.get(), chunk.data(), chunk.size(),
                          static_cast<off_t>(text.size()))) > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return text;
}

void Process::Signal(int signal) const { ::kill(pid_, signal); }

int Process::Wait() {
  if (exit_code_) return *exit_code_;
  int status = 0;
  const bool ended = Eventually(
      [&] { return Must(::waitpid(pid_, &status, WNOHANG)) == pid_; });
  if (!ended) {
    throw std::runtime_error("still running; standard error is: " + Errors());
  }
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return *exit_code_;
}

std::chrono::nanoseconds Process::CpuTime() const {
  clockid_t clock = 0;
  if (::clock_getcpuclockid(pid_, &clock) != 0) {
    throw std::runtime_error("the process has ended");
  }
  timespec time{};
  Must(::clock_gettime(clock, &time));
  return std::chrono::seconds(time.tv_sec) +
         std::chrono::nanoseconds(time.tv_nsec);
}

StuckPipe::StuckPipe()
    : path_(testing::TempDir() + "/stuck-" + std::to_string(::getpid())) {
  Must(::mkfifo(path_.c_str(), 0600));
  // For reading too, or it could not be opened at all.
  fd_.Reset(Must(::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)));
  const std::array<char, 4096> page{};
  while (::write(fd_.get(), page.data(), page.size()) > 0) {
  }
}

StuckPipe::~StuckPipe() { ::unlink(path_.c_str()); }

std::vector<std::string> StuckPipe::Command(
    const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = {
      "sh", "-c", R"(pipe=$0; exec "$@" 2> "$pipe")", path_};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace polymux
