#include "tests/poller/readiness_model.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace polymux {

ModelledChannel::ModelledChannel(Kind kind) : kind_(kind) {
  if (kind == Kind::kSocket) {
    SocketPair pair = MakeSocketPair();
    near_ = std::move(pair.near);
    far_ = std::move(pair.far);
    return;
  }
  Pipe pipe = MakePipe();
  near_ = std::move(kind == Kind::kPipeReader ? pipe.reader : pipe.writer);
  far_ = std::move(kind == Kind::kPipeReader ? pipe.writer : pipe.reader);
}

std::size_t ModelledChannel::ReadFrom(const ScopedFd& fd, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t count = ::read(fd.get(), bytes.data(), bytes.size());
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

std::size_t ModelledChannel::WriteTo(const ScopedFd& fd, std::size_t size) {
  const std::string bytes(size, 'x');
  const ssize_t count = ::write(fd.get(), bytes.data(), bytes.size());
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

void ModelledChannel::Read(std::size_t size) {
  inbound_ -= ReadFrom(near_, size);
}

void ModelledChannel::Write(std::size_t size) {
  outbound_ += WriteTo(near_, size);
}

void ModelledChannel::Fill() {
  constexpr std::size_t kPage = 4096;
  while (const std::size_t count = WriteTo(near_, kPage)) outbound_ += count;
  full_ = full_ || errno == EAGAIN;
}

void ModelledChannel::FarRead(std::size_t size) {
  const std::size_t count = ReadFrom(far_, size);
  outbound_ -= count;
  full_ = full_ && count == 0;
}

void ModelledChannel::FarWrite(std::size_t size) {
  inbound_ += WriteTo(far_, size);
}

void ModelledChannel::FarShutdownWrite() {
  far_write_ended_ |= ::shutdown(far_.get(), SHUT_WR) == 0;
}

void ModelledChannel::FarShutdownBoth() {
  far_both_ended_ |= ::shutdown(far_.get(), SHUT_RDWR) == 0;
}

void ModelledChannel::FarClose() { far_.Close(); }

Truth ModelledChannel::readable() const {
  const bool ended = far_.get() == -1 || far_write_ended_ || far_both_ended_;
  return inbound_ > 0 || ended ? Truth::kYes : Truth::kNo;
}

Truth ModelledChannel::writable() const {
  const bool closed = far_.get() == -1;
  if (kind_ == Kind::kPipeReader) {
    // A hang-up that nobody should ask for: select(2) does not tell.
    return closed ? Truth::kMaybe : Truth::kNo;
  }
  if (closed || outbound_ == 0) return Truth::kYes;
  // With a full buffer a hang-up alone: the exception in poller.h.
  if (far_both_ended_) return Truth::kMaybe;
  return full_ ? Truth::kNo : Truth::kMaybe;
}

bool ModelledChannel::hang_up(Interest interest) const {
  return far_.get() == -1 || far_both_ended_ ||
         (far_write_ended_ && interest.read);
}

}  // namespace polymux
