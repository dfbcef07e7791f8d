#ifndef POLYMUX_REACTOR_BUFFER_POOL_H_
#define POLYMUX_REACTOR_BUFFER_POOL_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <utility>

namespace polymux {

// The blocks of memory that a loop's buffers borrow while they hold something.
// Blocks come in powers of two; those up to kLargestPooled are kept for the
// next borrower, last in first out so that the warmest is used again, as long
// as no more than kMaxIdleBytes are kept. Larger ones go back to the heap.
//
// Thread: one at a time, in practice the loop's.
class BufferPool {
 public:
  static constexpr std::size_t kSmallest = std::size_t{1} << 10;
  static constexpr std::size_t kLargestPooled = std::size_t{1} << 16;
  static constexpr std::size_t kMaxIdleBytes = std::size_t{1} << 18;

  // Bytes at the start of a block's memory that a Buffer keeps for prepending.
  static constexpr std::size_t kPrepend = 8;

  // The header of a block; its memory follows. What stands behind kPrepend is
  // aligned to a cache line, since the kernel's copies are dearer from and to
  // anything else.
  struct Block {
    Block* next;           // in a free list
    std::size_t capacity;  // bytes at data()
    char* data() { return reinterpret_cast<char*>(this) + kDataOffset; }
  };

  BufferPool() = default;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  // REQUIRES: every block has been returned.
  ~BufferPool();

  // A block of at least `size` bytes, uninitialised.
  Block* Borrow(std::size_t size);
  void Return(Block* block);

  std::size_t borrowed() const { return borrowed_; }      // blocks
  std::size_t idle_bytes() const { return idle_bytes_; }  // kept for later

 private:
  static constexpr std::size_t kClasses = 7;  // 1 KiB ... 64 KiB

  static constexpr std::size_t ClassOf(std::size_t capacity) {
    return static_cast<std::size_t>(std::countr_zero(capacity) -
                                    std::countr_zero(kSmallest));
  }
  static_assert(std::size_t{1} << (kClasses - 1) == kLargestPooled / kSmallest);

  static constexpr std::size_t kCacheLine = 64;
  static constexpr std::size_t kDataOffset = kCacheLine - kPrepend;
  static_assert(kDataOffset >= sizeof(Block));

  static Block* Allocate(std::size_t capacity);
  static void Free(Block* block);

  std::array<Block*, kClasses> free_{};
  std::size_t borrowed_ = 0;
  std::size_t idle_bytes_ = 0;
};

// Inline, since they run for each message.

inline BufferPool::Block* BufferPool::Borrow(std::size_t size) {
  const std::size_t capacity = std::bit_ceil(std::max(size, kSmallest));
  ++borrowed_;
  if (capacity > kLargestPooled) return Allocate(capacity);
  Block*& head = free_[ClassOf(capacity)];
  if (head == nullptr) return Allocate(capacity);
  idle_bytes_ -= capacity;
  return std::exchange(head, head->next);
}

inline void BufferPool::Return(Block* block) {
  --borrowed_;
  if (block->capacity > kLargestPooled ||
      idle_bytes_ + block->capacity > kMaxIdleBytes) {
    return Free(block);
  }
  idle_bytes_ += block->capacity;
  Block*& head = free_[ClassOf(block->capacity)];
  block->next = std::exchange(head, block);
}

}  // namespace polymux

#endif  // POLYMUX_REACTOR_BUFFER_POOL_H_
