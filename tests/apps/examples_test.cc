// The example servers from outside, on each backend.

#include <gtest/gtest.h>
#include <signal.h>

#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "tests/apps/process.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;

// A running example, on a free port.
class Example {
 public:
  Example(const std::string& name, const std::string& backend)
      : process_({"apps/examples/" + name, "--backend", backend}) {
    const std::string line = process_.ReadLine();
    std::smatch match;
    if (!std::regex_match(
            line, match,
            std::regex(R"(listening 127\.0\.0\.1:(\d+) backend=)" + backend +
                       " reactors=0"))) {
      throw std::runtime_error("first line '" + line +
                               "', standard error: " + process_.Errors());
    }
    address_ = *InetAddress::Parse(
        "127.0.0.1", static_cast<std::uint16_t>(std::stoi(match[1])));
  }

  const InetAddress& address() const { return address_; }
  const Process& process() const { return process_; }
  int Stop(int signal) {
    process_.Signal(signal);
    return process_.Wait();
  }

 private:
  Process process_;
  InetAddress address_;
};

class ExamplesTest : public BackendTest {};

INSTANTIATE_TEST_SUITE_P(Backends, ExamplesTest, EveryBackend(), BackendOf);

TEST_P(ExamplesTest, DiscardTakesEverythingAndAnswersNothing) {
  Example discard("discard", GetParam());
  Client client(discard.address());
  client.Send(Pattern(std::size_t{4} << 20));
  client.ShutdownWrite();
  EXPECT_EQ(client.ReceiveToEnd(), "");
  EXPECT_EQ(discard.Stop(SIGINT), 0);
}

TEST_P(ExamplesTest, DaytimeTellsTheTimeAndCloses) {
  Example daytime("daytime", GetParam());
  Client client(daytime.address());
  const std::string told = client.ReceiveToEnd();
  EXPECT_TRUE(std::regex_match(
      told, std::regex(R"(\w+day, \w+ \d\d, 20\d\d \d\d:\d\d:\d\d-UTC\r\n)")))
      << told;
  EXPECT_EQ(daytime.Stop(SIGTERM), 0);
}

TEST_P(ExamplesTest, ChargenShiftsEachLineByOne) {
  Example chargen("chargen", GetParam());
  Client client(chargen.address());
  constexpr std::size_t kLines = 1000;
  constexpr std::size_t kLength = 72;
  const std::string text = client.Receive(kLines * (kLength + 2));
  for (std::size_t line = 0; line < kLines; ++line) {
    std::string expected;
    for (std::size_t i = 0; i < kLength; ++i) {
      expected += static_cast<char>(' ' + (line + i) % 95);
    }
    ASSERT_EQ(text.substr(line * (kLength + 2), kLength + 2),
              expected + "\r\n");
  }
  EXPECT_EQ(chargen.Stop(SIGTERM), 0);
}

TEST_P(ExamplesTest, ChargenWaitsForAClientThatDoesNotRead) {
  Example chargen("chargen", GetParam());
  Client lazy(chargen.address(), 4096);
  // Once it has begun it fills what the kernel takes, and then stands still.
  EXPECT_EQ(lazy.Receive(1).size(), 1U);
  std::chrono::nanoseconds used{};
  EXPECT_TRUE(Eventually([&] {
    const std::chrono::nanoseconds before = chargen.process().CpuTime();
    std::this_thread::sleep_for(100ms);
    used = chargen.process().CpuTime() - before;
    return used < 2ms;
  })) << "it never stands still";
  EXPECT_EQ(lazy.Receive(std::size_t{1} << 20).size(), std::size_t{1} << 20);
}

TEST_P(ExamplesTest, ChatTellsEverybodyElse) {
  Example chat("chat", GetParam());
  const auto line = [](Client& client) {
    std::string text;
    while (!text.ends_with('\n')) text += client.Receive(1);
    return text;
  };
  Client first(chat.address());
  // Nobody tells it that it is in; that it is told of the next one does.
  Client second(chat.address());
  const std::string name = InetAddress::LocalOf(second.fd()).ToString();
  EXPECT_EQ(line(first), name + " has come\n");

  second.Send("hel");
  second.Send("lo\nhow are you?\n");
  EXPECT_EQ(line(first), name + ": hello\n");
  EXPECT_EQ(line(first), name + ": how are you?\n");
  first.Send("fine\n");
  EXPECT_EQ(line(second),
            InetAddress::LocalOf(first.fd()).ToString() + ": fine\n");
  second.Close();
  EXPECT_EQ(line(first), name + " has gone\n");
  first.Send(std::string(5000, 'x'));
  EXPECT_TRUE(first.SeesTheEnd()) << "a line without end is listened to";
  EXPECT_EQ(chat.Stop(SIGTERM), 0);
}

TEST_P(ExamplesTest, ChatShowsOutWhoDoesNotRead) {
  Example chat("chat", GetParam());
  Client deaf(chat.address(), 4096);
  Client talker(chat.address());
  EXPECT_FALSE(deaf.Receive(1).empty());
  const std::string line = std::string(1000, 'x') + '\n';
  std::string heard;
  EXPECT_TRUE(Eventually([&] {
    talker.Send(line);
    heard += talker.ReceiveSome();
    return heard.find("has gone") != std::string::npos;
  }));
}

TEST(ExamplesUsageTest, AnUnknownBackendIsAUsageError) {
  Process process({"apps/examples/discard", "--backend", "carrier-pigeon"});
  EXPECT_EQ(process.Wait(), 2);
  EXPECT_NE(process.Errors().find("carrier-pigeon"), std::string::npos);
}

}  // namespace
}  // namespace polymux
