#ifndef POLYMUX_REACTOR_TCP_CLIENT_H_
#define POLYMUX_REACTOR_TCP_CLIENT_H_

#include <memory>
#include <utility>

#include "reactor/connection.h"
#include "reactor/connector.h"

namespace polymux {

class EventLoop;

// One connection to a server at a time, on one loop, with the callbacks that a
// TcpServer's connections have.
//
// Any callback may call Connect and Disconnect, or destroy the client.
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
  const std::shared_ptr<Connection>& connection() const { return connection_; }

 private:
  // What a closing connection refers to, and may do so beyond the end of the
  // client: then given to the loop.
  struct Shared {
    Shared(EventLoop* loop, Connection::Options connection)
        : options(std::move(connection)), deadlines(loop, options.timeouts) {}

    const Connection::Options options;
    ConnectionDeadlines deadlines;
    Connection::Release release;
    TcpClient* client = nullptr;  // null once it is gone, too
  };

  void OnConnected(Socket socket);
  void OnReleased();

  EventLoop* const loop_;
  const InetAddress server_;
  const bool reconnect_;
  const Duration reconnect_pause_;
  const Connector::OnFailed on_connect_failed_;
  const std::shared_ptr<Shared> shared_;
  bool wanted_ = false;  // between Connect and Disconnect
  Connector connector_;
  std::shared_ptr<Connection> connection_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_TCP_CLIENT_H_
