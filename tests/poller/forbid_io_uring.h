#ifndef POLYMUX_TESTS_POLLER_FORBID_IO_URING_H_
#define POLYMUX_TESTS_POLLER_FORBID_IO_URING_H_

namespace polymux {

// Makes io_uring_setup fail with `error` from now on, in this thread and all
// that it starts, by a seccomp filter as containers have one.  Throws
// std::system_error.
void ForbidIoUring(int error);

}  // namespace polymux

#endif  // POLYMUX_TESTS_POLLER_FORBID_IO_URING_H_
