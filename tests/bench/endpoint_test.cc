#include "bench/load/endpoint.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace polymux::bench {
namespace {

TEST(ParseHostPort, TakesNamesAndBothFamilies) {
  EXPECT_EQ(ParseHostPort("127.0.0.1:7000").host, "127.0.0.1");
  EXPECT_EQ(ParseHostPort("127.0.0.1:7000").port, "7000");
  EXPECT_EQ(ParseHostPort("[::1]:80").host, "::1");
  EXPECT_EQ(ParseHostPort("localhost:65535").host, "localhost");
}

TEST(ParseHostPort, RefusesEverythingElse) {
  for (const char* text :
       {"", "7000", "host", "host:", ":80", "host:0", "host:65536", "host:http",
        "host:80 ", "::1:80", "[]:80", "[::1]", "[::1]80", "host:+80"}) {
    EXPECT_THROW(ParseHostPort(text), std::invalid_argument) << text;
  }
}

TEST(Endpoint, ResolvesAndKnowsLoopback) {
  EXPECT_TRUE(Endpoint::Resolve({"127.0.0.1", "80"}).IsIpv4Loopback());
  EXPECT_TRUE(Endpoint::Resolve({"127.3.2.1", "80"}).IsIpv4Loopback());
  EXPECT_FALSE(Endpoint::Resolve({"192.0.2.1", "80"}).IsIpv4Loopback());
  EXPECT_FALSE(Endpoint::Resolve({"::1", "80"}).IsIpv4Loopback());
  EXPECT_EQ(Endpoint::Resolve({"::1", "80"}).family(), AF_INET6);
}

TEST(Endpoint, SaysWhatItCannotResolve) {
  try {
    Endpoint::Resolve({"999.1.1.1", "80"});
    FAIL() << "resolved";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()).find("cannot resolve '999.1.1.1'"), 0U)
        << error.what();
  }
}

}  // namespace
}  // namespace polymux::bench
