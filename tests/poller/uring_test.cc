// What the io_uring backends owe beyond the suite of all backends.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "tests/poller/forbid_io_uring.h"
#include "tests/poller/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;

// The rows of Backends() on io_uring; none in a program rebuilt with another.
std::vector<std::string> UringNames() {
  std::vector<std::string> names;
  for (const Backend& backend : Backends()) {
    if (backend.kernel_interface.starts_with("io_uring")) {
      names.emplace_back(backend.name);
    }
  }
  return names;
}

class Uring : public PollerTest {};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Uring);

// More ready descriptors than the completion queue has entries: first when they
// are watched, which completes them all in one call, then by a wake-up.
TEST_P(Uring, NothingIsLostWhenTheCompletionQueueOverflows) {
  const ScopedFd source = MakeEventFd();
  std::vector<ScopedFd> fds(Room(6000));
  for (Token token = 0; token < fds.size(); ++token) {
    fds[token] = DuplicateFrom(source.get());
    Watch(fds[token].get(), kRead, token);
  }
  Signal(source.get());
  std::set<Token> seen;
  for (int i = 0; i < 100 && seen.size() < fds.size(); ++i) {
    seen.merge(TokensOf(Wait()));
  }
  EXPECT_EQ(seen.size(), fds.size());
  // Multishot polls complete a batch at a time, and never fill the queue so.
  if (backend().trigger == Trigger::kLevel) {
    EXPECT_GT(Count("uring_overflows"), 0U);
  }

  // A multishot poll that could not tell has been armed again.
  Reset(source.get());
  for (int i = 0; i < 100 && !Wait().empty(); ++i) continue;
  Signal(source.get());
  seen.clear();
  for (int i = 0; i < 100 && seen.size() < fds.size(); ++i) {
    seen.merge(TokensOf(Wait()));
  }
  EXPECT_EQ(seen.size(), fds.size());
  for (const ScopedFd& fd : fds) Forget(fd.get());
  EXPECT_TRUE(Wait().empty());
}

// The poll holds the file; the peer must see the end although the thread is in
// a long wait.
TEST_P(Uring, ForgetBeforeCloseSendsTheFinAtOnce) {
  for (const Interest interest : {kRead, Level(kRead)}) {
    const ScopedFd wake = MakeEventFd();
    SocketPair pair = MakeTcpPair();
    Watch(wake.get(), Level(kRead), 1);
    Watch(pair.near.get(), interest, 2);
    EXPECT_TRUE(Wait().empty());
    Forget(pair.near.get());
    pair.near.Close();

    short seen = 0;
    std::thread peer([&] {
      pollfd entry{.fd = pair.far.get(), .events = POLLIN, .revents = 0};
      ::poll(&entry, 1, 10'000);
      seen = entry.revents;
      Signal(wake.get());
    });
    EXPECT_EQ(TokensOf(Wait(30s)), std::set<Token>{1});
    peer.join();
    EXPECT_NE(seen & POLLIN, 0) << "not before the wait has ended";
    Forget(wake.get());
  }
}

TEST_P(Uring, IsBoundToTheThreadThatWaitsNotToTheOneThatCreates) {
  const ScopedFd fd = MakeEventFd(1);
  Watch(fd.get(), kRead, 1);
  std::thread loop([&] {
    EXPECT_EQ(TokensOf(Wait()), std::set<Token>{1});
    Forget(fd.get());
    DestroyPoller();
  });
  loop.join();
}

TEST_P(Uring, ManyRingsAtOnce) {
  std::vector<std::unique_ptr<Poller>> pollers(64);
  for (std::unique_ptr<Poller>& poller : pollers) poller = backend().create();
}

TEST_P(Uring, AWaitIsOneSystemCall) {
  const ScopedFd fd = MakeEventFd(1);
  Watch(fd.get(), Level(kRead), 1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Wait(1s).size(), 1U);
  EXPECT_EQ(Count("uring_more_enters"), 0U);
  EXPECT_EQ(Count("uring_submitted"), 100U);
  EXPECT_EQ(Count("uring_completed"), 100U);
}

// Whether, in a child where io_uring_setup fails with `error`, the probe's
// reason holds `words` and creation throws that error.
bool IsRefused(const Backend& backend, int error, const std::string& words) {
  const pid_t child = Must(::fork());
  if (child == 0) {
    ForbidIoUring(error);
    bool thrown = false;
    try {
      backend.create();
    } catch (const std::system_error& caught) {
      thrown = caught.code().value() == error;
    }
    const std::string reason = backend.probe();
    const bool told = reason.find(words) != std::string::npos;
    if (!told) ::dprintf(STDERR_FILENO, "the reason is: %s\n", reason.c_str());
    ::_exit(thrown && told ? 0 : 1);
  }
  int status = 0;
  Must(::waitpid(child, &status, 0));
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_P(Uring, SaysWhyTheKernelRefuses) {
  EXPECT_TRUE(
      IsRefused(backend(), ENOSYS, "Function not implemented (a kernel"));
  EXPECT_TRUE(IsRefused(backend(), EPERM, "Operation not permitted ("));
  EXPECT_TRUE(IsRefused(backend(), ENOMEM,
                        "Cannot allocate memory (more than RLIMIT_MEMLOCK"));
}

INSTANTIATE_TEST_SUITE_P(Backends, Uring, testing::ValuesIn(UringNames()),
                         BackendOf);

}  // namespace
}  // namespace polymux
