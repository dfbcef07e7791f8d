#ifndef POLYMUX_BENCH_LOAD_LOAD_MAIN_H_
#define POLYMUX_BENCH_LOAD_LOAD_MAIN_H_

namespace polymux::bench {

// `polymux load`: see its --help. Returns the exit code: 0, 1 on an error of
// any connection, 2 on a usage error, 130 when ended by SIGINT or SIGTERM.
// REQUIRES: no other thread runs (signals are blocked here).
int LoadMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_LOAD_MAIN_H_
