#include "reactor/buffer_pool.h"

#include <new>

#include "poller/check.h"

namespace polymux {

BufferPool::~BufferPool() {
  POLYMUX_CHECK(borrowed_ == 0, "a buffer outlives its loop's pool");
  for (Block* block : free_) {
    while (block != nullptr) Free(std::exchange(block, block->next));
  }
}

BufferPool::Block* BufferPool::Allocate(std::size_t capacity) {
  void* const memory =
      ::operator new (kDataOffset + capacity, std::align_val_t{kCacheLine});
  return new (memory) Block{.next = nullptr, .capacity = capacity};
}

void BufferPool::Free(Block* block) {
  ::operator delete (block, std::align_val_t{kCacheLine});
}

}  // namespace polymux
