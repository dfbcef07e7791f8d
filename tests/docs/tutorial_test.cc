// The programs of docs/tutorial.md: they echo, and a client that never reads
// does what the text says.

#include <gtest/gtest.h>

#include <string>

#include "tests/apps/process.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

// A running step.
class Step {
 public:
  explicit Step(const std::string& name)
      : process_({"docs/tutorial/" + name}), line_(process_.ReadLine()) {}

  InetAddress address() const {
    const std::string port = line_.substr(line_.rfind(':') + 1);
    return *InetAddress::Parse("127.0.0.1",
                               static_cast<std::uint16_t>(std::stoi(port)));
  }

 private:
  Process process_;
  const std::string line_;
};

class TutorialTest : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Steps, TutorialTest,
                         testing::Values("1_select", "2_poller", "3_channel",
                                         "4_connection", "5_tcp_server"));

TEST_P(TutorialTest, SeveralClientsAreEchoedInTurn) {
  const Step step(GetParam());
  Client first(step.address());
  Client second(step.address());
  first.Echo("hello");
  second.Echo("good morning");
  first.Echo(Pattern(4000));
  first.Close();
  Client third(step.address());
  third.Echo("hi");
  second.Echo("still here");
}

// More than all buffers together: tcp_rmem may be 32 MiB.
constexpr std::size_t kTooMuch = std::size_t{64} << 20;

// Sends until the server and the kernel take no more.
std::size_t SendWithoutReading(Client& client) {
  const std::string bytes = Pattern(kTooMuch);
  std::size_t sent = 0;
  const auto stalls = [&] {
    const auto give_up =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
    std::size_t taken = 0;
    while (taken == 0 && std::chrono::steady_clock::now() < give_up) {
      taken = client.SendSome(std::string_view(bytes).substr(sent));
    }
    sent += taken;
    return taken == 0;
  };
  while (sent < bytes.size() && !stalls()) continue;
  return sent;
}

TEST(TutorialStep3Test, CutsOffAClientThatDoesNotRead) {
  const Step step("3_channel");
  Client lazy(step.address(), 4096);
  // Its write fails or its connection ends, depending on who is faster.
  try {
    SendWithoutReading(lazy);
    EXPECT_TRUE(lazy.SeesTheEnd());
  } catch (const std::system_error&) {
  }
  Client(step.address()).Echo("hello");
}

class TutorialLaterStepsTest : public TutorialTest {};

INSTANTIATE_TEST_SUITE_P(Steps, TutorialLaterStepsTest,
                         testing::Values("4_connection", "5_tcp_server"));

TEST_P(TutorialLaterStepsTest, KeepWhatAClientDoesNotReadYet) {
  const Step step(GetParam());
  Client lazy(step.address(), 4096);
  const std::size_t sent = SendWithoutReading(lazy);
  EXPECT_LT(sent, kTooMuch) << "nothing slows it down";
  Client(step.address()).Echo("hello");
  Client(step.address()).Echo("hello");
  EXPECT_TRUE(lazy.Receive(sent) == Pattern(sent));
}

}  // namespace
}  // namespace polymux
