#ifndef POLYMUX_BENCH_LAB_CONSOLE_H_
#define POLYMUX_BENCH_LAB_CONSOLE_H_

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace polymux::bench {

// Says `text` on stderr, as far as anybody takes it: what does not get there
// (the disk is full, the terminal or the reader has gone, a reader does not
// read for 100 ms) is lost, for it is never what was asked for. Does not throw.
//
// REQUIRES: a lack of readers is no signal, where that must not end the
// process: see HandleInterrupts.
void TellUser(std::string_view text);

// Prints a part of the result to stdout. Does not throw: RunProgram tells of
// what is lost, and makes it an error.
void PrintResult(std::string_view text);

template <typename... Arguments>
void TellUser(fmt::format_string<Arguments...> format, Arguments&&... values) {
  TellUser(std::string_view(
      fmt::format(format, std::forward<Arguments>(values)...)));
}

template <typename... Arguments>
void PrintResult(fmt::format_string<Arguments...> format,
                 Arguments&&... values) {
  PrintResult(std::string_view(
      fmt::format(format, std::forward<Arguments>(values)...)));
}

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_CONSOLE_H_
