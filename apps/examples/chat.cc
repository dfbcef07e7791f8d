// A chat room: what one says, line by line, everybody else is told. What is
// said is made harmless first, for the others read it on their terminals.

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "apps/examples/serve.h"
#include "apps/printable_text.h"
#include "apps/program.h"
#include "reactor/delimiter_framing.h"

namespace {

using polymux::Connection;

// Who says a longer line is shown out.
constexpr std::size_t kLongestLine = 4096;

class Room {
 public:
  void Enter(Connection& guest) {
    Tell(guest.peer().ToString() + " has come", guest);
    guests_.insert(&guest);
  }

  void Listen(const Connection& guest, std::string_view line) {
    // telnet, and nc -C, end a line with two characters.
    if (line.ends_with('\r')) line.remove_suffix(1);
    Tell(guest.peer().ToString() + ": " + polymux::PrintableLine(line), guest);
  }

  void Leave(Connection& guest) {
    guests_.erase(&guest);
    Tell(guest.peer().ToString() + " has gone", guest);
  }

 private:
  // One who reads this much slower than the others talk is shown out.
  static constexpr std::size_t kLongestLag = std::size_t{64} * 1024;

  void Tell(const std::string& text, const Connection& from) {
    for (Connection* const guest : guests_) {
      if (guest == &from) continue;
      guest->Send(text + '\n');
      if (guest->pending_output() > kLongestLag) guest->Close();
    }
  }

  std::set<Connection*> guests_;  // one loop, hence no lock
};

int ChatMain(int argc, char** argv) {
  Room room;
  Connection::Options options;
  options.framing = std::make_shared<polymux::DelimiterFraming>(kLongestLine);
  options.callbacks.on_open = [&](Connection& guest) { room.Enter(guest); };
  options.callbacks.on_frame = [&](Connection& guest, std::string_view line) {
    room.Listen(guest, line);
  };
  options.callbacks.on_close = [&](Connection& guest, auto&&...) {
    room.Leave(guest);
  };
  return polymux::ServeExample(argc, argv, "A chat room; try it with nc.",
                               options);
}

}  // namespace

int main(int argc, char** argv) {
  return polymux::RunProgram(argc, argv, ChatMain);
}
