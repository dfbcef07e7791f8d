#include "bench/load/find_listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <chrono>
#include <vector>

#include "reactor/inet_address.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::chrono::milliseconds kPatience{20'000};

// A port of 127.0.0.1, on which nobody listens until Listen.
class Port {
 public:
  Port() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const InetAddress any = InetAddress::Parse("127.0.0.1", 0).value();
    EXPECT_EQ(bind(fd_.get(), any.data(), any.size()), 0);
  }
  void Listen() { EXPECT_EQ(listen(fd_.get(), 8), 0); }
  InetAddress address() const { return InetAddress::LocalOf(fd_.get()); }
  bool WasConnectedTo() const {
    return UniqueFd(accept(fd_.get(), nullptr, nullptr)).get() >= 0;
  }

 private:
  UniqueFd fd_;
};

class FindListenerTest : public testing::Test {
 protected:
  FoundListener Find(const std::vector<InetAddress>& addresses) {
    return FindListener(addresses, kPatience, stop_.get());
  }

  Port closed_;
  Port other_closed_;
  UniqueFd stop_{eventfd(0, EFD_CLOEXEC)};
};

TEST_F(FindListenerTest, TakesTheFirstThatIsListenedOnAndNamesThoseBefore) {
  Port open;
  open.Listen();
  Port later;
  later.Listen();
  const FoundListener found = Find({closed_.address(), other_closed_.address(),
                                    open.address(), later.address()});
  ASSERT_TRUE(found.address);
  EXPECT_EQ(found.address->ToString(), open.address().ToString());
  EXPECT_THAT(
      found.failures,
      ElementsAre(closed_.address().ToString() + ": Connection refused",
                  other_closed_.address().ToString() + ": Connection refused"));
  EXPECT_FALSE(later.WasConnectedTo());
}

TEST_F(FindListenerTest, NamesAllWhenNoneIs) {
  const auto other = InetAddress::Parse("::1", closed_.address().port());
  const FoundListener found = Find({closed_.address(), other.value()});
  EXPECT_FALSE(found.address);
  EXPECT_FALSE(found.stopped);
  EXPECT_THAT(found.failures, ElementsAre(HasSubstr("Connection refused"),
                                          StartsWith("[::1]:")));
}

// Its server sees no connection but those of the run.
TEST_F(FindListenerTest, ASingleOneIsNotTried) {
  Port open;
  open.Listen();
  EXPECT_TRUE(Find({open.address()}).address);
  EXPECT_FALSE(open.WasConnectedTo());
  EXPECT_TRUE(Find({closed_.address()}).address);
}

TEST_F(FindListenerTest, StopsWhenToldTo) {
  eventfd_write(stop_.get(), 1);
  Port open;
  open.Listen();
  const FoundListener found = Find({open.address(), closed_.address()});
  EXPECT_TRUE(found.stopped);
  EXPECT_FALSE(found.address);
  EXPECT_THAT(found.failures, IsEmpty());
}

}  // namespace
}  // namespace polymux::bench
