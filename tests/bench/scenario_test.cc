#include "bench/lab/scenario.h"

#include <gtest/gtest.h>

#include "bench/lab/usage_error.h"

namespace polymux::bench {
namespace {

TEST(ScenarioTest, ThereAreTheSevenBuiltInOnes) {
  std::vector<std::string> names;
  for (const Scenario& scenario : BuiltInScenarios()) {
    scenario.Validate();
    names.push_back(scenario.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"echo-1", "echo-100", "echo-1000",
                                             "pipeline", "bulk", "idle-900",
                                             "idle-8000"}));
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
  EXPECT_EQ((Scenario{.name = "x",
                      .active = 5,
                      .idle = 20,
                      .message_size = 4096,
                      .depth = 3})
                .Describe(),
            "5 active among 20 idle connections, messages of 4k, 3 "
            "outstanding");
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
