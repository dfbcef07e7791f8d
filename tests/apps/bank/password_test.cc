#include "apps/bank/password.h"

#include <gtest/gtest.h>

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

TEST(PasswordTest, NothingMatchesWhatIsNoHash) {
  EXPECT_FALSE(VerifyPassword("", ""));
  EXPECT_FALSE(VerifyPassword("secret", "secret"));
}

}  // namespace
}  // namespace polymux
