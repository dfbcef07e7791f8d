#include "reactor/tcp_client.h"

#include <optional>
#include <utility>

#include "reactor/check_options.h"
#include "reactor/event_loop.h"

namespace polymux {

class TcpClient::Core {
 public:
  Core(EventLoop* loop, Options options)
      : loop_(loop),
        options_(std::move(options)),
        deadlines_(loop, options_.connection.timeouts),
        release_([this](Connection&) { OnReleased(); }),
        connector_(
            loop, options_.server, options_.connect,
            [this](Socket socket) { OnConnected(std::move(socket)); },
            options_.on_connect_failed) {
    RequireGoodOptions(options_.connection);
  }

  // The end: nothing is called any more, but for on_close from within.
  void Close();

  void Connect();
  void Disconnect();

  EventLoop* loop() const { return loop_; }
  const std::shared_ptr<Connection>& connection() const { return connection_; }

 private:
  void OnConnected(Socket socket);
  void OnReleased();

  EventLoop* const loop_;
  const Options options_;
  ConnectionDeadlines deadlines_;
  const Connection::Release release_;
  bool wanted_ = false;  // between Connect and Disconnect
  Connector connector_;
  std::shared_ptr<Connection> connection_;
};

void TcpClient::Core::Close() {
  wanted_ = false;
  connector_.Stop();
  if (const auto connection = std::move(connection_)) connection->Terminate();
}

void TcpClient::Core::Connect() {
  wanted_ = true;
  const bool connected = connection_ && !connection_->closed();
  if (!connected && !connector_.active()) connector_.Start();
}

void TcpClient::Core::Disconnect() {
  wanted_ = false;
  connector_.Stop();
  if (connection_) connection_->Shutdown();
}

void TcpClient::Core::OnConnected(Socket socket) {
  const auto connection = std::make_shared<Connection>(
      loop_, std::move(socket), options_.server, &options_.connection,
      &release_, &deadlines_);
  // Before Establish, whose callback may look for it.
  connection_ = connection;
  const std::error_code error = connection->Establish();
  if (!error) return;
  ++loop_->counters().closes;
  connection_.reset();
  // Like an attempt that has failed, and like a connection that has ended.
  std::optional<Duration> pause;
  if (options_.connect.retry || options_.reconnect) {
    pause = options_.connect.first_pause;
    connector_.Start(*pause);
  }
  options_.on_connect_failed(error, pause);
}

void TcpClient::Core::OnReleased() {
  connection_.reset();
  if (wanted_ && options_.reconnect && !connector_.active()) {
    connector_.Start(options_.connect.first_pause);
  }
}

TcpClient::TcpClient(EventLoop* loop, Options options)
    : core_(std::make_shared<Core>(loop, std::move(options))) {}

TcpClient::~TcpClient() {
  core_->Close();
  core_->loop()->ReleaseLater(core_);
}

void TcpClient::Connect() { core_->Connect(); }

void TcpClient::Disconnect() { core_->Disconnect(); }

const std::shared_ptr<Connection>& TcpClient::connection() const {
  return core_->connection();
}

}  // namespace polymux
