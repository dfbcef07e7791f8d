#include "bench/peers/raw_threads.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "bench/peers/listener.h"

namespace polymux::bench {
namespace {

// Room for the buffer below and what the C library needs.
constexpr std::size_t kStackSize = std::size_t{128} << 10;

// How long to do without a descriptor or a thread before trying again.
constexpr std::chrono::milliseconds kPatience{100};

// Tells the accepting thread that a connection has ended.
class Endings {
 public:
  void Tell() {
    {
      const std::lock_guard lock(mutex_);
      ++count_;
    }
    changed_.notify_one();
  }

  // Returns at the next ending, or after a while.
  void Await() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience,
                      [this, seen = count_] { return count_ != seen; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t count_ = 0;
};

Endings& TheEndings() {
  // Never destroyed: threads may use it until the process ends.
  static auto& endings = *new Endings;
  return endings;
}

// False when the connection is broken.
bool SendAll(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

void* Echo(void* connection) {
  const int fd = *std::unique_ptr<int>(static_cast<int*>(connection));
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t received = recv(fd, buffer.data(), buffer.size(), 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0 ||
        !SendAll(fd, buffer.data(), static_cast<std::size_t>(received))) {
      break;
    }
  }
  close(fd);
  TheEndings().Tell();
  return nullptr;
}

[[noreturn]] void Serve(int listener) {
  Check(fcntl(listener, F_SETFL, 0), "fcntl");  // blocking
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kStackSize);
  while (true) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE) {
        TheEndings().Await();
      } else if (errno != EINTR && errno != ECONNABORTED) {
        Check(fd, "accept4");
      }
      continue;
    }
    pthread_t thread{};
    auto* const connection = new int(fd);  // Echo's from here on
    while (pthread_create(&thread, &attributes, Echo, connection) != 0) {
      TheEndings().Await();
    }
  }
}

}  // namespace

int RawThreadsMain(int argc, char** argv) {
  return RunPeer(argc, argv, "raw-threads", Serve);
}

}  // namespace polymux::bench
