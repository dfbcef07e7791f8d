#include "apps/bank/password.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <array>
#include <stdexcept>
#include <string>

namespace polymux {
namespace {

TEST(PasswordTest, OnlyTheRightOneMatches) {
  const std::string hash = HashPassword("correct horse");
  EXPECT_TRUE(VerifyPassword(hash, "correct horse"));
  EXPECT_FALSE(VerifyPassword(hash, "correct horsf"));
  EXPECT_FALSE(VerifyPassword(hash, "correct hors"));
  EXPECT_FALSE(VerifyPassword(hash, ""));
}

TEST(PasswordTest, IsHashedByArgon2idWithASaltOfItsOwn) {
  const std::string hash = HashPassword("secret");
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << hash;
  EXPECT_EQ(hash.find("secret"), std::string::npos);
  EXPECT_NE(HashPassword("secret"), hash);
}

// A damaged row of the ledger, which is not a wrong password.
TEST(PasswordTest, WhatIsNoHashIsAnError) {
  std::string hash = HashPassword("secret");
  EXPECT_THROW(VerifyPassword("", ""), std::invalid_argument);
  EXPECT_THROW(VerifyPassword("secret", "secret"), std::invalid_argument);
  EXPECT_THROW(VerifyPassword(hash.substr(0, hash.size() - 1), "secret"),
               std::invalid_argument);
  EXPECT_THROW(VerifyPassword(hash + "x", "secret"), std::invalid_argument);
  hash.replace(hash.find("m="), 7, "m=99999999");
  EXPECT_THROW(VerifyPassword(hash, "secret"), std::invalid_argument)
      << "memory without end";
}

// As libsodium's own check does, whatever the costs of the day.
TEST(PasswordTest, HashesOfOtherCostsMatchToo) {
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  ASSERT_EQ(::crypto_pwhash_str(hash.data(), "secret", 6, 1, 64 * 1024), 0);
  EXPECT_TRUE(VerifyPassword(hash.data(), "secret"));
  EXPECT_FALSE(VerifyPassword(hash.data(), "secrets"));
}

}  // namespace
}  // namespace polymux
