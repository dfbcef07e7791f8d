#include "apps/fan_out.h"

#include <algorithm>
#include <string>

namespace polymux {

void FanOut::Install(ConnectionCallbacks* callbacks) {
  callbacks->on_open = [this](Connection& connection) { Enter(connection); };
  callbacks->on_close = [this](Connection& connection, auto&&...) {
    Leave(connection);
  };
  callbacks->on_message = [this](Connection& connection, Buffer& input) {
    TellAll(connection, input.view());
    input.Clear();
  };
  callbacks->on_frame = [this](Connection& connection,
                               std::string_view payload) {
    TellAll(connection, payload);
  };
}

FanOut::Room* FanOut::RoomOf(EventLoop* loop) {
  // No other thread adds a room for this loop meanwhile.
  for (Room* room = rooms_.load(); room != nullptr; room = room->next) {
    if (room->loop == loop) return room;
  }
  const std::lock_guard lock(adding_);
  owned_.push_back(std::make_unique<Room>(loop, rooms_.load()));
  rooms_ = owned_.back().get();
  return owned_.back().get();
}

void FanOut::Enter(Connection& connection) {
  Room* const room = RoomOf(connection.loop());
  // Shares nothing: the room outlives the connection.
  connection.set_context(std::shared_ptr<Room>(std::shared_ptr<Room>(), room));
  room->members.push_back(&connection);
  room->size = room->members.size();
}

void FanOut::Leave(Connection& connection) {
  Room& room = *connection.context<Room>();
  const auto place = std::ranges::find(room.members, &connection);
  *place = room.members.back();
  room.members.pop_back();
  room.size = room.members.size();
}

void FanOut::TellAll(const Connection& sender, std::string_view message) {
  const Room* const own = sender.context<Room>();
  std::shared_ptr<const std::string> copy;
  for (Room* room = rooms_.load(); room != nullptr; room = room->next) {
    if (room == own || room->size == 0) continue;
    if (copy == nullptr) copy = std::make_shared<const std::string>(message);
    room->loop->QueueInLoop([this, room, copy] { Tell(*room, *copy); });
  }
  Tell(*own, message);
}

void FanOut::Tell(const Room& room, std::string_view message) const {
  for (Connection* const member : room.members) (member->*send_)(message);
}

}  // namespace polymux
