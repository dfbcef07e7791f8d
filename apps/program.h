#ifndef POLYMUX_APPS_PROGRAM_H_
#define POLYMUX_APPS_PROGRAM_H_

#include <string_view>

namespace polymux {

// What every program of Polymux does around its own work, to be called by main
// with what the work is. Returns the exit code: that of `work`, or 1
//
//   after an exception, which costs one sentence with the cause on stderr, also
//   when the cause is that no memory, thread or descriptor was to be had;
//   when something written to stdout was lost, which is told with the reason.
//
// A standard descriptor that the caller has closed stays taken, and using it is
// an error (EBADF): otherwise the next one opened would get its number, and be
// read or written in its place. SIGXFSZ is ignored, so that a file that may not
// grow any more (ulimit -f) is an error like a full disk.
int RunProgram(int argc, char** argv, int (*work)(int argc, char** argv));

// Writes a line for another program to stdout at once. Throws
// std::system_error when it cannot be written: who waits for it would do so for
// ever.
void Announce(std::string_view line);

}  // namespace polymux

#endif  // POLYMUX_APPS_PROGRAM_H_
