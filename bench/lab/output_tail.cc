#include "bench/lab/output_tail.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace polymux::bench {
namespace {

constexpr std::size_t kChunk = 65536;

}  // namespace

OutputTail::OutputTail(std::size_t limit)
    : limit_(limit), stop_(eventfd(0, EFD_CLOEXEC)) {
  int ends[2];
  if (!stop_ || pipe2(ends, O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  read_end_ = UniqueFd(ends[0]);
  write_end_ = UniqueFd(ends[1]);
  // Of this end alone: the program's writes wait as usual.
  fcntl(read_end_.get(), F_SETFL, O_NONBLOCK);
  thread_ = std::thread(&OutputTail::TakeAll, this);
}

OutputTail::~OutputTail() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t told = write(stop_.get(), &one, sizeof one);
  thread_.join();
}

void OutputTail::TakeAll() {
  std::array watched{pollfd{read_end_.get(), POLLIN, 0},
                     pollfd{stop_.get(), POLLIN, 0}};
  while (watched[1].revents == 0) {
    poll(watched.data(), watched.size(), -1);
    const MutexLock lock(mutex_);
    if (watched[0].revents != 0) TakeSome();
  }
}

bool OutputTail::TakeSome() {
  std::array<char, kChunk> chunk;
  const ssize_t count = read(read_end_.get(), chunk.data(), chunk.size());
  if (count <= 0) return false;
  tail_.append(chunk.data(), static_cast<std::size_t>(count));
  if (tail_.size() > limit_) tail_.erase(0, tail_.size() - limit_);
  return true;
}

std::string OutputTail::Contents() {
  const MutexLock lock(mutex_);
  // So many are what the pipe can have held before the call; a program that
  // goes on writing must not hold us up.
  for (int i = 0; i < 64 && TakeSome(); ++i) {
  }
  return tail_;
}

}  // namespace polymux::bench
