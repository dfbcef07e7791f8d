#ifndef POLYMUX_APPS_SERVER_LOG_H_
#define POLYMUX_APPS_SERVER_LOG_H_

#include "reactor/event_loop.h"
#include "reactor/tcp_server.h"

namespace polymux {

// Has the log tell what goes wrong in the server that is made of `options`,
// whose main loop is `loop`, without ending it: a part that has failed for
// good, and what a callback has thrown in any of its loops. Thread: the loop's.
void LogFailures(EventLoop* loop, TcpServer::Options* options);

}  // namespace polymux

#endif  // POLYMUX_APPS_SERVER_LOG_H_
