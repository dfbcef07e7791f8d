#include "poller/backends.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/select.h>

#include <cerrno>
#include <set>
#include <string>

#include "tests/poller/support.h"

namespace polymux {
namespace {

TEST(BackendsTest, NamesAreUniqueAndDescribed) {
  ASSERT_FALSE(Backends().empty());
  std::set<std::string_view> names;
  for (const Backend& backend : Backends()) {
    EXPECT_TRUE(names.insert(backend.name).second) << backend.name;
    EXPECT_NE(backend.name, "");
    EXPECT_NE(backend.kernel_interface, "");
  }
}

TEST(BackendsTest, FindBackend) {
  for (const Backend& backend : Backends()) {
    EXPECT_EQ(FindBackend(backend.name), &backend);
  }
  EXPECT_EQ(FindBackend(""), nullptr);
  EXPECT_EQ(FindBackend("no-such-backend"), nullptr);
}

TEST(BackendsTest, DefaultIsLinkedIn) {
  EXPECT_NE(FindBackend(DefaultBackend()), nullptr);
}

TEST(BackendsTest, NamesForMessages) {
  std::string names;
  for (const std::string& name : BackendNameList()) names += ", " + name;
  EXPECT_EQ(", " + BackendNames(), names);
}

using BackendRow = PollerTest;

TEST_P(BackendRow, CreatesWhatItDescribes) {
  EXPECT_EQ(poller().name(), backend().name);
  EXPECT_EQ(poller().trigger(), backend().trigger);
  EXPECT_EQ(poller().reports_hang_up(), backend().reports_hang_up);
}

TEST_P(BackendRow, CountersStartAtZeroAndSayWhatIsASystemCall) {
  std::set<std::string_view> system_calls;
  for (const Counter& counter : poller().counters()) {
    EXPECT_EQ(counter.value, 0U) << counter.name;
    if (counter.is_system_call) system_calls.insert(counter.name);
  }
  std::set<std::string_view> expected{"waits"};
  if (backend().changes_are_system_calls) {
    expected.insert({"adds", "modifies", "removes"});
  }
  EXPECT_EQ(system_calls, expected);
}

// With no descriptor left, creation either needs none or throws.
TEST_P(BackendRow, CreateThrowsWhenTheKernelRefuses) {
  rlimit before{};
  Must(::getrlimit(RLIMIT_NOFILE, &before));
  rlimit none = before;
  none.rlim_cur = 0;
  Must(::setrlimit(RLIMIT_NOFILE, &none));
  std::error_code error;
  try {
    backend().create();
  } catch (const std::system_error& caught) {
    error = caught.code();
  }
  Must(::setrlimit(RLIMIT_NOFILE, &before));
  if (backend().changes_are_system_calls) {
    EXPECT_EQ(error, std::errc::too_many_files_open);
  } else {
    EXPECT_FALSE(error) << error.message();
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, BackendRow, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
