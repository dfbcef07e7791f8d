#ifndef POLYMUX_REACTOR_TCP_CLIENT_H_
#define POLYMUX_REACTOR_TCP_CLIENT_H_

#include <memory>

#include "reactor/connection.h"
#include "reactor/connector.h"

namespace polymux {

class EventLoop;

// One connection to a server at a time, on one loop, with the callbacks that a
// TcpServer's connections have.
//
// Any callback, on_open and on_close included, may call Connect and Disconnect,
// or destroy the client.
//
// Thread: the loop's.
class TcpClient {
 public:
  struct Options {
    InetAddress server;
    Connector::Options connect;
    // Connects again whenever a connection has ended, whoever ended it, after
    // connect.first_pause; until Disconnect.
    bool reconnect = false;
    Connection::Options connection;
    // Told of each failed attempt. Must not be empty.
    Connector::OnFailed on_connect_failed;
  };

  // The loop must outlive the client. Throws std::invalid_argument when the
  // connection's options contradict each other (CheckOptions).
  TcpClient(EventLoop* loop, Options options);
  TcpClient(const TcpClient&) = delete;
  TcpClient& operator=(const TcpClient&) = delete;
  // Gives up connecting, or closes the connection without sending what is
  // pending; on_close is called from within.
  ~TcpClient();

  // Begins to connect, unless it is connecting or a connection is not closed
  // yet; in on_close it is.
  void Connect();
  // Gives up connecting; a connection is closed like by its Shutdown. None is
  // made again before the next Connect.
  void Disconnect();

  // The connection from its on_open to its on_close; otherwise null.
  const std::shared_ptr<Connection>& connection() const;

 private:
  // All of it. Outlives the client until the end of the loop's iteration, for
  // the client may be destroyed with any of its functions on the stack.
  class Core;

  const std::shared_ptr<Core> core_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_TCP_CLIENT_H_
