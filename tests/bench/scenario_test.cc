#include "bench/lab/scenario.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "bench/lab/usage_error.h"

namespace polymux::bench {
namespace {

TEST(ScenarioTest, TheBuiltInOnesMakeSenseAndHaveDifferentNames) {
  std::set<std::string> names;
  for (const Scenario& scenario : BuiltInScenarios()) {
    scenario.Validate();
    EXPECT_TRUE(names.insert(scenario.name).second) << scenario.name;
  }
  for (const char* name : {"echo-1", "echo-100", "echo-1000", "pipeline",
                           "bulk", "idle-900", "idle-8000"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(ScenarioTest, AGroupStandsForItsMembers) {
  for (const ScenarioGroup& group : ScenarioGroups()) {
    const std::vector<std::string> names{std::string(group.name)};
    const auto selected = SelectScenarios(names);
    ASSERT_EQ(selected.size(), group.members.size()) << group.name;
    for (std::size_t i = 0; i < selected.size(); ++i) {
      EXPECT_EQ(selected[i].name, group.members[i]);
    }
  }
}

// The heat map has a place for each number of connections and active share.
TEST(ScenarioTest, TheGridHasNoGaps) {
  const std::vector<std::string> names{"grid"};
  std::map<int, std::set<int>> shares;  // in percent, by connections
  for (const Scenario& scenario : SelectScenarios(names)) {
    EXPECT_TRUE(scenario.is_plain()) << scenario.name;
    EXPECT_EQ(scenario.depth, 1) << scenario.name;
    EXPECT_EQ(scenario.message_size, Scenario().message_size) << scenario.name;
    EXPECT_EQ(scenario.active * 100 % scenario.connections(), 0);
    shares[scenario.connections()].insert(scenario.active * 100 /
                                          scenario.connections());
  }
  const std::set<int> all{1, 10, 100};
  EXPECT_EQ(shares, (std::map<int, std::set<int>>{// Of ten none is a hundredth.
                                                  {10, {10, 100}},
                                                  {100, all},
                                                  {1000, all},
                                                  {10'000, all}}));
}

TEST(ScenarioTest, AMemberOfAGroupIsTakenOnce) {
  const std::vector<std::string> names{"depth-4", "depths", "echo-1"};
  const auto selected = SelectScenarios(names);
  ASSERT_EQ(selected.size(), 5u);
  EXPECT_EQ(selected[0].name, "depth-4");
  EXPECT_EQ(selected[1].name, "depth-1");
  EXPECT_EQ(selected[4].name, "echo-1");
}

TEST(ScenarioTest, SelectsInTheOrderAsked) {
  const std::vector<std::string> names{"idle-900", "echo-1"};
  const auto selected = SelectScenarios(names);
  ASSERT_EQ(selected.size(), 2u);
  EXPECT_EQ(selected[0].name, "idle-900");
  EXPECT_EQ(selected[0].connections(), 910);
  EXPECT_EQ(selected[1].name, "echo-1");
}

TEST(ScenarioTest, AllIsEveryOne) {
  const std::vector<std::string> all{"all"};
  EXPECT_EQ(SelectScenarios(all).size(), BuiltInScenarios().size());
  const std::vector<std::string> and_one_more{"all", "echo-1"};
  EXPECT_EQ(SelectScenarios(and_one_more).size(), BuiltInScenarios().size());
}

TEST(ScenarioTest, AnUnknownNameIsAnErrorThatListsTheKnownOnes) {
  const std::vector<std::string> names{"echo-1", "echo-2"};
  try {
    SelectScenarios(names);
    FAIL();
  } catch (const UsageError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("\"echo-2\""), std::string::npos) << message;
    EXPECT_NE(message.find("idle-8000"), std::string::npos) << message;
  }
}

TEST(ScenarioTest, ANameGivenTwiceIsAnError) {
  const std::vector<std::string> names{"echo-1", "echo-1"};
  EXPECT_THROW(SelectScenarios(names), UsageError);
}

TEST(ScenarioTest, DescribesItself) {
  EXPECT_EQ((Scenario{.name = "x", .active = 1}).Describe(),
            "1 connection, 100-byte messages");
  EXPECT_EQ(
      (Scenario{.name = "x", .active = 5, .idle_to_limit = true}).Describe(),
      "5 active among idle ones up to the limit, 100-byte messages");
  EXPECT_EQ((Scenario{.name = "x",
                      .active = 5,
                      .idle = 20,
                      .message_size = 4096,
                      .depth = 3})
                .Describe(),
            "5 active among 20 idle connections, messages of 4k, 3 "
            "outstanding");
}

TEST(ScenarioTest, DescribesItsTraffic) {
  EXPECT_EQ((Scenario{.name = "x", .rate = 1e4}).Describe(),
            "1 connection, 100-byte messages, 10000 per second (Poisson)");
  EXPECT_EQ((Scenario{.name = "x",
                      .messages_per_connection = 5,
                      .slow_readers = 2,
                      .reactors = 1})
                .Describe(),
            "1 connection, 100-byte messages, 5 per connection, 2 slow "
            "readers, 1 reactor");
  EXPECT_EQ((Scenario{.name = "x", .burst = true}).Describe(),
            "1 connection, 100-byte messages, all at once");
  EXPECT_EQ((Scenario{.name = "x", .active = 9, .fan_out = true}).Describe(),
            "9 connections, 100-byte messages, from one to all");
}

TEST(ScenarioTest, TrafficOfTwoKindsIsRefused) {
  EXPECT_THROW((Scenario{.name = "x", .rate = 5, .burst = true}).Validate(),
               UsageError);
  EXPECT_THROW(
      (Scenario{.name = "x", .messages_per_connection = 5, .burst = true})
          .Validate(),
      UsageError);
  EXPECT_THROW((Scenario{.name = "x", .rate = 0.0}).Validate(), UsageError);
  EXPECT_THROW((Scenario{.name = "x", .depth = 2, .rate = 5}).Validate(),
               UsageError);
  EXPECT_THROW((Scenario{.name = "x", .messages_per_connection = 0}).Validate(),
               UsageError);
  EXPECT_THROW((Scenario{.name = "x", .slow_readers = -1}).Validate(),
               UsageError);
}

TEST(ScenarioTest, AFanOutHasActiveConnectionsAlone) {
  (Scenario{.name = "x", .active = 5, .depth = 3, .fan_out = true}).Validate();
  for (const Scenario& scenario :
       {Scenario{.name = "x", .idle = 1, .fan_out = true},
        Scenario{.name = "x", .rate = 5, .fan_out = true},
        Scenario{.name = "x", .slow_readers = 1, .fan_out = true},
        Scenario{.name = "x", .burst = true, .fan_out = true},
        Scenario{.name = "x", .messages_per_connection = 5, .fan_out = true}}) {
    EXPECT_THROW(scenario.Validate(), UsageError) << scenario.Describe();
  }
}

TEST(ScenarioTest, PlainIsWhatOnlyEchoes) {
  EXPECT_TRUE((Scenario{.name = "x", .idle = 5, .depth = 3}).is_plain());
  EXPECT_FALSE((Scenario{.name = "x", .rate = 5}).is_plain());
  EXPECT_FALSE(
      (Scenario{.name = "x", .messages_per_connection = 5}).is_plain());
  EXPECT_FALSE((Scenario{.name = "x", .slow_readers = 1}).is_plain());
  EXPECT_FALSE((Scenario{.name = "x", .burst = true}).is_plain());
  EXPECT_FALSE((Scenario{.name = "x", .fan_out = true}).is_plain());
}

TEST(ScenarioTest, RefusesWhatMakesNoSense) {
  EXPECT_THROW((Scenario{.name = "x", .active = 0}).Validate(), UsageError);
  EXPECT_THROW((Scenario{.name = "x", .active = 5, .idle = -1}).Validate(),
               UsageError);
  EXPECT_THROW((Scenario{.name = "x", .message_size = 0}).Validate(),
               UsageError);
  EXPECT_THROW((Scenario{.name = "x", .depth = 0}).Validate(), UsageError);
}

}  // namespace
}  // namespace polymux::bench
