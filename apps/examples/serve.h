#ifndef POLYMUX_APPS_EXAMPLES_SERVE_H_
#define POLYMUX_APPS_EXAMPLES_SERVE_H_

#include "reactor/connection.h"

namespace polymux {

// What the example servers share, as a program: the flags --backend and --port,
// a first line "listening IP:PORT backend=NAME reactors=0", service in one
// thread, and a graceful stop on SIGINT or SIGTERM. Returns the exit code.
int ServeExample(int argc, char** argv, const char* description,
                 ConnectionCallbacks callbacks);

}  // namespace polymux

#endif  // POLYMUX_APPS_EXAMPLES_SERVE_H_
