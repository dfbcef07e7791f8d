#ifndef POLYMUX_BENCH_PEERS_LISTENER_H_
#define POLYMUX_BENCH_PEERS_LISTENER_H_

#include <string_view>

namespace polymux::bench {

// Returns `result` of a call that must succeed; throws std::system_error with
// errno and the call's name when it is negative.
int Check(int result, const char* call);

// The main function of a peer, up to its loop: parses the command line, takes
// as many descriptors as the process may have, listens on 127.0.0.1 with the
// options that all peers share (SO_REUSEADDR; TCP_NODELAY, which accepted
// sockets inherit; a backlog of SOMAXCONN; non-blocking), says where, and calls
// `serve`, which does not return until something fails.
//
// SIGINT and SIGTERM end the process with 0: an echo server owes nobody
// anything.  SIGPIPE is ignored.  Returns an exit code: 0 after --help, 1
// start-up failure or an exception of `serve`, 2 usage.
int RunPeer(int argc, char** argv, std::string_view name,
            void (*serve)(int listener));

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_PEERS_LISTENER_H_
