#include "reactor/buffer.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "poller/check.h"
#include "reactor/system_calls.h"

namespace polymux {

void Buffer::Append(std::string_view bytes) {
  if (bytes.empty()) return;
  Reserve(bytes.size());
  std::memcpy(block_->data() + end_, bytes.data(), bytes.size());
  end_ += bytes.size();
}

void Buffer::Prepend(std::string_view bytes) {
  if (bytes.empty()) return;
  if (block_ == nullptr) {
    Append(bytes);
    return;
  }
  if (bytes.size() > begin_) {
    const std::size_t begin = bytes.size() + kPrepend;
    MoveTo(pool_->Borrow(begin + size()), begin);
  }
  begin_ -= bytes.size();
  std::memcpy(block_->data() + begin_, bytes.data(), bytes.size());
}

void Buffer::Consume(std::size_t count) {
  POLYMUX_DCHECK(count <= size(), "more consumed than there is");
  if (count < size()) {
    begin_ += count;
  } else {
    Clear();
  }
}

[[gnu::hot]] void Buffer::Clear() {
  begin_ = end_ = 0;
  if (block_ != nullptr) pool_->Return(std::exchange(block_, nullptr));
}

[[gnu::hot]] void Buffer::Shrink() {
  if (block_ == nullptr || block_->capacity == BufferPool::kSmallest ||
      kPrepend + size() > block_->capacity / 4) {
    return;
  }
  MoveTo(pool_->Borrow(kPrepend + size()), kPrepend);
}

[[gnu::hot]] Buffer::ReadResult Buffer::ReadFrom(int fd) {
  return block_ == nullptr ? ReadIntoEmpty(fd) : ReadBehindContents(fd);
}

// The usual case: no copy at all. The large block is the pool's warmest and
// goes back as soon as the reader has consumed it.
[[gnu::hot]] Buffer::ReadResult Buffer::ReadIntoEmpty(int fd) {
  block_ = pool_->Borrow(BufferPool::kLargestPooled);
  const ssize_t count =
      system_call::Recv(fd, block_->data() + kPrepend, kReadSize, 0);
  if (count <= 0) {
    Clear();
    return {.bytes = count, .full = false};
  }
  begin_ = kPrepend;
  end_ = kPrepend + static_cast<std::size_t>(count);
  return {.bytes = count, .full = end_ == block_->capacity};
}

Buffer::ReadResult Buffer::ReadBehindContents(int fd) {
  const std::size_t room = writable();
  BufferPool::Block* const scratch = pool_->Borrow(BufferPool::kLargestPooled);
  const std::array<iovec, 2> stretches = {
      iovec{.iov_base = block_->data() + end_, .iov_len = room},
      iovec{.iov_base = scratch->data(), .iov_len = scratch->capacity}};
  const ssize_t count =
      ::readv(fd, stretches.data(), static_cast<int>(stretches.size()));
  if (count > 0) {
    const auto bytes = static_cast<std::size_t>(count);
    end_ += std::min(bytes, room);
    if (bytes > room) Append({scratch->data(), bytes - room});
  }
  const bool full = count == static_cast<ssize_t>(room + scratch->capacity);
  pool_->Return(scratch);
  return {.bytes = count, .full = full};
}

void Buffer::Reserve(std::size_t count) {
  if (block_ == nullptr) {
    block_ = pool_->Borrow(kPrepend + count);
    begin_ = end_ = kPrepend;
    return;
  }
  if (count <= writable()) return;
  // Only when it frees at least as much as it moves; otherwise a buffer that
  // stays nearly full would be moved for every few bytes.
  if (size() <= begin_ && kPrepend + size() + count <= block_->capacity) {
    std::memmove(block_->data() + kPrepend, block_->data() + begin_, size());
    end_ = kPrepend + size();
    begin_ = kPrepend;
    return;
  }
  // A larger block also when this size would do, for the same reason.
  MoveTo(pool_->Borrow(std::max(kPrepend + size() + count, capacity() + 1)),
         kPrepend);
}

void Buffer::MoveTo(BufferPool::Block* block, std::size_t begin) {
  std::memcpy(block->data() + begin, block_->data() + begin_, size());
  end_ = begin + size();
  begin_ = begin;
  pool_->Return(std::exchange(block_, block));
}

}  // namespace polymux
