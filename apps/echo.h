#ifndef POLYMUX_APPS_ECHO_H_
#define POLYMUX_APPS_ECHO_H_

#include <functional>

#include "reactor/connection.h"

namespace polymux {

// The echo server as a program: `echo_server` and `polymux serve`. argv[0] is
// shown as its name. Returns the exit code.
int EchoServerMain(int argc, char** argv);

// The same for a test's own server: `adjust` may change what is called for its
// connections, before the first one.
using AdjustCallbacks = std::function<void(ConnectionCallbacks*)>;
int AdjustedEchoServerMain(int argc, char** argv,
                           const AdjustCallbacks& adjust);

}  // namespace polymux

#endif  // POLYMUX_APPS_ECHO_H_
