#ifndef POLYMUX_BENCH_LAB_CPUS_H_
#define POLYMUX_BENCH_LAB_CPUS_H_

#include <span>
#include <vector>

namespace polymux::bench {

// Which CPUs the server and the load generator run on; both empty: unpinned.
struct CpuAssignment {
  std::vector<int> server;
  std::vector<int> load;
};

// Server and load generator in each other's place.  Unchanged, with false, when
// they have different numbers of CPUs (or none): the swap would change what is
// measured.
bool SwapCpus(CpuAssignment& cpus);

// The CPUs that this process may use, ascending.
std::vector<int> AllowedCpus();

// The first CPUs for the server and the last for the load, equally many so that
// they can swap: as many as the one with more threads has.  Where these are too
// few, the last `load_threads` (but never all) for the load and the others for
// the server.  With a single CPU there is nothing to keep apart: unpinned.
CpuAssignment AssignCpus(std::span<const int> allowed, int server_loops,
                         int load_threads);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_CPUS_H_
