#include "bench/peers/peers.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "bench/peers/raw_epoll.h"

namespace polymux::bench {
namespace {

constexpr std::array kPeers{
    Peer{"raw-epoll", "hand-written loop on level-triggered epoll",
         RawEpollMain},
};

}  // namespace

std::span<const Peer> Peers() { return kPeers; }

const Peer* FindPeer(std::string_view name) {
  const auto found = std::ranges::find(kPeers, name, &Peer::name);
  return found == kPeers.end() ? nullptr : &*found;
}

int PeerMain(int argc, char** argv) {
  const Peer* peer = argc > 1 ? FindPeer(argv[1]) : nullptr;
  if (peer == nullptr) {
    std::fprintf(stderr, "usage: %s NAME --port P\nNAME is one of:\n", argv[0]);
    for (const Peer& known : kPeers) {
      std::fprintf(stderr, "  %-12s %s\n", std::string(known.name).c_str(),
                   std::string(known.description).c_str());
    }
    return 2;
  }
  std::string program = std::string(argv[0]) + " " + argv[1];
  argv[1] = program.data();
  return peer->main(argc - 1, argv + 1);
}

}  // namespace polymux::bench
