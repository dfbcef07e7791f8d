#ifndef POLYMUX_BENCH_LAB_EXIT_CODE_H_
#define POLYMUX_BENCH_LAB_EXIT_CODE_H_

#include <functional>
#include <string_view>

namespace polymux::bench {

// What the verbs of the lab return from main.
inline constexpr int kExitOk = 0;
inline constexpr int kExitRunTimeError = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInvalid = 3;    // the results are not to be used
inline constexpr int kExitCondition = 4;  // a --fail-if condition holds
inline constexpr int kExitInterrupted = 130;

// What `work` returns, or else the exit code of what it throws, of which is
// told on stderr after `verb`: kExitUsage for UsageError, kExitInterrupted for
// Interrupted (who did that knows), kExitRunTimeError for other exceptions.
int ExitCodeOf(std::string_view verb, const std::function<int()>& work);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_EXIT_CODE_H_
