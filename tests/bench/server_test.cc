#include "bench/lab/server.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace polymux::bench {
namespace {

// A program that, whatever its arguments, says what a server would and then
// does nothing.
class ServerTest : public testing::Test {
 protected:
  ServerTest()
      : program_(
            std::filesystem::path(testing::TempDir()) /
            testing::UnitTest::GetInstance()->current_test_info()->name()) {}
  ~ServerTest() override { std::filesystem::remove(program_); }

  void Says(const std::string& line) const {
    std::ofstream(program_)
        << "#!/bin/sh\necho '" << line << "'\nexec sleep 1000\n";
    std::filesystem::permissions(program_, std::filesystem::perms::owner_all);
  }

  std::string ErrorOf(const Arm& arm) const {
    try {
      const Server server(arm, {.polymux = program_.string()});
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  }

  const std::filesystem::path program_;
};

TEST_F(ServerTest, AnotherBackendThanAskedForIsAnError) {
  Says("listening 127.0.0.1:1 backend=select reactors=1");
  EXPECT_EQ(ErrorOf({.name = "select", .target = "select"}), "no error");
  EXPECT_EQ(ErrorOf({.name = "poll#2", .target = "poll"}),
            "poll#2 says that it uses select");
  EXPECT_EQ(
      ErrorOf(
          {.name = "raw-epoll", .kind = ArmKind::kPeer, .target = "raw-epoll"}),
      "raw-epoll says that it uses select");
}

// Nobody has asked it for one, whatever the arm is called.
TEST_F(ServerTest, AnotherBuildHasTheBackendThatItSays) {
  Says("listening 127.0.0.1:1 backend=select reactors=1");
  const Server server({.name = "poll-only",
                       .kind = ArmKind::kServer,
                       .target = program_.string()},
                      {});
  EXPECT_EQ(server.backend(), "select");
  EXPECT_EQ(server.address(), "127.0.0.1:1");
}

TEST_F(ServerTest, AServerThatSaysSomethingElseIsAnError) {
  Says("hello");
  EXPECT_EQ(ErrorOf({.name = "poll", .target = "poll"}),
            "poll should say where it listens but said \"hello\"");
}

}  // namespace
}  // namespace polymux::bench
