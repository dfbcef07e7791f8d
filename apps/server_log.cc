#include "apps/server_log.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <string>
#include <system_error>

namespace polymux {
namespace {

void LogException(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& exception) {
    spdlog::error("a callback has thrown: {}", exception.what());
  } catch (...) {
    spdlog::error("a callback has thrown what is no std::exception");
  }
}

}  // namespace

void LogFailures(EventLoop* loop, TcpServer::Options* options) {
  options->on_error = [](const std::string& what, std::error_code error) {
    spdlog::error("{} failed for good: {}", what, error.message());
  };
  options->on_exception = LogException;
  loop->SetOnException(LogException);
}

}  // namespace polymux
