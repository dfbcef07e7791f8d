#include "tests/poller/readiness_model.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace polymux {
namespace {

constexpr char kOrdinary = 'x';

}  // namespace

ModelledChannel::ModelledChannel(Kind kind) : kind_(kind) {
  if (kind == Kind::kSocket) {
    SocketPair pair = MakeSocketPair();
    near_ = std::move(pair.near);
    far_ = std::move(pair.far);
    return;
  }
  if (kind == Kind::kTcp) {
    SocketPair pair = MakeTcpPair();
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
  // An urgent byte is in the stream after all when another one follows it.
  const auto end = bytes.begin() + std::max<ssize_t>(count, 0);
  return static_cast<std::size_t>(std::count(bytes.begin(), end, kOrdinary));
}

std::size_t ModelledChannel::WriteTo(const ScopedFd& fd, std::size_t size) {
  const std::string bytes(size, kOrdinary);
  const ssize_t count = ::write(fd.get(), bytes.data(), bytes.size());
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

void ModelledChannel::Read(std::size_t size) {
  inbound_ -= ReadFrom(near_, size);
}

void ModelledChannel::Write(std::size_t size) {
  sent_ = true;
  outbound_ += WriteTo(near_, size);
}

void ModelledChannel::Fill() {
  if (kind_ == Kind::kTcp) return;
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
  const std::size_t count = WriteTo(far_, size);
  inbound_ += count;
  if (kind_ == Kind::kTcp) AwaitDelivery(count);
}

void ModelledChannel::FarWriteUrgent() {
  if (kind_ != Kind::kTcp) return;
  had_urgent_ = true;
  if (::send(far_.get(), "!", 1, MSG_OOB) == 1) AwaitDelivery(1);
}

void ModelledChannel::AwaitDelivery(std::size_t size) {
  delivered_ += size;
  tcp_info info{};
  do {
    socklen_t length = sizeof(info);
    Must(::getsockopt(near_.get(), IPPROTO_TCP, TCP_INFO, &info, &length));
  } while (info.tcpi_bytes_received < delivered_);
}

void ModelledChannel::FarShutdownWrite() {
  if (kind_ == Kind::kTcp) return;
  far_write_ended_ |= ::shutdown(far_.get(), SHUT_WR) == 0;
}

void ModelledChannel::FarShutdownBoth() {
  if (kind_ == Kind::kTcp) return;
  far_both_ended_ |= ::shutdown(far_.get(), SHUT_RDWR) == 0;
}

void ModelledChannel::FarClose() {
  if (kind_ != Kind::kTcp) far_.Close();
}

Truth ModelledChannel::readable() const {
  const bool ended = far_.get() == -1 || far_write_ended_ || far_both_ended_;
  if (inbound_ > 0 || ended) return Truth::kYes;
  // An edge tells of urgent data by itself, which no read shows.
  return had_urgent_ ? Truth::kMaybe : Truth::kNo;
}

Truth ModelledChannel::writable() const {
  const bool closed = far_.get() == -1;
  // What is not acknowledged fills the buffer, too.
  if (kind_ == Kind::kTcp) return sent_ ? Truth::kMaybe : Truth::kYes;
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

Truth ModelledChannel::urgent() const {
  if (!had_urgent_) return Truth::kNo;
  char byte = 0;
  const bool unread = ::recv(near_.get(), &byte, 1, MSG_OOB | MSG_PEEK) == 1;
  return unread ? Truth::kYes : Truth::kMaybe;
}

}  // namespace polymux
