// The example servers from outside, on each backend.

#include <gtest/gtest.h>
#include <signal.h>

#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
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

std::string Line(Client& client) {
  std::string text;
  while (!text.ends_with('\n')) text += client.Receive(1);
  return text;
}

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
  client.Close();
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
  Client first(chat.address());
  // Nobody tells it that it is in; that it is told of the next one does.
  Client second(chat.address());
  const std::string name = InetAddress::LocalOf(second.fd()).ToString();
  EXPECT_EQ(Line(first), name + " has come\n");

  second.Send("hel");
  second.Send("lo\nhow are you?\n");
  EXPECT_EQ(Line(first), name + ": hello\n");
  EXPECT_EQ(Line(first), name + ": how are you?\n");
  first.Send("fine\n");
  EXPECT_EQ(Line(second),
            InetAddress::LocalOf(first.fd()).ToString() + ": fine\n");
  second.Close();
  EXPECT_EQ(Line(first), name + " has gone\n");
  first.Send(std::string(5000, 'x'));
  EXPECT_TRUE(first.SeesTheEnd()) << "a line without end is listened to";
  EXPECT_EQ(chat.Stop(SIGTERM), 0);
}

// The others have nothing but what they see to tell who speaks.
TEST_P(ExamplesTest, ChatPassesOnNothingThatMovesTheCursor) {
  Example chat("chat", GetParam());
  Client reader(chat.address());
  Client talker(chat.address());
  const std::string name = InetAddress::LocalOf(talker.fd()).ToString();
  EXPECT_EQ(Line(reader), name + " has come\n");
  talker.Send("hello\r\x1b[2Ksomebody: \xc2\x9b\xff\xe2\x80\xaeI resign\n");
  const std::string heard = Line(reader);
  EXPECT_TRUE(heard.starts_with(name + ": hello")) << heard;
  EXPECT_NE(heard.find("I resign"), std::string::npos) << heard;
  for (const char c : heard.substr(0, heard.size() - 1)) {
    EXPECT_TRUE(c >= ' ' && c <= '~') << heard;
  }
  // Who ends lines as telnet does is not quoted for it.
  talker.Send("hello\r\n");
  EXPECT_EQ(Line(reader), name + ": hello\n");
}

// It is the length that decides, not how TCP has cut the line.
TEST_P(ExamplesTest, ChatJudgesALineTheSameHoweverItIsCut) {
  Example chat("chat", GetParam());
  Client reader(chat.address());
  for (const std::size_t length : {1U, 4095U, 4096U, 4097U, 5000U, 100'000U}) {
    for (const std::size_t piece : {1000U, 4096U, 4097U, 1U << 20}) {
      SCOPED_TRACE(std::to_string(length) + " in " + std::to_string(piece));
      Client talker(chat.address());
      const std::string name = InetAddress::LocalOf(talker.fd()).ToString();
      EXPECT_EQ(Line(reader), name + " has come\n");
      const std::string line = std::string(length, 'x') + '\n';
      try {
        for (std::size_t at = 0; at < line.size(); at += piece) {
          talker.Send(line.substr(at, piece));
        }
      } catch (const std::system_error&) {
        EXPECT_GT(length, 4096U) << "shown out too early";
      }
      talker.Close();
      if (length <= 4096) {
        EXPECT_EQ(Line(reader), name + ": " + line);
      }
      EXPECT_EQ(Line(reader), name + " has gone\n");
    }
  }
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

// On one backend, for it takes the whole of the drain timeout.
TEST(ExamplesLossTest, OutputThatAStopCutsOffIsTold) {
  Example chargen("chargen", std::string(DefaultBackend().name));
  Client deaf(chargen.address(), 4096);
  EXPECT_EQ(deaf.Receive(1).size(), 1U);
  EXPECT_EQ(chargen.Stop(SIGTERM), 1);
  EXPECT_NE(chargen.process().Errors().find("output unsent"), std::string::npos)
      << chargen.process().Errors();
}

TEST(ExamplesUsageTest, AnUnknownBackendIsAUsageError) {
  Process process({"apps/examples/discard", "--backend", "carrier-pigeon"});
  EXPECT_EQ(process.Wait(), 2);
  EXPECT_NE(process.Errors().find("carrier-pigeon"), std::string::npos);
}

}  // namespace
}  // namespace polymux
