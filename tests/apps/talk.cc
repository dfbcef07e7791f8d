#include "tests/apps/talk.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace polymux {
namespace {

[[noreturn]] void Fail(const std::string& what) {
  throw std::runtime_error(what);
}

// A stretch of a long pattern, or of one letter where the pattern might hold a
// delimiter.
std::string MakePayload(const Framing* framing, std::size_t size,
                        Random& random) {
  static const std::string pattern = Pattern(std::size_t{1} << 16);
  const std::size_t begin = random() % (pattern.size() - size);
  std::string payload = pattern.substr(begin, size);
  if (framing != nullptr && !framing->CanCarry(payload)) {
    payload.assign(size, static_cast<char>('a' + random() % 26));
  }
  return payload;
}

}  // namespace

Talk::Talk(const InetAddress& address, const Framing* framing, Random* random)
    : framing_(framing), random_(*random), client_(address) {}

std::string Talk::MakeMessage() {
  // Mostly small ones, now and then one that fills several segments.
  const std::size_t largest = random_() % 8 == 0 ? 16'000 : 200;
  std::string payload = MakePayload(framing_, random_() % largest, random_);
  if (framing_ == nullptr) return payload;
  if (!framing_->CanCarry(payload)) payload.resize(framing_->max_frame_size());
  return framing_->Encode(payload);
}

void Talk::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t largest = random_() % 2 == 0 ? 16 : bytes.size();
    const std::size_t piece =
        std::min<std::size_t>(bytes.size(), 1 + random_() % largest);
    const std::size_t taken = client_.SendSome(bytes.substr(0, piece));
    sent_ += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    const short events = taken > 0 ? POLLIN : POLLIN | POLLOUT;
    const auto patience = taken > 0 ? std::chrono::seconds(0) : kPatience;
    const short ready = Wait(events, patience);
    if (taken == 0 && ready == 0) Fail("the server takes nothing");
    if ((ready & ~POLLOUT) != 0 && !Receive()) Fail("an early end");
  }
}

void Talk::Flood(std::size_t limit, std::chrono::milliseconds patience) {
  std::string message = MakeMessage();
  std::size_t at = 0;
  while (sent_.size() < limit && (Wait(POLLOUT, patience) & POLLOUT) != 0) {
    const std::size_t taken =
        client_.SendSome(std::string_view(message).substr(at));
    sent_ += std::string_view(message).substr(at, taken);
    at += taken;
    if (at < message.size()) continue;
    message = MakeMessage();
    at = 0;
  }
}

bool Talk::SendNonsense() {
  if (framing_ == nullptr) return false;
  // A size that is too large, or a frame that does not end.
  for (const std::string& bytes :
       {std::string("\x7f\xff\xff\xff"),
        std::string(framing_->max_frame_size() + 1, 'x')}) {
    std::size_t scanned = 0;
    const Framing::Status status = framing_->Decode(bytes, &scanned).status;
    if (status == Framing::Status::kFrame ||
        status == Framing::Status::kIncomplete) {
      continue;
    }
    std::string_view left = bytes;
    while (!left.empty() && Wait(POLLOUT, kPatience) == POLLOUT) {
      left.remove_prefix(client_.SendSome(left));
    }
    return true;
  }
  return false;
}

void Talk::AwaitAnswers() {
  const std::size_t whole = Whole();
  while (received_ < whole) {
    if (Wait(POLLIN, kPatience) == 0) Fail("no answer");
    if (!Receive()) Fail("an end before the last answer");
  }
}

void Talk::HalfCloseAndAwaitAnswers() {
  client_.ShutdownWrite();
  AwaitAnswers();
  AwaitEnd();
  if (received_ != Whole()) Fail("an answer to a part of a message");
}

void Talk::AwaitEnd() {
  for (;;) {
    if (Wait(POLLIN, kPatience) == 0) Fail("no end");
    try {
      if (!Receive()) return;
    } catch (const std::system_error& error) {
      if (error.code() == std::errc::connection_reset) return;
      throw;
    }
  }
}

bool Talk::Receive() {
  std::array<char, 16384> chunk{};
  const ssize_t got =
      ::recv(client_.fd(), chunk.data(), chunk.size(), MSG_DONTWAIT);
  if (got == -1 && errno == EAGAIN) return true;
  const auto count = static_cast<std::size_t>(Must(static_cast<int>(got)));
  if (count > sent_.size() - received_) Fail("more answers than questions");
  if (std::memcmp(chunk.data(), &sent_[received_], count) != 0) {
    Fail("another answer after " + std::to_string(received_) + " bytes");
  }
  received_ += count;
  return count > 0;
}

short Talk::Wait(short events, std::chrono::milliseconds patience) const {
  pollfd ready{.fd = client_.fd(), .events = events, .revents = 0};
  Must(::poll(&ready, 1, static_cast<int>(patience.count())));
  return ready.revents;
}

std::size_t Talk::Whole() const {
  if (framing_ == nullptr) return sent_.size();
  std::string_view left = sent_;
  std::size_t scanned = 0;
  for (;;) {
    const Framing::Decoded decoded = framing_->Decode(left, &scanned);
    if (decoded.status != Framing::Status::kFrame) break;
    left.remove_prefix(decoded.frame_size);
  }
  return sent_.size() - left.size();
}

}  // namespace polymux
