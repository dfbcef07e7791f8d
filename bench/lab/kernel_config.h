#ifndef POLYMUX_BENCH_LAB_KERNEL_CONFIG_H_
#define POLYMUX_BENCH_LAB_KERNEL_CONFIG_H_

#include <span>
#include <string>

namespace polymux::bench {

// How the running kernel was configured: of these options, such as
// "CONFIG_HZ", the lines of its configuration, joined by spaces; one that it
// does not mention is "OPTION=n".  Empty when the configuration is not to be
// had (/proc/config.gz, /boot/config-VERSION).
std::string KernelConfig(std::span<const char* const> options);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_KERNEL_CONFIG_H_
