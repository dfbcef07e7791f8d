#include "reactor/loop_thread.h"

#include <pthread.h>

#include <exception>
#include <future>

namespace polymux {

LoopThread::LoopThread(const Backend& backend, const std::string& name,
                       OnError on_error) {
  std::promise<EventLoop*> created;
  std::future<EventLoop*> loop = created.get_future();
  thread_ = std::thread([this, &backend, &created, name, on_error] {
    ::pthread_setname_np(::pthread_self(), name.c_str());
    std::optional<EventLoop> own;
    try {
      own.emplace(backend);
    } catch (...) {
      created.set_exception(std::current_exception());
      return;
    }
    created.set_value(&*own);
    if (const std::error_code error = own->Run()) {
      on_error(error);
      // Others may still queue tasks: the loop must exist as long as its owner.
      end_.acquire();
      // Waits no better than before, but runs what they have queued.
      own->Run();
    }
  });
  try {
    loop_ = loop.get();
  } catch (...) {
    thread_.join();
    throw;
  }
}

LoopThread::~LoopThread() {
  loop_->Quit();
  // After the last use of the loop, which a thread that stands still destroys.
  end_.release();
  thread_.join();
}

}  // namespace polymux
