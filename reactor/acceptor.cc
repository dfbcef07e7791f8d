#include "reactor/acceptor.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "reactor/event_loop.h"

namespace polymux {
Acceptor::Acceptor(EventLoop* loop, Socket listener, OnAccept on_accept,
                   OnError on_error, int max_per_event, OnBatch on_batch)
    : loop_(loop),
      address_(InetAddress::LocalOf(listener.fd())),
      on_accept_(std::move(on_accept)),
      on_error_(std::move(on_error)),
      on_batch_(std::move(on_batch)),
      listener_(std::move(listener)),
      channel_(
          loop, listener_.fd(),
          [this, max_per_event](const Event&) { AcceptBatch(max_per_event); },
          nullptr) {
  OpenSpare();
}

void Acceptor::Start() {
  if (const std::error_code error = Watch()) {
    throw std::system_error(error,
                            "watching the listener " + address_.ToString());
  }
}

void Acceptor::AcceptQueuedAndStop() {
  if (back_off_) EndBackOff();
  AcceptBatch(kMaxAtStop);
  Stop();
}

void Acceptor::Stop() {
  channel_.Forget();
  if (back_off_) loop_->Cancel(*back_off_);
  back_off_.reset();
  loop_->CloseLater(listener_.TakeFd());
}

std::error_code Acceptor::Watch() {
  return channel_.Watch(Interest::LevelRead());
}

void Acceptor::AcceptBatch(int count) {
  AcceptUpTo(count);
  if (on_batch_) on_batch_();
}

void Acceptor::AcceptUpTo(int count) {
  for (int i = 0; i < count && !channel_.interest().empty(); ++i) {
    InetAddress peer;
    ++loop_->counters().accepts;
    Socket socket = listener_.Accept(&peer);
    if (socket) {
      on_accept_(std::move(socket), peer);
    } else if (!HandleError(errno)) {
      return;
    }
  }
}

bool Acceptor::HandleError(int error) {
  switch (error) {
    case EAGAIN:
      ++loop_->counters().eagain_accepts;
      return false;
    case EMFILE:
    case ENFILE:
      return RejectOne();
    case ENOBUFS:
    case ENOMEM:
      ++loop_->counters().rejected_descriptors;
      BackOff();
      return false;
    case EBADF:
    case EFAULT:
    case EINVAL:
    case ENOTSOCK:
      channel_.Forget();
      on_error_({error, std::system_category()});
      return false;
    default:
      // EINTR, ECONNABORTED, EPROTO, EPERM and the network errors: this
      // connection is gone, the listener is well.
      return true;
  }
}

bool Acceptor::RejectOne() {
  if (spare_) ++loop_->counters().closes;
  spare_.Reset();
  InetAddress peer;
  ++loop_->counters().accepts;
  const bool accepted = static_cast<bool>(listener_.Accept(&peer));
  // accept4 takes the number first and says EMFILE for an empty queue too.
  const bool queue_empty = !accepted && errno == EAGAIN;
  if (accepted) {
    ++loop_->counters().closes;
    ++loop_->counters().rejected_descriptors;
  }
  OpenSpare();
  if (spare_ && (accepted || queue_empty)) return accepted;
  BackOff();
  return false;
}

void Acceptor::OpenSpare() {
  ++loop_->counters().opens;
  spare_ = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

void Acceptor::BackOff() {
  if (back_off_) return;
  channel_.Forget();
  back_off_ = loop_->RunAfter(kBackOff, [this] { EndBackOff(); });
}

void Acceptor::EndBackOff() {
  // In vain when its end was the reason for this call.
  loop_->Cancel(*back_off_);
  back_off_.reset();
  if (!spare_) OpenSpare();
  if (const std::error_code error = Watch()) on_error_(error);
}

}  // namespace polymux
