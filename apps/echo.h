#ifndef POLYMUX_APPS_ECHO_H_
#define POLYMUX_APPS_ECHO_H_

namespace polymux {

// The echo server as a program: `echo_server` and `polymux serve`. argv[0] is
// shown as its name. Returns the exit code.
int EchoServerMain(int argc, char** argv);

}  // namespace polymux

#endif  // POLYMUX_APPS_ECHO_H_
