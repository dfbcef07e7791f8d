// Runs a program in which io_uring_setup fails, as in a container that forbids
// it.
//
//     without_io_uring ERRNO PROGRAM ARGUMENT...

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "tests/poller/forbid_io_uring.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: without_io_uring ERRNO PROGRAM ARGUMENT...\n", stderr);
    return 125;
  }
  try {
    polymux::ForbidIoUring(std::atoi(argv[1]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "without_io_uring: %s\n", error.what());
    return 125;
  }
  ::execvp(argv[2], argv + 2);
  std::perror(argv[2]);
  return 125;
}
