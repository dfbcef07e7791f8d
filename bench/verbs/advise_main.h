#ifndef POLYMUX_BENCH_VERBS_ADVISE_MAIN_H_
#define POLYMUX_BENCH_VERBS_ADVISE_MAIN_H_

namespace polymux::bench {

// `polymux advise`: see its --help.  Returns the exit code: 0 (also for "no
// detectable difference"), 1 run-time error, 2 usage.
int AdviseMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_ADVISE_MAIN_H_
