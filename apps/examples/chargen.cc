// The character generator, RFC 864: sends lines of the printable characters,
// each beginning one character later, for as long as the client reads. It sends
// when all that it sent before is in the kernel's hands, and hence keeps one
// block for a client that has stopped reading, however long.

#include <string>

#include "apps/examples/serve.h"
#include "apps/program.h"

namespace {

constexpr std::size_t kCharacters = 95;  // ' ' to '~'
constexpr std::size_t kLineLength = 72;

// As many lines as there are characters: after that the pattern repeats.
std::string Block() {
  std::string block;
  for (std::size_t line = 0; line < kCharacters; ++line) {
    for (std::size_t i = 0; i < kLineLength; ++i) {
      block += static_cast<char>(' ' + (line + i) % kCharacters);
    }
    block += "\r\n";
  }
  return block;
}

int ChargenMain(int argc, char** argv) {
  const std::string block = Block();
  const auto send = [&](polymux::Connection& connection) {
    connection.Send(block);
  };
  polymux::Connection::Options options;
  options.callbacks.on_open = send;
  options.callbacks.on_send_complete = send;
  options.callbacks.on_message = [](auto&, polymux::Buffer& input) {
    input.Clear();
  };
  return polymux::ServeExample(argc, argv, "Sends characters without end.",
                               options);
}

}  // namespace

int main(int argc, char** argv) {
  return polymux::RunProgram(argc, argv, ChargenMain);
}
