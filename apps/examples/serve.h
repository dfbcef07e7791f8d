#ifndef POLYMUX_APPS_EXAMPLES_SERVE_H_
#define POLYMUX_APPS_EXAMPLES_SERVE_H_

#include "reactor/connection.h"

namespace polymux {

// What the example servers share, as a program: the flags --backend and --port,
// a first line "listening IP:PORT backend=NAME reactors=0", service in one
// thread, a log, and a graceful stop on SIGINT or SIGTERM. Returns the exit
// code: 1 when it could not start or go on, or cut off what it was sending.
int ServeExample(int argc, char** argv, const char* description,
                 Connection::Options connection);

}  // namespace polymux

#endif  // POLYMUX_APPS_EXAMPLES_SERVE_H_
