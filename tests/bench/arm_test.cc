#include "bench/lab/arm.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bench/lab/usage_error.h"
#include "bench/peers/peers.h"
#include "poller/backends.h"

namespace polymux::bench {
namespace {

std::vector<Arm> BuiltIn() {
  return {{.name = "a", .target = "a"}, {.name = "b", .target = "b"}};
}

std::vector<std::string> NamesOf(const std::vector<Arm>& arms) {
  std::vector<std::string> names;
  names.reserve(arms.size());
  for (const Arm& arm : arms) names.push_back(arm.name);
  return names;
}

using Names = std::vector<std::string>;

TEST(ArmTest, BuiltInAreAllBackendsAndAllPeers) {
  const auto arms = BuiltInArms();
  EXPECT_EQ(arms.size(), Backends().size() + Peers().size());
  for (const Backend& backend : Backends()) {
    const auto arm = std::ranges::find(arms, backend.name, &Arm::name);
    ASSERT_NE(arm, arms.end());
    EXPECT_EQ(arm->max_fd, backend.max_fd);
    EXPECT_TRUE(arm->is_polymux());
  }
}

TEST(ArmTest, NoNamesMeansTheBuiltInOnesThenTheUsersOwn) {
  const std::vector<Arm> own{ParseServerArm("mine=/bin/x")};
  EXPECT_EQ(NamesOf(SelectArms({}, BuiltIn(), own)), (Names{"a", "b", "mine"}));
}

TEST(ArmTest, WhatIsNotComparedByDefaultIsSoByNameOrWithAll) {
  std::vector<Arm> built_in = BuiltIn();
  built_in.back().by_default = false;
  EXPECT_EQ(NamesOf(SelectArms({}, built_in, {})), (Names{"a"}));
  EXPECT_EQ(NamesOf(SelectArms(Names{"b"}, built_in, {})), (Names{"b"}));
  EXPECT_EQ(NamesOf(SelectArms(Names{"all"}, built_in, {})), (Names{"a", "b"}));
}

TEST(ArmTest, ANameGivenTwiceIsACopy) {
  const Names names{"b", "a", "b", "b"};
  const auto arms = SelectArms(names, BuiltIn(), {});
  EXPECT_EQ(NamesOf(arms), (Names{"b", "a", "b#2", "b#3"}));
  EXPECT_EQ(arms[3].target, "b");
}

TEST(ArmTest, TheUsersOwnAreAppendedUnlessNamed) {
  const std::vector<Arm> own{ParseServerArm("mine=/bin/x"),
                             ParseForeignArm("other=srv {port}")};
  const Names names{"mine", "a", "mine"};
  EXPECT_EQ(NamesOf(SelectArms(names, BuiltIn(), own)),
            (Names{"mine", "a", "mine#2", "other"}));
}

TEST(ArmTest, AnUnknownNameIsAnErrorThatListsTheKnownOnes) {
  const Names names{"c"};
  try {
    SelectArms(names, BuiltIn(), {});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "no arm \"c\"; there are a, b");
  }
}

TEST(ArmTest, TwoOfOneNameAreAnError) {
  const std::vector<Arm> own{ParseServerArm("a=/bin/x")};
  EXPECT_THROW(SelectArms({}, BuiltIn(), own), UsageError);
}

TEST(ArmTest, ParsesServersAndCommands) {
  const Arm server = ParseServerArm("mine=/a=b");
  EXPECT_EQ(server.name, "mine");
  EXPECT_EQ(server.target, "/a=b");
  EXPECT_TRUE(server.is_polymux());
  const Arm foreign = ParseForeignArm("x=./s --port {port} | cat");
  EXPECT_EQ(foreign.target, "./s --port {port} | cat");
  EXPECT_FALSE(foreign.is_polymux());
}

TEST(ArmTest, RefusesWhatIsNoNameAndValue) {
  EXPECT_THROW(ParseServerArm("mine"), UsageError);
  EXPECT_THROW(ParseServerArm("mine="), UsageError);
  EXPECT_THROW(ParseServerArm("=x"), UsageError);
  EXPECT_THROW(ParseServerArm("a b=x"), UsageError);
  EXPECT_THROW(ParseServerArm("a#2=x"), UsageError);
  EXPECT_THROW(ParseServerArm("abcdefghijklmnopqrstu=x"), UsageError);
  EXPECT_THROW(ParseForeignArm("mine=server without a port"), UsageError);
}

}  // namespace
}  // namespace polymux::bench
