#ifndef POLYMUX_BENCH_PEERS_PEERS_H_
#define POLYMUX_BENCH_PEERS_PEERS_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace polymux::bench {

// An echo server that does not use the reactor, to compare it with.  `main`
// takes `--port P`, listens on 127.0.0.1, prints a first line `listening
// IP:PORT backend=NAME reactors=0` and ends on SIGINT and SIGTERM with 0.
struct Peer {
  std::string_view name;
  std::string_view description;
  // For the report: what its code does with a message.
  std::string_view about;
  // Whether it is compared unless arms are named.
  bool by_default;
  // The highest descriptor number that it can watch; none: no limit of its own.
  std::optional<int> max_fd;
  // Returns why it cannot run here; empty when it can, as most always can.
  std::string (*probe)() = [] { return std::string(); };
  int (*main)(int argc, char** argv);
};

// The one table of peers.
std::span<const Peer> Peers();

// Null when there is none of that name.
const Peer* FindPeer(std::string_view name);

// `PROGRAM NAME [ARGUMENT...]` runs the peer NAME with the arguments.  Unknown
// names: exit code 2.
int PeerMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_PEERS_PEERS_H_
