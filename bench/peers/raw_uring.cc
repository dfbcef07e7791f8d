#include "bench/peers/raw_uring.h"

#include <fcntl.h>
#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#include "bench/peers/listener.h"

namespace polymux::bench {
namespace {

constexpr unsigned kSubmissions = 1024;
constexpr unsigned kCompletions = 4096;

// Like Check, for calls that return a negative errno.
int CheckRing(int result, const char* call) {
  if (result < 0) {
    throw std::system_error(-result, std::generic_category(), call);
  }
  return result;
}

// The rings of a user without CAP_IPC_LOCK count against RLIMIT_MEMLOCK since
// Linux 6.14, for a while after their end too: hence patience with ENOMEM.
// Returns 0 or a negative errno.
int CreateRing(io_uring* ring) {
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE |
                 IORING_SETUP_CLAMP;
  params.cq_entries = kCompletions;
  int result = 0;
  for (int i = 0; i < 400; ++i) {
    result = io_uring_queue_init_params(kSubmissions, ring, &params);
    if (result != -ENOMEM) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return result;
}

class RawUringServer {
 public:
  // Throws std::system_error.
  explicit RawUringServer(int listener);

  // Never returns; throws std::system_error if the ring itself fails.
  [[noreturn]] void Run();

 private:
  using Chunk = std::array<char, 65536>;
  enum class Call : unsigned char { kAccept, kReceive, kSend };

  // Of a request; `fd` is where it is about.
  static std::uint64_t UserData(Call call, int fd) {
    return std::uint64_t{static_cast<unsigned>(fd)} << 8 |
           static_cast<std::uint64_t>(call);
  }

  void Accept();
  void Receive(int fd);
  // Sends all, and then receives again.
  void Echo(int fd, unsigned size);
  void Close(int fd);

  // So that the next `entries` go to the kernel together.
  void MakeRoom(unsigned entries);
  void OnCompletion(const io_uring_cqe& completion);
  void OnAccepted(const io_uring_cqe& completion);

  io_uring ring_{};
  const int listener_;
  bool accepting_ = false;
  // By descriptor. A connection that has gone leaves its own to the next one.
  std::vector<std::unique_ptr<Chunk>> chunks_;
};

RawUringServer::RawUringServer(int listener) : listener_(listener) {
  // A request on a non-blocking socket does not wait.
  Check(fcntl(listener, F_SETFL, 0), "fcntl");
  CheckRing(CreateRing(&ring_), "io_uring_setup");
}

void RawUringServer::Run() {
  Accept();
  while (true) {
    const int result = io_uring_submit_and_wait(&ring_, 1);
    if (result != -EINTR && result != -EBUSY) {
      CheckRing(result, "io_uring_enter");
    }
    unsigned head = 0;
    unsigned seen = 0;
    const io_uring_cqe* completion = nullptr;
    io_uring_for_each_cqe(&ring_, head, completion) {
      OnCompletion(*completion);
      ++seen;
    }
    io_uring_cq_advance(&ring_, seen);
  }
}

void RawUringServer::MakeRoom(unsigned entries) {
  if (io_uring_sq_space_left(&ring_) >= entries) return;
  CheckRing(io_uring_submit(&ring_), "io_uring_enter");
}

void RawUringServer::Accept() {
  accepting_ = true;
  MakeRoom(1);
  io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
  io_uring_prep_multishot_accept(entry, listener_, nullptr, nullptr,
                                 SOCK_CLOEXEC);
  io_uring_sqe_set_data64(entry, UserData(Call::kAccept, listener_));
}

void RawUringServer::Receive(int fd) {
  Chunk& chunk = *chunks_[static_cast<std::size_t>(fd)];
  io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
  io_uring_prep_recv(entry, fd, chunk.data(), chunk.size(), 0);
  io_uring_sqe_set_data64(entry, UserData(Call::kReceive, fd));
}

void RawUringServer::Echo(int fd, unsigned size) {
  MakeRoom(2);
  io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
  // All of it (MSG_WAITALL), in silence unless it fails; then the link breaks,
  // and its failure is the only completion of the two.
  io_uring_prep_send(entry, fd, chunks_[static_cast<std::size_t>(fd)]->data(),
                     size, MSG_NOSIGNAL | MSG_WAITALL);
  io_uring_sqe_set_flags(entry, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
  io_uring_sqe_set_data64(entry, UserData(Call::kSend, fd));
  Receive(fd);
}

void RawUringServer::OnCompletion(const io_uring_cqe& completion) {
  const auto call = static_cast<Call>(completion.user_data & 0xff);
  const auto fd = static_cast<int>(completion.user_data >> 8);
  if (call == Call::kAccept) {
    OnAccepted(completion);
  } else if (call == Call::kReceive && completion.res > 0) {
    Echo(fd, static_cast<unsigned>(completion.res));
  } else {
    Close(fd);
  }
}

void RawUringServer::OnAccepted(const io_uring_cqe& completion) {
  accepting_ = (completion.flags & IORING_CQE_F_MORE) != 0;
  if (const int fd = completion.res; fd >= 0) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= chunks_.size()) chunks_.resize(2 * index + 1);
    if (chunks_[index] == nullptr) {
      chunks_[index] = std::make_unique_for_overwrite<Chunk>();
    }
    MakeRoom(1);
    Receive(fd);
  } else if (fd == -EMFILE || fd == -ENFILE) {
    return;  // until Close
  } else if (fd != -EINTR && fd != -ECONNABORTED) {
    CheckRing(fd, "accept");
  }
  if (!accepting_) Accept();
}

void RawUringServer::Close(int fd) {
  close(fd);
  if (!accepting_) Accept();
}

}  // namespace

int RawUringMain(int argc, char** argv) {
  return RunPeer(argc, argv, "raw-uring",
                 [](int listener) { RawUringServer(listener).Run(); });
}

}  // namespace polymux::bench
