#ifndef POLYMUX_BENCH_PEERS_RAW_EPOLL_H_
#define POLYMUX_BENCH_PEERS_RAW_EPOLL_H_

namespace polymux::bench {

// The control of every comparison: an echo server on epoll(7) written by hand,
// without any framework, so that its distance to the reactor is what the
// reactor costs.  One thread, one level-triggered epoll, one recv and one send
// per message.  See RunPeer (listener.h).
int RawEpollMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_PEERS_RAW_EPOLL_H_
