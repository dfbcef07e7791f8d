#ifndef POLYMUX_REACTOR_SYSTEM_CALLS_H_
#define POLYMUX_REACTOR_SYSTEM_CALLS_H_

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

namespace polymux::system_call {

// recv(2) and send(2) as the kernel has them: the same arguments, results and
// errno as glibc's functions, which are cancellation points. In a program with
// threads each of those makes two atomic exchanges around its system call
// (glibc 2.36, nptl/cancellation.c), hence four for a message; no thread of
// ours is ever cancelled. Any thread.
//
// The sanitizers know glibc's functions only, so they are given those.
#if defined(POLYMUX_ASAN) || defined(POLYMUX_TSAN)
inline ssize_t Recv(int fd, void* buffer, std::size_t size, int flags) {
  return ::recv(fd, buffer, size, flags);
}
inline ssize_t Send(int fd, const void* data, std::size_t size, int flags) {
  return ::send(fd, data, size, flags);
}
#else
inline ssize_t Recv(int fd, void* buffer, std::size_t size, int flags) {
  return ::syscall(SYS_recvfrom, fd, buffer, size, flags, nullptr, nullptr);
}
inline ssize_t Send(int fd, const void* data, std::size_t size, int flags) {
  return ::syscall(SYS_sendto, fd, data, size, flags, nullptr, 0);
}
#endif

}  // namespace polymux::system_call

#endif  // POLYMUX_REACTOR_SYSTEM_CALLS_H_
