#include "reactor/loop_thread.h"

#include <exception>
#include <future>

#include "reactor/named_thread.h"

namespace polymux {

namespace {

// Waits no better than before, but runs what has been queued.
void RunTasks(EventLoop& loop) {
  loop.Quit();
  loop.Run();
}

}  // namespace

LoopThread::LoopThread(const Backend& backend, const std::string& name,
                       OnError on_error) {
  std::promise<EventLoop*> created;
  std::future<EventLoop*> loop = created.get_future();
  thread_ = StartThread(name, [this, &backend, &created, on_error] {
    std::optional<EventLoop> own;
    try {
      own.emplace(backend);
    } catch (...) {
      created.set_exception(std::current_exception());
      return;
    }
    created.set_value(&*own);
    if (const std::error_code error = own->Run()) {
      try {
        on_error(error);
      } catch (...) {
        own->TellException();
      }
      while (!end_.try_acquire_for(kTaskInterval)) RunTasks(*own);
      RunTasks(*own);
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
  // After the last use of the loop, which a thread whose loop has failed
  // destroys.
  end_.release();
  thread_.join();
}

}  // namespace polymux
