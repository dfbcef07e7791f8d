#ifndef POLYMUX_TESTS_APPS_TALK_H_
#define POLYMUX_TESTS_APPS_TALK_H_

#include <chrono>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>

#include "reactor/framing.h"
#include "reactor/inet_address.h"
#include "tests/reactor/support.h"

namespace polymux {

using Random = std::mt19937_64;

// A connection to an echo server and all that went over it: each byte that
// comes back is compared with the one that was sent. Calls throw
// std::runtime_error when it differs, and when the connection ends or stands
// still where it may not.
class Talk {
 public:
  // `framing` is the server's, null for raw.
  Talk(const InetAddress& address, const Framing* framing, Random* random);

  // A message as it travels, of random size.
  std::string MakeMessage();

  // Sends all in random pieces, and takes what comes back meanwhile.
  void Send(std::string_view bytes);
  // Sends without reading, until `limit` bytes are on their way or the server
  // has taken nothing for `patience`.
  void Flood(std::size_t limit, std::chrono::milliseconds patience);

  // Sends what can be no frame, as much of it as the server takes; false, and
  // nothing sent, where there is no such thing.
  bool SendNonsense();

  // Waits until all whole messages are answered.
  void AwaitAnswers();
  // Ends this direction, and waits for all answers and the end.
  void HalfCloseAndAwaitAnswers();
  // Waits for the server to end the connection, by FIN or RST.
  void AwaitEnd();

  void Close() { client_.Close(); }
  void Reset() { client_.Reset(); }

 private:
  // Takes what there is; false at the end of the stream.
  bool Receive();
  // Until the socket is ready for one of `events`. Returns those it is for.
  short Wait(short events, std::chrono::milliseconds patience) const;
  // How many of the sent bytes are whole messages.
  std::size_t Whole() const;

  const Framing* const framing_;
  Random& random_;
  Client client_;
  std::string sent_;
  std::size_t received_ = 0;
};

}  // namespace polymux

#endif  // POLYMUX_TESTS_APPS_TALK_H_
