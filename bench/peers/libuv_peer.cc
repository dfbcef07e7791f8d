#include "bench/peers/libuv_peer.h"

#include <sys/socket.h>
#include <uv.h>

#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

#include "bench/peers/listener.h"

namespace polymux::bench {
namespace {

// Output beyond which a connection is read no further until all of it is sent.
constexpr std::size_t kMaxUnsent = std::size_t{1} << 20;

// Throws what libuv says of a call that must succeed.
void Require(int result, const char* call) {
  if (result < 0) {
    throw std::runtime_error(std::string(call) + ": " + uv_strerror(result));
  }
}

struct Connection {
  uv_tcp_t handle;
  uv_shutdown_t shutdown;
};

// What the kernel did not take at once.
struct Write {
  uv_write_t request;
  std::string data;
};

uv_stream_t* StreamOf(Connection* connection) {
  return reinterpret_cast<uv_stream_t*>(&connection->handle);
}

void OnClosed(uv_handle_t* handle) {
  delete static_cast<Connection*>(handle->data);
}

void Close(uv_stream_t* stream) {
  auto* const handle = reinterpret_cast<uv_handle_t*>(stream);
  if (!uv_is_closing(handle)) uv_close(handle, OnClosed);
}

// One buffer serves all connections: what is read is sent or copied before the
// next read.
void Allocate(uv_handle_t*, std::size_t, uv_buf_t* buffer) {
  static std::array<char, 65536> storage;
  *buffer = uv_buf_init(storage.data(), storage.size());
}

void OnRead(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer);

void OnWritten(uv_write_t* request, int status) {
  const std::unique_ptr<Write> write(static_cast<Write*>(request->data));
  uv_stream_t* const stream = request->handle;
  if (status < 0) return Close(stream);
  if (uv_stream_get_write_queue_size(stream) == 0 &&
      uv_is_closing(reinterpret_cast<uv_handle_t*>(stream)) == 0 &&
      uv_is_readable(stream) != 0) {
    uv_read_start(stream, Allocate, OnRead);  // without effect if it reads
  }
}

void Echo(uv_stream_t* stream, const char* data, std::size_t size) {
  uv_buf_t all = uv_buf_init(const_cast<char*>(data),  // libuv does not write
                             static_cast<unsigned>(size));
  const int sent = uv_try_write(stream, &all, 1);
  if (sent < 0 && sent != UV_EAGAIN) return Close(stream);
  const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  if (done == size) return;
  auto* const write = new Write{{}, std::string(data + done, size - done)};
  write->request.data = write;
  uv_buf_t rest =
      uv_buf_init(write->data.data(), static_cast<unsigned>(size - done));
  Require(uv_write(&write->request, stream, &rest, 1, OnWritten), "uv_write");
  if (uv_stream_get_write_queue_size(stream) > kMaxUnsent) uv_read_stop(stream);
}

void OnRead(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  if (count > 0) {
    Echo(stream, buffer->base, static_cast<std::size_t>(count));
  } else if (count == UV_EOF) {
    // Comes to its end when all output is sent: the other side still reads.
    uv_read_stop(stream);
    auto* const connection = static_cast<Connection*>(stream->data);
    uv_shutdown(&connection->shutdown, stream,
                [](uv_shutdown_t* request, int) { Close(request->handle); });
  } else if (count < 0) {
    Close(stream);
  }
}

void OnConnection(uv_stream_t* listener, int status) {
  if (status < 0) return;
  auto* const connection = new Connection;
  Require(uv_tcp_init(listener->loop, &connection->handle), "uv_tcp_init");
  connection->handle.data = connection;
  uv_stream_t* const stream = StreamOf(connection);
  if (uv_accept(listener, stream) < 0 ||
      uv_read_start(stream, Allocate, OnRead) < 0) {
    Close(stream);
  }
}

void Serve(int listener) {
  uv_loop_t* const loop = uv_default_loop();
  uv_tcp_t acceptor;
  Require(uv_tcp_init(loop, &acceptor), "uv_tcp_init");
  Require(uv_tcp_open(&acceptor, listener), "uv_tcp_open");
  Require(uv_listen(reinterpret_cast<uv_stream_t*>(&acceptor), SOMAXCONN,
                    OnConnection),
          "uv_listen");
  uv_run(loop, UV_RUN_DEFAULT);
}

}  // namespace

int LibuvMain(int argc, char** argv) {
  return RunPeer(argc, argv, "libuv", Serve);
}

}  // namespace polymux::bench
