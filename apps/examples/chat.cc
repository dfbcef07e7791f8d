// A chat room: what one says, line by line, everybody else is told.

#include <set>
#include <string>
#include <string_view>

#include "apps/examples/serve.h"

namespace {

using polymux::Buffer;
using polymux::Connection;

class Room {
 public:
  void Enter(Connection& guest) {
    Tell(guest.peer().ToString() + " has come\n", guest);
    guests_.insert(&guest);
  }

  void Listen(Connection& guest, Buffer& input) {
    for (;;) {
      const std::size_t end = input.view().find('\n');
      if (end == std::string_view::npos) break;
      const std::string_view line = input.view().substr(0, end + 1);
      Tell(guest.peer().ToString() + ": " + std::string(line), guest);
      input.Consume(end + 1);
    }
    if (input.size() > kLongestLine) guest.Close();
  }

  void Leave(Connection& guest) {
    guests_.erase(&guest);
    Tell(guest.peer().ToString() + " has gone\n", guest);
  }

 private:
  static constexpr std::size_t kLongestLine = 4096;
  // One who reads this much slower than the others talk is shown out.
  static constexpr std::size_t kLongestLag = std::size_t{64} * 1024;

  void Tell(const std::string& text, const Connection& from) {
    for (Connection* const guest : guests_) {
      if (guest == &from) continue;
      guest->Send(text);
      if (guest->pending_output() > kLongestLag) guest->Close();
    }
  }

  std::set<Connection*> guests_;  // one loop, hence no lock
};

}  // namespace

int main(int argc, char** argv) {
  Room room;
  polymux::ConnectionCallbacks callbacks;
  callbacks.on_open = [&](Connection& guest) { room.Enter(guest); };
  callbacks.on_message = [&](Connection& guest, Buffer& input) {
    room.Listen(guest, input);
  };
  callbacks.on_close = [&](Connection& guest, auto&&...) { room.Leave(guest); };
  return polymux::ServeExample(argc, argv, "A chat room; try it with nc.",
                               callbacks);
}
