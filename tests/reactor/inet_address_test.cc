#include "reactor/inet_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include "reactor/unique_fd.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

TEST(InetAddressTest, IsAnyPortOfAnyAddressAtFirst) {
  const InetAddress address;
  EXPECT_EQ(address.family(), AF_INET);
  EXPECT_EQ(address.port(), 0);
  EXPECT_EQ(address.ToString(), "0.0.0.0:0");
}

TEST(InetAddressTest, ParsesIPv4) {
  const auto address = InetAddress::Parse("192.168.1.20", 8080);
  ASSERT_TRUE(address);
  EXPECT_EQ(address->family(), AF_INET);
  EXPECT_EQ(address->port(), 8080);
  EXPECT_EQ(address->size(), sizeof(sockaddr_in));
  EXPECT_EQ(address->ToString(), "192.168.1.20:8080");
  const auto* raw = reinterpret_cast<const sockaddr_in*>(address->data());
  EXPECT_EQ(raw->sin_addr.s_addr, htonl(0xC0A80114U));
  EXPECT_EQ(raw->sin_port, htons(8080));
}

TEST(InetAddressTest, ParsesIPv6) {
  const auto address = InetAddress::Parse("::1", 65535);
  ASSERT_TRUE(address);
  EXPECT_EQ(address->family(), AF_INET6);
  EXPECT_EQ(address->port(), 65535);
  EXPECT_EQ(address->size(), sizeof(sockaddr_in6));
  EXPECT_EQ(address->ToString(), "[::1]:65535");
}

TEST(InetAddressTest, WritesIPv6InItsShortForm) {
  EXPECT_EQ(InetAddress::Parse("2001:DB8:0:0:0:0:0:7", 1)->ToString(),
            "[2001:db8::7]:1");
  EXPECT_EQ(InetAddress::Parse("::ffff:10.0.0.1", 1)->ToString(),
            "[::ffff:10.0.0.1]:1");
}

TEST(InetAddressTest, KnowsTheInterfaceOfALinkLocalAddress) {
  for (const char* const host : {"fe80::1%lo", "fe80::1%1"}) {
    const auto address = InetAddress::Parse(host, 80);
    ASSERT_TRUE(address) << host;
    const auto* raw = reinterpret_cast<const sockaddr_in6*>(address->data());
    EXPECT_EQ(raw->sin6_scope_id, ::if_nametoindex("lo"));
    EXPECT_EQ(address->ToString(), "[fe80::1%lo]:80");
  }
  EXPECT_EQ(InetAddress::Parse("fe80::1%4294967295", 80)->ToString(),
            "[fe80::1%4294967295]:80");
}

TEST(InetAddressTest, RefusesWhatIsNoNumericAddress) {
  for (const char* const host :
       {"", " ", "999.1.1.1", "1.2.3", "1.2.3.4.5", "127.0.0.1 ", "127.1",
        "localhost", "[::1]", "::1%", "::1%0", "::1%-1", "::1%nosuch",
        "127.0.0.1%lo", ":::", "12345::", "127.0.0.1:80"}) {
    EXPECT_FALSE(InetAddress::Parse(host, 1)) << "'" << host << "'";
  }
}

TEST(InetAddressTest, AZeroByteEndsNoAddress) {
  EXPECT_FALSE(InetAddress::Parse(std::string("127.0.0.1\0", 10), 1));
  EXPECT_FALSE(InetAddress::Parse(std::string("::1\0x", 5), 1));
}

TEST(InetAddressTest, ReadsTheAddressOfASocket) {
  for (const char* const host : {"127.0.0.1", "::1"}) {
    const InetAddress wanted = *InetAddress::Parse(host, 0);
    const UniqueFd fd(
        Must(::socket(wanted.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)));
    Must(::bind(fd.get(), wanted.data(), wanted.size()));
    const InetAddress local = InetAddress::LocalOf(fd.get());
    EXPECT_EQ(local.family(), wanted.family());
    EXPECT_NE(local.port(), 0);
    EXPECT_EQ(local.ToString(),
              InetAddress::Parse(host, local.port())->ToString());
  }
}

TEST(InetAddressTest, TakesWhatTheKernelFillsIn) {
  sockaddr_storage storage{};
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  v6->sin6_family = AF_INET6;
  v6->sin6_addr = in6addr_loopback;
  v6->sin6_port = htons(99);
  EXPECT_EQ(InetAddress::From(storage).ToString(), "[::1]:99");
}

TEST(InetAddressDeathTest, HoldsNoOtherFamily) {
  sockaddr_storage storage{};
  storage.ss_family = AF_UNIX;
  EXPECT_DEATH(InetAddress::From(storage), "IPv4 or IPv6");
  EXPECT_DEATH(InetAddress::LocalOf(-1), "needs a socket");
}

}  // namespace
}  // namespace polymux
