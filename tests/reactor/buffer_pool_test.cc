#include "reactor/buffer_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace polymux {
namespace {

TEST(BufferPoolTest, BlocksArePowersOfTwo) {
  BufferPool pool;
  const struct {
    std::size_t asked;
    std::size_t given;
  } cases[] = {{0, 1024},      {1, 1024},       {1024, 1024},
               {1025, 2048},   {4096, 4096},    {65535, 65536},
               {65536, 65536}, {65537, 131072}, {1'000'000, 1 << 20}};
  for (const auto& c : cases) {
    BufferPool::Block* const block = pool.Borrow(c.asked);
    EXPECT_EQ(block->capacity, c.given) << c.asked;
    // All of it can be written to.
    std::memset(block->data(), 1, block->capacity);
    pool.Return(block);
  }
}

TEST(BufferPoolTest, TheLastReturnedIsTheNextBorrowed) {
  BufferPool pool;
  BufferPool::Block* const first = pool.Borrow(2000);
  BufferPool::Block* const second = pool.Borrow(2000);
  pool.Return(first);
  pool.Return(second);
  EXPECT_EQ(pool.Borrow(2048), second);
  EXPECT_EQ(pool.Borrow(1025), first);
  pool.Return(first);
  pool.Return(second);
}

TEST(BufferPoolTest, ABlockServesItsOwnSizeOnly) {
  BufferPool pool;
  BufferPool::Block* const large = pool.Borrow(4096);
  pool.Return(large);
  BufferPool::Block* const small = pool.Borrow(1024);
  EXPECT_NE(small, large);
  EXPECT_EQ(small->capacity, 1024U);
  EXPECT_EQ(pool.idle_bytes(), 4096U);
  pool.Return(small);
}

TEST(BufferPoolTest, CountsWhatIsBorrowedAndKept) {
  BufferPool pool;
  BufferPool::Block* const a = pool.Borrow(1024);
  BufferPool::Block* const b = pool.Borrow(8192);
  EXPECT_EQ(pool.borrowed(), 2U);
  EXPECT_EQ(pool.idle_bytes(), 0U);
  pool.Return(a);
  EXPECT_EQ(pool.borrowed(), 1U);
  EXPECT_EQ(pool.idle_bytes(), 1024U);
  pool.Return(b);
  EXPECT_EQ(pool.borrowed(), 0U);
  EXPECT_EQ(pool.idle_bytes(), 1024U + 8192U);
}

TEST(BufferPoolTest, KeepsNoMoreThanItsLimit) {
  BufferPool pool;
  constexpr std::size_t kBlocks =
      3 * BufferPool::kMaxIdleBytes / BufferPool::kLargestPooled;
  std::vector<BufferPool::Block*> blocks;
  for (std::size_t i = 0; i < kBlocks; ++i) {
    blocks.push_back(pool.Borrow(BufferPool::kLargestPooled));
  }
  for (BufferPool::Block* block : blocks) {
    pool.Return(block);
    EXPECT_LE(pool.idle_bytes(), BufferPool::kMaxIdleBytes);
  }
  EXPECT_EQ(pool.idle_bytes(), BufferPool::kMaxIdleBytes);
}

TEST(BufferPoolTest, GivesLargeBlocksBackToTheHeap) {
  BufferPool pool;
  pool.Return(pool.Borrow(BufferPool::kLargestPooled + 1));
  EXPECT_EQ(pool.idle_bytes(), 0U);
  EXPECT_EQ(pool.borrowed(), 0U);
}

TEST(BufferPoolDeathTest, MustOutliveItsBlocks) {
  EXPECT_DEATH(
      {
        BufferPool pool;
        pool.Borrow(1);
      },
      "a buffer outlives its loop's pool");
}

}  // namespace
}  // namespace polymux
