#include "bench/peers/libevent_peer.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include <cerrno>
#include <cstddef>
#include <new>

#include "bench/peers/listener.h"

namespace polymux::bench {
namespace {

// Output beyond which a connection is read no further until all of it is sent.
constexpr std::size_t kMaxUnsent = std::size_t{1} << 20;

evconnlistener* g_listener = nullptr;

void Close(bufferevent* connection) {
  bufferevent_free(connection);
  evconnlistener_enable(g_listener);
}

void OnRead(bufferevent* connection, void*) {
  evbuffer* const output = bufferevent_get_output(connection);
  evbuffer_add_buffer(output, bufferevent_get_input(connection));
  if (evbuffer_get_length(output) > kMaxUnsent) {
    bufferevent_disable(connection, EV_READ);
  }
}

// All output is sent.
void OnDrained(bufferevent* connection, void*) {
  if ((bufferevent_get_enabled(connection) & EV_READ) == 0) {
    bufferevent_enable(connection, EV_READ);
  }
}

void OnDrainedAtEnd(bufferevent* connection, void*) { Close(connection); }

void OnEvent(bufferevent* connection, short what, void*) {
  const bool is_end = (what & BEV_EVENT_EOF) != 0;
  const evbuffer* const output = bufferevent_get_output(connection);
  if (is_end && evbuffer_get_length(output) > 0) {
    // The other side still reads.
    bufferevent_disable(connection, EV_READ);
    bufferevent_setcb(connection, nullptr, OnDrainedAtEnd, OnEvent, nullptr);
  } else if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0) {
    Close(connection);
  }
}

void OnAccept(evconnlistener* listener, evutil_socket_t fd, sockaddr*, int,
              void*) {
  bufferevent* const connection = bufferevent_socket_new(
      evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
  if (connection == nullptr) throw std::bad_alloc();
  bufferevent_setcb(connection, OnRead, OnDrained, OnEvent, nullptr);
  bufferevent_enable(connection, EV_READ | EV_WRITE);
}

void OnAcceptError(evconnlistener* listener, void*) {
  // Close listens again.
  if (errno == EMFILE || errno == ENFILE) evconnlistener_disable(listener);
}

void Serve(int listener) {
  event_base* const base = event_base_new();
  if (base == nullptr) throw std::bad_alloc();
  // No backlog: it listens already.
  g_listener = evconnlistener_new(base, OnAccept, nullptr,
                                  LEV_OPT_CLOSE_ON_EXEC, 0, listener);
  if (g_listener == nullptr) throw std::bad_alloc();
  evconnlistener_set_error_cb(g_listener, OnAcceptError);
  Check(event_base_dispatch(base), "event_base_dispatch");
}

}  // namespace

int LibeventMain(int argc, char** argv) {
  return RunPeer(argc, argv, "libevent", Serve);
}

}  // namespace polymux::bench
