#ifndef POLYMUX_REACTOR_PEER_LIMIT_H_
#define POLYMUX_REACTOR_PEER_LIMIT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "reactor/inet_address.h"
#include "reactor/mutex.h"

namespace polymux {

// How many connections each peer has, and whether it may have one more. A peer
// is an IPv4 address or the first 64 bits of an IPv6 address, of which one host
// commonly has all that follow. Any thread.
class PeerLimit {
 public:
  // Zero is no limit: nothing is counted then.
  explicit PeerLimit(std::size_t limit) : limit_(limit) {}

  // Counts a connection from `peer` until Leave; false, and nothing counted,
  // when it has as many as it may.
  bool Enter(const InetAddress& peer);
  // REQUIRES: entered before.
  void Leave(const InetAddress& peer);

 private:
  using Network = std::pair<sa_family_t, std::uint64_t>;
  static Network NetworkOf(const InetAddress& peer);

  const std::size_t limit_;
  Mutex mutex_;
  std::map<Network, std::size_t> connections_ POLYMUX_GUARDED_BY(mutex_);
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_PEER_LIMIT_H_
