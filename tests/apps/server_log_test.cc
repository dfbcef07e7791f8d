// What goes wrong in a server stands in its log.

#include "apps/server_log.h"

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

#include "apps/log.h"
#include "poller/backends.h"
#include "reactor/event_loop.h"
#include "reactor/tcp_server.h"

namespace polymux {
namespace {

TEST(ServerLogTest, FailuresOfAllLoopsAreLogged) {
  testing::internal::CaptureStderr();
  {
    const Log log("test");
    EventLoop loop(DefaultBackend());
    TcpServer::Options options;
    LogFailures(&loop, &options);
    options.on_error("io-0",
                     std::make_error_code(std::errc::bad_file_descriptor));
    options.on_exception(
        std::make_exception_ptr(std::runtime_error("in a sub-loop")));
    options.on_exception(std::make_exception_ptr(1));
    loop.QueueInLoop([] { throw std::runtime_error("in the main loop"); });
    loop.Quit();
    EXPECT_FALSE(loop.Run());
  }
  const std::string logged = testing::internal::GetCapturedStderr();
  for (const char* const expected :
       {"io-0 failed for good: Bad file descriptor",
        "a callback has thrown: in a sub-loop",
        "a callback has thrown what is no std::exception",
        "a callback has thrown: in the main loop"}) {
    EXPECT_NE(logged.find(expected), std::string::npos) << logged;
  }
}

}  // namespace
}  // namespace polymux
