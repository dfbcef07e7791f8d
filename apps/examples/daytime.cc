// The daytime service, RFC 867: tells the time, takes nothing, and closes.

#include <array>
#include <ctime>
#include <string_view>

#include "apps/examples/serve.h"
#include "apps/program.h"

namespace {

int DaytimeMain(int argc, char** argv) {
  polymux::Connection::Options options;
  options.callbacks.on_open = [](polymux::Connection& connection) {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, 64> text{};
    const std::size_t size = std::strftime(text.data(), text.size(),
                                           "%A, %B %d, %Y %T-UTC\r\n", &utc);
    connection.Send(std::string_view(text.data(), size));
    connection.Shutdown();
  };
  options.callbacks.on_message = [](auto&, polymux::Buffer& input) {
    input.Clear();
  };
  return polymux::ServeExample(argc, argv, "Tells the time, in UTC.", options);
}

}  // namespace

int main(int argc, char** argv) {
  return polymux::RunProgram(argc, argv, DaytimeMain);
}
