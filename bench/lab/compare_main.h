#ifndef POLYMUX_BENCH_LAB_COMPARE_MAIN_H_
#define POLYMUX_BENCH_LAB_COMPARE_MAIN_H_

namespace polymux::bench {

// `polymux compare`: see its --help.  Returns the exit code: 0, 1 run-time
// error, 2 usage, 3 an arm has no valid trial or a condition is n/a, 4 a
// --fail-if condition holds, 130 interrupted.
// REQUIRES: no other thread runs (signals are blocked here); this program has
// the verbs serve, peer and load.
int CompareMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_COMPARE_MAIN_H_
