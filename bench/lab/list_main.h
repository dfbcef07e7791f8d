#ifndef POLYMUX_BENCH_LAB_LIST_MAIN_H_
#define POLYMUX_BENCH_LAB_LIST_MAIN_H_

namespace polymux::bench {

// `polymux list`: prints the backends, controls and scenarios that there are.
// Returns the exit code: 0, 2 usage.
int ListMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_LIST_MAIN_H_
