#include "reactor/resolve_host.h"

#include <gtest/gtest.h>
#include <net/if.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace polymux {
namespace {

std::vector<std::string> AddressesOf(const std::string& host) {
  const ResolvedHost resolved = ResolveHost(host, 80);
  EXPECT_EQ(resolved.error, "");
  std::vector<std::string> texts;
  for (const InetAddress& address : resolved.addresses) {
    texts.push_back(address.ToString());
  }
  return texts;
}

TEST(ParsePortTest, TakesWhatIsAPort) {
  EXPECT_EQ(ParsePort("1"), 1);
  EXPECT_EQ(ParsePort("80"), 80);
  EXPECT_EQ(ParsePort("65535"), 65535);
}

TEST(ParsePortTest, RefusesEverythingElse) {
  for (const char* const text : {"", "0", "00", "080", "65536", "4294967377",
                                 "-1", "+80", " 80", "80 ", "0x50", "http"}) {
    EXPECT_FALSE(ParsePort(text)) << "'" << text << "'";
  }
}

TEST(ParseHostPortTest, TakesNamesAndBothFamilies) {
  EXPECT_EQ(ParseHostPort("127.0.0.1:7000")->host, "127.0.0.1");
  EXPECT_EQ(ParseHostPort("127.0.0.1:7000")->port, 7000);
  EXPECT_EQ(ParseHostPort("[::1]:80")->host, "::1");
  EXPECT_EQ(ParseHostPort("localhost:65535")->host, "localhost");
}

TEST(ParseHostPortTest, RefusesEverythingElse) {
  for (const char* const text :
       {"", "7000", "host", "host:", ":80", "host:0", "host:65536", "host:http",
        "host:80 ", "::1:80", "[]:80", "[::1]", "[::1]80", "host:+80",
        "host:080"}) {
    EXPECT_FALSE(ParseHostPort(text)) << "'" << text << "'";
  }
}

// Also those that InetAddress::Parse does not take.
TEST(ResolveHostTest, ReadsNumericAddresses) {
  EXPECT_EQ(AddressesOf("127.1"), std::vector<std::string>{"127.0.0.1:80"});
  const ResolvedHost zone = ResolveHost("fe80::1%lo", 80);
  if (zone.error.empty()) {
    sockaddr_in6 address{};
    std::memcpy(&address, zone.addresses.at(0).data(), sizeof(address));
    EXPECT_EQ(address.sin6_scope_id, if_nametoindex("lo"));
  }

  EXPECT_EQ(AddressesOf("192.0.2.1"), std::vector<std::string>{"192.0.2.1:80"});
  EXPECT_EQ(AddressesOf("2001:db8::7"),
            std::vector<std::string>{"[2001:db8::7]:80"});
}

// /etc/hosts may have it once or twice, and in any order.
TEST(ResolveHostTest, FindsEachAddressOfANameOnce) {
  std::vector<std::string> texts = AddressesOf("localhost");
  ASSERT_FALSE(texts.empty());
  for (const std::string& text : texts) {
    EXPECT_TRUE(text == "127.0.0.1:80" || text == "[::1]:80") << text;
  }
  std::ranges::sort(texts);
  EXPECT_EQ(std::ranges::adjacent_find(texts), texts.end());
}

TEST(ResolveHostTest, AnErrorHasTheName) {
  for (const std::string host : {"999.1.1.1", "", "no name", "127.0.0.1:80",
                                 ":::", "::1%nosuch", "[::1]", "a\nb"}) {
    const ResolvedHost resolved = ResolveHost(host, 80);
    EXPECT_TRUE(resolved.addresses.empty()) << host;
    const std::string begin = "cannot resolve '" + host + "': ";
    EXPECT_EQ(resolved.error.substr(0, begin.size()), begin);
    EXPECT_GT(resolved.error.size(), begin.size());
  }
  EXPECT_TRUE(
      ResolveHost(std::string("127.0.0.1\0x", 11), 80).addresses.empty());
  EXPECT_TRUE(ResolveHost(std::string(100'000, 'x'), 80).addresses.empty());
}

}  // namespace
}  // namespace polymux
