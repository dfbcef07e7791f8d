#ifndef POLYMUX_APPS_DESCRIPTOR_LIMIT_H_
#define POLYMUX_APPS_DESCRIPTOR_LIMIT_H_

#include <cstddef>

namespace polymux {

// Raises the soft limit of open descriptors (RLIMIT_NOFILE) to the hard one and
// returns what then holds.
std::size_t RaiseDescriptorLimit();

}  // namespace polymux

#endif  // POLYMUX_APPS_DESCRIPTOR_LIMIT_H_
