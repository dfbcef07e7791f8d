#ifndef POLYMUX_BENCH_LOAD_CPU_LIST_H_
#define POLYMUX_BENCH_LOAD_CPU_LIST_H_

#include <string_view>
#include <vector>

namespace polymux::bench {

// CPU numbers as taskset(1) writes them: "1", "0,2-3". Throws
// std::invalid_argument with a message for the user.
std::vector<int> ParseCpuList(std::string_view text);

// Keeps the calling thread, and those that it starts from now on, on these
// CPUs. Throws std::system_error when none of them can be used.
void PinToCpus(const std::vector<int>& cpus);

// Whether the calling thread may run on more than one CPU.
bool HasSeveralCpus();

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_CPU_LIST_H_
