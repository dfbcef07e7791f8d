#include "reactor/peer_limit.h"

#include <cstring>

#include "poller/check.h"

namespace polymux {

bool PeerLimit::Enter(const InetAddress& peer) {
  if (limit_ == 0) return true;
  const MutexLock lock(mutex_);
  std::size_t& count = connections_[NetworkOf(peer)];
  if (count >= limit_) return false;
  ++count;
  return true;
}

void PeerLimit::Leave(const InetAddress& peer) {
  if (limit_ == 0) return;
  const MutexLock lock(mutex_);
  const auto found = connections_.find(NetworkOf(peer));
  POLYMUX_CHECK(found != connections_.end(), "a peer leaves twice");
  // Those without connections are forgotten, or the map would only grow.
  if (--found->second == 0) connections_.erase(found);
}

PeerLimit::Network PeerLimit::NetworkOf(const InetAddress& peer) {
  if (peer.family() == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, peer.data(), sizeof(v4));
    return {AF_INET, v4.sin_addr.s_addr};
  }
  sockaddr_in6 v6;
  std::memcpy(&v6, peer.data(), sizeof(v6));
  const unsigned char* const bytes = v6.sin6_addr.s6_addr;
  // What an IPv4 host looks like to a listener of both families.
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    std::uint32_t v4 = 0;
    std::memcpy(&v4, bytes + 12, sizeof(v4));
    return {AF_INET, v4};
  }
  std::uint64_t network = 0;
  std::memcpy(&network, bytes, sizeof(network));
  return {AF_INET6, network};
}

}  // namespace polymux
