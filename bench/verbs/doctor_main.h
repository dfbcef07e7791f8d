#ifndef POLYMUX_BENCH_VERBS_DOCTOR_MAIN_H_
#define POLYMUX_BENCH_VERBS_DOCTOR_MAIN_H_

namespace polymux::bench {

// `polymux doctor`: see its --help.  Returns the exit code: 0 fit to measure
// (with warnings, maybe), 1 run-time error, 2 usage, 3 there is a problem.
int DoctorMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_DOCTOR_MAIN_H_
