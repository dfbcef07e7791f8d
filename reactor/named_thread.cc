#include "reactor/named_thread.h"

#include <pthread.h>

#include <system_error>
#include <utility>

namespace polymux {

std::thread StartThread(const std::string& name, std::function<void()> body) {
  try {
    return std::thread([name, body = std::move(body)] {
      ::pthread_setname_np(::pthread_self(), name.c_str());
      body();
    });
  } catch (const std::system_error& error) {
    throw std::system_error(error.code(), "starting the thread " + name);
  }
}

}  // namespace polymux
