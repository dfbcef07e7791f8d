#ifndef POLYMUX_REACTOR_NAMED_THREAD_H_
#define POLYMUX_REACTOR_NAMED_THREAD_H_

#include <functional>
#include <string>
#include <thread>

namespace polymux {

// Starts a thread that runs `body`. `name` (at most 15 characters) is shown by
// ps and top. Throws std::system_error, which names it, when there is no thread
// to be had. Any thread.
std::thread StartThread(const std::string& name, std::function<void()> body);

}  // namespace polymux

#endif  // POLYMUX_REACTOR_NAMED_THREAD_H_
