#include "reactor/peer_limit.h"

#include <gtest/gtest.h>

namespace polymux {
namespace {

InetAddress Peer(const char* host, std::uint16_t port = 1) {
  return *InetAddress::Parse(host, port);
}

TEST(PeerLimitTest, CountsEachPeerWhateverItsPort) {
  PeerLimit limit(2);
  EXPECT_TRUE(limit.Enter(Peer("10.0.0.1", 1)));
  EXPECT_TRUE(limit.Enter(Peer("10.0.0.1", 2)));
  EXPECT_FALSE(limit.Enter(Peer("10.0.0.1", 3)));
  EXPECT_TRUE(limit.Enter(Peer("10.0.0.2")));
  limit.Leave(Peer("10.0.0.1", 1));
  EXPECT_TRUE(limit.Enter(Peer("10.0.0.1", 4)));
  EXPECT_FALSE(limit.Enter(Peer("10.0.0.1", 5)));
}

TEST(PeerLimitTest, ZeroIsNoLimit) {
  PeerLimit limit(0);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(limit.Enter(Peer("10.0.0.1")));
  limit.Leave(Peer("10.0.0.1"));
}

TEST(PeerLimitTest, OneIPv6HostHasA64BitNetwork) {
  PeerLimit limit(1);
  EXPECT_TRUE(limit.Enter(Peer("2001:db8::1")));
  EXPECT_FALSE(limit.Enter(Peer("2001:db8::ffff:0:0:2")));
  EXPECT_TRUE(limit.Enter(Peer("2001:db8:0:1::1")));
}

TEST(PeerLimitTest, AMappedAddressIsTheIPv4Host) {
  PeerLimit limit(1);
  EXPECT_TRUE(limit.Enter(Peer("::ffff:10.0.0.1")));
  EXPECT_FALSE(limit.Enter(Peer("10.0.0.1")));
  EXPECT_TRUE(limit.Enter(Peer("::ffff:10.0.0.2")));
}

}  // namespace
}  // namespace polymux
