#ifndef POLYMUX_APPS_FAN_OUT_H_
#define POLYMUX_APPS_FAN_OUT_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "reactor/connection.h"
#include "reactor/event_loop.h"

namespace polymux {

// How echo_server answers with --fan-out: what one connection sends, all are
// sent, itself among them. A message is a frame or, without framing, what one
// read has brought.
//
// The messages of one connection reach all others in their order; those of
// several connections on different loops may reach others in different orders.
// Nobody waits for a receiver that lags: it is closed when more than max_output
// is pending for it.
//
// The connections of one loop share a room that only this loop's thread looks
// into. A message is sent there at once, and copied once for all other loops
// together, each of which is given it as a task: with one loop nothing is
// allocated and nobody is woken.
class FanOut {
 public:
  explicit FanOut(bool framed)
      : send_(framed ? &Connection::SendFrame : &Connection::Send) {}

  // Sets what is called when a connection opens, sends and closes. This must
  // outlive the connections, and every loop all connections.
  void Install(ConnectionCallbacks* callbacks);

 private:
  struct Room {
    Room(EventLoop* its_loop, Room* next_room)
        : loop(its_loop), next(next_room) {}

    EventLoop* const loop;
    Room* const next;                  // null: the last one
    std::vector<Connection*> members;  // loop's thread
    std::atomic<std::size_t> size{0};  // of members, for the other threads
  };

  Room* RoomOf(EventLoop* loop);
  void Enter(Connection& connection);
  void Leave(Connection& connection);
  // Runs in the thread of the sender's loop.
  void TellAll(const Connection& sender, std::string_view message);
  // Runs in the thread of the room's loop.
  void Tell(const Room& room, std::string_view message) const;

  void (Connection::*const send_)(std::string_view);
  std::atomic<Room*> rooms_{nullptr};  // the newest; grows at the front
  std::mutex adding_;
  std::vector<std::unique_ptr<Room>> owned_;  // guarded by adding_
};

}  // namespace polymux

#endif  // POLYMUX_APPS_FAN_OUT_H_
