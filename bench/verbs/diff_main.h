#ifndef POLYMUX_BENCH_VERBS_DIFF_MAIN_H_
#define POLYMUX_BENCH_VERBS_DIFF_MAIN_H_

namespace polymux::bench {

// `polymux diff`: see its --help.  Returns the exit code: 0, 1 run-time error
// (an unreadable file, say), 2 usage, 3 nothing could be compared or a
// condition is n/a, 4 a --fail-if condition holds.
int DiffMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_DIFF_MAIN_H_
