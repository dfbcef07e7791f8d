#include "reactor/tcp_client.h"

#include <utility>

#include "reactor/check_options.h"
#include "reactor/event_loop.h"

namespace polymux {

TcpClient::TcpClient(EventLoop* loop, Options options)
    : loop_(loop),
      server_(options.server),
      reconnect_(options.reconnect),
      reconnect_pause_(options.connect.first_pause),
      on_connect_failed_(options.on_connect_failed),
      shared_(std::make_shared<Shared>(loop, std::move(options.connection))),
      connector_(
          loop, options.server, options.connect,
          [this](Socket socket) { OnConnected(std::move(socket)); },
          std::move(options.on_connect_failed)) {
  RequireGoodOptions(shared_->options);
  shared_->client = this;
  shared_->release = [shared = shared_.get()](Connection&) {
    if (shared->client != nullptr) shared->client->OnReleased();
  };
}

TcpClient::~TcpClient() {
  shared_->client = nullptr;
  loop_->ReleaseLater(shared_);
  if (const auto connection = std::move(connection_)) connection->Terminate();
}

void TcpClient::Connect() {
  wanted_ = true;
  const bool connected = connection_ && !connection_->closed();
  if (!connected && !connector_.active()) connector_.Start();
}

void TcpClient::Disconnect() {
  wanted_ = false;
  connector_.Stop();
  if (connection_) connection_->Shutdown();
}

void TcpClient::OnConnected(Socket socket) {
  connection_ = std::make_shared<Connection>(
      loop_, std::move(socket), server_, &shared_->options, &shared_->release,
      &shared_->deadlines);
  // Kept here, for on_open may end the client.
  const auto connection = connection_;
  const auto shared = shared_;
  if (const std::error_code error = connection->Establish()) {
    connection_.reset();
    const Connector::OnFailed on_connect_failed = on_connect_failed_;
    on_connect_failed(error, std::nullopt);
  }
}

void TcpClient::OnReleased() {
  connection_.reset();
  if (wanted_ && reconnect_ && !connector_.active()) {
    connector_.Start(reconnect_pause_);
  }
}

}  // namespace polymux
