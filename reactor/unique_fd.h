#ifndef POLYMUX_REACTOR_UNIQUE_FD_H_
#define POLYMUX_REACTOR_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace polymux {

// Owns a descriptor and closes it. -1 owns nothing.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) Reset(other.Release());
    return *this;
  }
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  // Gives the descriptor to the caller.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }

  // Closes what is owned. close(2) is not repeated after EINTR: on Linux the
  // number is free by then, and a second close could hit another thread's.
  void Reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_UNIQUE_FD_H_
