// `polymux doctor` as a user runs it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "poller/backends.h"
#include "tests/bench/verbs/run_verb.h"
#include "tests/poller/forbid_io_uring.h"

namespace polymux::bench {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(DoctorTest, ExitCodeAndSentenceAgree) {
  const VerbOutcome outcome = RunVerb({"doctor", "--sample", "50ms"});
  EXPECT_THAT(outcome.output, StartsWith("This machine"));
  EXPECT_THAT(outcome.output, HasSubstr("steal"));
  EXPECT_EQ(outcome.exit_code,
            outcome.output.find("not fit") == std::string::npos ? 0 : 3);
  std::istringstream lines(outcome.output);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80u) << line;
  }
}

TEST(DoctorTest, Json) {
  const VerbOutcome outcome = RunVerb({"doctor", "--sample", "50ms", "--json"});
  const auto document = nlohmann::json::parse(outcome.output);
  EXPECT_EQ(outcome.exit_code, document.at("fit").get<bool>() ? 0 : 3);
  for (const auto& finding : document.at("findings")) {
    EXPECT_THAT(finding.at("severity").get<std::string>(),
                AnyOf("ok", "warning", "problem"));
    EXPECT_EQ(finding.at("severity") == "ok", finding.at("remedy").is_null());
  }
}

TEST(DoctorTest, AFilterThatForbidsIoUringIsAWarning) {
  const bool is_built_in =
      std::ranges::any_of(Backends(), [](const Backend& backend) {
        return backend.kernel_interface.starts_with("io_uring");
      });
  if (!is_built_in) GTEST_SKIP() << "no backend uses io_uring";
  VerbOutcome outcome;
  // The filter stays with the thread and what it starts.
  std::thread([&outcome] {
    ForbidIoUring(EPERM);
    outcome = RunVerb({"doctor", "--sample", "50ms"});
  }).join();
  EXPECT_THAT(outcome.output, HasSubstr("warning  io_uring"));
  EXPECT_THAT(outcome.output, HasSubstr("-> "));
}

TEST(DoctorTest, UsageErrors) {
  EXPECT_EQ(RunVerb({"doctor", "--sample", "1"}).exit_code, 2);
  EXPECT_EQ(RunVerb({"doctor", "epoll"}).exit_code, 2);
}

}  // namespace
}  // namespace polymux::bench
