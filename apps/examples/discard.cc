// The discard service, RFC 863: takes everything and answers nothing.

#include "apps/examples/serve.h"
#include "apps/program.h"

namespace {

int DiscardMain(int argc, char** argv) {
  polymux::Connection::Options options;
  options.callbacks.on_message = [](auto&, polymux::Buffer& input) {
    input.Clear();
  };
  return polymux::ServeExample(argc, argv, "Discards what it receives.",
                               options);
}

}  // namespace

int main(int argc, char** argv) {
  return polymux::RunProgram(argc, argv, DiscardMain);
}
