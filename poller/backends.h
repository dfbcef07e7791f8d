#ifndef POLYMUX_POLLER_BACKENDS_H_
#define POLYMUX_POLLER_BACKENDS_H_

#include <span>
#include <string>
#include <string_view>

#include "poller/poller.h"

namespace polymux {

// The table of the backends linked into this program: all of them, or the one
// chosen by --//poller:backend=NAME. Flags, tests, benchmarks and `polymux
// list` are generated from it; there is no second list. Immutable; any thread.
std::span<const Backend> Backends();

// The row with that name, or nullptr.
const Backend* FindBackend(std::string_view name);

// The row of what a program uses when no backend is asked for.
const Backend& DefaultBackend();

// The names of Backends(), separated by ", ": for messages.
std::string BackendNames();

}  // namespace polymux

#endif  // POLYMUX_POLLER_BACKENDS_H_
