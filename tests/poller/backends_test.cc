#include "poller/backends.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/select.h>

#include <cerrno>
#include <memory>
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
  EXPECT_EQ(FindBackend(DefaultBackend().name), &DefaultBackend());
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
  // A backend may append counters of its own.
  EXPECT_TRUE(system_calls.contains("waits"));
  for (const char* const change : {"adds", "modifies", "removes"}) {
    EXPECT_EQ(system_calls.contains(change), backend().changes_are_system_calls)
        << change;
  }
}

// With no descriptor left, creation either needs none or throws.
TEST_P(BackendRow, CreateThrowsWhenTheKernelRefuses) {
  const bool needs_one = [this] {
    const std::size_t open = OpenDescriptors();
    const std::unique_ptr<Poller> another = backend().create();
    return OpenDescriptors() > open;
  }();
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
  if (needs_one) {
    EXPECT_EQ(error, std::errc::too_many_files_open);
  } else {
    EXPECT_FALSE(error) << error.message();
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, BackendRow, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
