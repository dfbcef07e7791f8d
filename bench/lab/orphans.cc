#include "bench/lab/orphans.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <vector>

namespace polymux::bench {
namespace {

bool AdoptsOrphans() {
  int adopts = 0;
  return prctl(PR_GET_CHILD_SUBREAPER, &adopts) == 0 && adopts != 0;
}

// An orphan becomes a child of the first thread.
std::vector<pid_t> Children() {
  std::ifstream file(fmt::format("/proc/self/task/{}/children", getpid()));
  std::vector<pid_t> children;
  for (pid_t child = 0; file >> child;) children.push_back(child);
  return children;
}

}  // namespace

void AdoptOrphans() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

OrphansEnd::~OrphansEnd() {
  if (!AdoptsOrphans()) return;
  // The children of each that is killed are the next ones.
  for (auto orphans = Children(); !orphans.empty(); orphans = Children()) {
    for (const pid_t orphan : orphans) {
      kill(orphan, SIGKILL);
      waitpid(orphan, nullptr, 0);
    }
  }
}

}  // namespace polymux::bench
