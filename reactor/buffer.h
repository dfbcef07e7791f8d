#ifndef POLYMUX_REACTOR_BUFFER_H_
#define POLYMUX_REACTOR_BUFFER_H_

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string_view>

#include "reactor/buffer_pool.h"

namespace polymux {

// A queue of bytes in one piece of memory:
//
//     | prependable | readable | writable |
//     0           begin_      end_    capacity
//
// after Chen Shuo's muduo::net::Buffer (the book "Linux multi-threaded server
// programming", 7.4): headers are prepended without moving the body, and
// reading uses a second stretch of scratch space, so that one system call takes
// all there is. Unlike Muduo's, a Buffer that holds nothing owns nothing: it
// borrows a block from the pool with its first byte and returns it with its
// last one, so that ten thousand idle connections cost no buffer memory.
//
// Growth: when the writable room does not suffice, the bytes move to the front
// of the block if that is cheap and enough, else to a larger block, of the next
// power of two that fits. Give-back: Consume of the last byte returns the
// block; Shrink moves the bytes to the smallest sufficient block when they fill
// less than a quarter.
//
// Thread: that of the pool.
class Buffer {
 public:
  // Room kept in front of fresh contents, enough for a length header.
  static constexpr std::size_t kPrepend = BufferPool::kPrepend;
  // The room that ReadFrom offers at the least: one read takes up to this.
  static constexpr std::size_t kReadSize =
      BufferPool::kLargestPooled - kPrepend;

  // `pool` must outlive the buffer.
  explicit Buffer(BufferPool* pool) : pool_(pool) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { Clear(); }

  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  // Bytes of memory borrowed.
  std::size_t capacity() const {
    return block_ == nullptr ? 0 : block_->capacity;
  }

  // The contents, first in first. Valid until the next non-const call.
  std::string_view view() const {
    return block_ == nullptr
               ? std::string_view()
               : std::string_view(block_->data() + begin_, size());
  }

  void Append(std::string_view bytes);

  // In front of the contents; free of moves for up to kPrepend bytes.
  void Prepend(std::string_view bytes);

  // Removes the first `count` bytes. REQUIRES: count <= size().
  void Consume(std::size_t count);
  void Clear();

  // Gives back memory that the contents do not need. Called by the owner when
  // it leaves the buffer alone for a while, not after each Consume.
  void Shrink();

  struct ReadResult {
    ssize_t bytes;  // as read(2): > 0 appended, 0 end of file, -1 see errno
    bool full;      // all the room offered was used: more may be waiting
  };
  // Appends what one recv(2) or readv(2) from the socket gives, at least
  // kReadSize bytes when they are there.
  ReadResult ReadFrom(int fd);

 private:
  std::size_t writable() const { return capacity() - end_; }
  // Makes room for `count` bytes at end_.
  void Reserve(std::size_t count);
  // Moves the contents to `block`, `begin` bytes after its start, and returns
  // the old block.
  void MoveTo(BufferPool::Block* block, std::size_t begin);

  ReadResult ReadIntoEmpty(int fd);
  ReadResult ReadBehindContents(int fd);

  BufferPool* const pool_;
  BufferPool::Block* block_ = nullptr;  // null exactly when empty
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_BUFFER_H_
