#ifndef POLYMUX_BENCH_LAB_PADDING_H_
#define POLYMUX_BENCH_LAB_PADDING_H_

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace polymux::bench {

// The environment of this process and a variable more, as long as it takes for
// the stack of a program to begin at the same place whatever its command is,
// or `extra` bytes below: the kernel puts path, arguments and environment above
// it.  A command of more than some 16 KB makes more of it.
std::vector<std::string> PaddedEnvironment(std::span<const std::string> command,
                                           std::size_t extra);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_PADDING_H_
