#ifndef POLYMUX_BENCH_VERBS_TRACE_MAIN_H_
#define POLYMUX_BENCH_VERBS_TRACE_MAIN_H_

namespace polymux::bench {

// `polymux trace`: see its --help.  Returns the exit code: 0, 1 run-time error,
// 2 usage, 130 interrupted.
// REQUIRES: no other thread runs (signals are blocked here); this program has
// the verbs serve and peer.
int TraceMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_TRACE_MAIN_H_
