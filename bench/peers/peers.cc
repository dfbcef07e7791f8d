#include "bench/peers/peers.h"

#include <sys/select.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "bench/peers/asio_peer.h"
#include "bench/peers/libev_peer.h"
#include "bench/peers/libevent_peer.h"
#include "bench/peers/libuv_peer.h"
#include "bench/peers/raw_epoll.h"
#include "bench/peers/raw_poll.h"
#include "bench/peers/raw_select.h"
#include "bench/peers/raw_threads.h"
#include "bench/peers/raw_uring.h"
#include "poller/uring_poller.h"

namespace polymux::bench {
namespace {

constexpr std::string_view kByHand =
    "One thread; for each ready connection one recv into a buffer that all "
    "share and one send straight out of it. What the kernel does not take is "
    "kept, and the connection is not read until it is sent.";

constexpr std::array kPeers{
    Peer{.name = "raw-select",
         .description = "hand-written loop on select",
         .about = kByHand,
         .by_default = false,
         .max_fd = FD_SETSIZE - 1,
         .main = RawSelectMain},
    Peer{.name = "raw-poll",
         .description = "hand-written loop on poll",
         .about = kByHand,
         .by_default = false,
         .max_fd = std::nullopt,
         .main = RawPollMain},
    Peer{.name = "raw-epoll",
         .description = "hand-written loop on level-triggered epoll",
         .about = kByHand,
         .by_default = true,
         .max_fd = std::nullopt,
         .main = RawEpollMain},
    Peer{.name = "raw-uring",
         .description = "hand-written loop on io_uring's completions",
         .about = "One thread that reads and writes through the ring: a recv "
                  "into 64 KiB of its own for each connection, and when that "
                  "has completed a send of all of it, linked to the next recv. "
                  "One io_uring_enter submits what has come together and waits "
                  "for the next completion.",
         .by_default = false,
         .max_fd = std::nullopt,
         .probe = [] { return kUringLevelBackend.probe(); },
         .main = RawUringMain},
    Peer{.name = "raw-threads",
         .description = "blocking sockets, a thread for each connection",
         .about = "What multiplexing replaced: each connection has a thread "
                  "with a stack of 128 KiB that blocks in recv and in send.",
         .by_default = false,
         .max_fd = std::nullopt,
         .main = RawThreadsMain},
    Peer{.name = "libevent",
         .description = "libevent's bufferevents",
         .about = "One thread. The read callback moves the input buffer to "
                  "the output buffer without copying; libevent reads up to "
                  "16 KiB at a time (it asks FIONREAD first) and writes when "
                  "its loop finds the socket writable, which takes two "
                  "epoll_ctl for each message. More than 1 MiB of output "
                  "pauses reading.",
         .by_default = false,
         .max_fd = std::nullopt,
         .main = LibeventMain},
    Peer{.name = "libev",
         .description = "libev's I/O watchers",
         .about = "One thread. libev has no buffers of its own: the callback "
                  "does what the hand-written loops do, one recv and one "
                  "send.",
         .by_default = false,
         .max_fd = std::nullopt,
         .main = LibevMain},
    Peer{.name = "libuv",
         .description = "libuv's streams",
         .about = "One thread. A read of up to 64 KiB, then uv_try_write; what "
                  "the kernel does not take is copied into a uv_write. More "
                  "than 1 MiB of output pauses reading. Without descriptors "
                  "libuv closes those who wait.",
         .by_default = false,
         .max_fd = std::nullopt,
         .main = LibuvMain},
    Peer{.name = "asio",
         .description = "standalone Asio, async_read_some and async_write",
         .about = "One thread, one io_context. Reads up to 16 KiB, then writes "
                  "all of it before it reads again. A write is tried at once; "
                  "after a read that did not fill its buffer the next one "
                  "waits for edge-triggered epoll. Its loop looks at epoll "
                  "without waiting before it waits.",
         .by_default = false,
         .max_fd = std::nullopt,
         .main = AsioMain},
};

void PrintHelp(const char* program, std::FILE* out) {
  std::fprintf(out,
               "Runs an echo server without the reactor, as a control.\n"
               "Usage: %s NAME [--port PORT]\n\nNAME is one of:\n",
               program);
  for (const Peer& known : kPeers) {
    std::fprintf(out, "  %-12s %s\n", std::string(known.name).c_str(),
                 std::string(known.description).c_str());
  }
  std::fprintf(out,
               "\nIt listens on 127.0.0.1, tells where on stdout, and ends on "
               "SIGINT or SIGTERM.\n\nExamples:\n"
               "  %s raw-epoll --port 7000\n"
               "  polymux compare --arms epoll-lt,raw-epoll\n\n"
               "Exit code: 0; 1 run-time error; 2 usage.\n",
               program);
}

}  // namespace

std::span<const Peer> Peers() { return kPeers; }

const Peer* FindPeer(std::string_view name) {
  const auto found = std::ranges::find(kPeers, name, &Peer::name);
  return found == kPeers.end() ? nullptr : &*found;
}

int PeerMain(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  if (name == "-h" || name == "--help") {
    PrintHelp(argv[0], stdout);
    return 0;
  }
  const Peer* const peer = FindPeer(name);
  if (peer == nullptr) {
    PrintHelp(argv[0], stderr);
    return 2;
  }
  std::string program = std::string(argv[0]) + " " + argv[1];
  argv[1] = program.data();
  return peer->main(argc - 1, argv + 1);
}

}  // namespace polymux::bench
