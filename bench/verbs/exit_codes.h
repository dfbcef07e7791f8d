#ifndef POLYMUX_BENCH_VERBS_EXIT_CODES_H_
#define POLYMUX_BENCH_VERBS_EXIT_CODES_H_

namespace polymux::bench {

// What the verbs of the lab return from main.
inline constexpr int kExitOk = 0;
inline constexpr int kExitRunTimeError = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInvalid = 3;    // the results are not to be used
inline constexpr int kExitCondition = 4;  // a --fail-if condition holds
inline constexpr int kExitInterrupted = 130;

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_EXIT_CODES_H_
