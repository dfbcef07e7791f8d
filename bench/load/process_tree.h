#ifndef POLYMUX_BENCH_LOAD_PROCESS_TREE_H_
#define POLYMUX_BENCH_LOAD_PROCESS_TREE_H_

#include <sys/types.h>

#include <vector>

namespace polymux::bench {

// A live process.
struct TreeProcess {
  pid_t pid;
  pid_t group;
};

// `root` and its descendants, each after its parent; zombies and what they have
// left behind are not among them.  What forks meanwhile may be missing.
std::vector<TreeProcess> ProcessTree(pid_t root);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_PROCESS_TREE_H_
