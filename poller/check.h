#ifndef POLYMUX_POLLER_CHECK_H_
#define POLYMUX_POLLER_CHECK_H_

#include <cstdio>
#include <cstdlib>

// Errors of the programmer end the process with a message; errors of the
// outside world are values and never come here.

namespace polymux::internal {

[[noreturn]] inline void CheckFailed(const char* file, int line,
                                     const char* condition,
                                     const char* message) {
  std::fprintf(stderr, "%s:%d: check failed: %s: %s\n", file, line, condition,
               message);
  std::abort();
}

}  // namespace polymux::internal

// Aborts with `message` when `condition` is false, in every build.
#define POLYMUX_CHECK(condition, message)                                 \
  (static_cast<bool>(condition)                                           \
       ? static_cast<void>(0)                                             \
       : ::polymux::internal::CheckFailed(__FILE__, __LINE__, #condition, \
                                          message))

// The same in builds without NDEBUG (dbg and the sanitizer configurations);
// elsewhere the condition is compiled but not evaluated.
#ifdef NDEBUG
#define POLYMUX_DCHECK(condition, message) \
  (false ? POLYMUX_CHECK(condition, message) : static_cast<void>(0))
#else
#define POLYMUX_DCHECK(condition, message) POLYMUX_CHECK(condition, message)
#endif

#endif  // POLYMUX_POLLER_CHECK_H_
