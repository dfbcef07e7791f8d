#include "reactor/buffer.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <string_view>

#include "tests/reactor/support.h"

namespace polymux {
namespace {

// Of a build with a sanitizer, or without optimisation.
#ifdef NDEBUG
constexpr int kSlowness = 1;
#else
constexpr int kSlowness = 16;
#endif

class BufferTest : public testing::Test {
 protected:
  ~BufferTest() override {
    buffer_.Clear();
    EXPECT_EQ(pool_.borrowed(), 0U) << "blocks were not returned";
  }

  BufferPool pool_;
  Buffer buffer_{&pool_};
};

TEST_F(BufferTest, OwnsNothingWhenEmpty) {
  EXPECT_TRUE(buffer_.empty());
  EXPECT_EQ(buffer_.view(), "");
  EXPECT_EQ(buffer_.capacity(), 0U);
  buffer_.Append("");
  buffer_.Prepend("");
  buffer_.Consume(0);
  buffer_.Shrink();
  EXPECT_EQ(pool_.borrowed(), 0U);
}

TEST_F(BufferTest, FirstInFirstOut) {
  buffer_.Append("hello ");
  buffer_.Append("world");
  EXPECT_EQ(buffer_.view(), "hello world");
  EXPECT_EQ(buffer_.size(), 11U);
  buffer_.Consume(6);
  EXPECT_EQ(buffer_.view(), "world");
}

TEST_F(BufferTest, ReturnsItsBlockWithTheLastByte) {
  buffer_.Append("abc");
  EXPECT_EQ(pool_.borrowed(), 1U);
  buffer_.Consume(2);
  EXPECT_EQ(pool_.borrowed(), 1U);
  buffer_.Consume(1);
  EXPECT_EQ(pool_.borrowed(), 0U);
  EXPECT_EQ(buffer_.capacity(), 0U);
  buffer_.Append("again");
  EXPECT_EQ(buffer_.view(), "again");
  buffer_.Clear();
  EXPECT_EQ(pool_.borrowed(), 0U);
}

TEST_F(BufferTest, AHeaderIsPrependedWithoutAMove) {
  buffer_.Append("body");
  const char* const body = buffer_.view().data();
  buffer_.Prepend("8 bytes!");
  EXPECT_EQ(buffer_.view(), "8 bytes!body");
  EXPECT_EQ(buffer_.view().data() + 8, body);
}

TEST_F(BufferTest, PrependsMoreThanThereIsRoomFor) {
  buffer_.Append("body");
  buffer_.Prepend("123456789");
  EXPECT_EQ(buffer_.view(), "123456789body");
  const std::string large = Pattern(100'000);
  buffer_.Prepend(large);
  EXPECT_TRUE(buffer_.view() == large + "123456789body");
}

TEST_F(BufferTest, PrependsToNothing) {
  buffer_.Prepend("x");
  EXPECT_EQ(buffer_.view(), "x");
}

TEST_F(BufferTest, PrependsIntoWhatWasConsumed) {
  buffer_.Append(std::string(500, 'a'));
  buffer_.Consume(400);
  const std::size_t capacity = buffer_.capacity();
  buffer_.Prepend(std::string(300, 'b'));
  EXPECT_EQ(buffer_.view(), std::string(300, 'b') + std::string(100, 'a'));
  EXPECT_EQ(buffer_.capacity(), capacity);
}

TEST_F(BufferTest, GrowsByPowersOfTwo) {
  buffer_.Append("x");
  EXPECT_EQ(buffer_.capacity(), 1024U);
  buffer_.Append(std::string(1024 - Buffer::kPrepend - 1, 'x'));
  EXPECT_EQ(buffer_.capacity(), 1024U) << "a block is used to its last byte";
  buffer_.Append("x");
  EXPECT_EQ(buffer_.capacity(), 2048U);
  buffer_.Append(std::string(100'000, 'x'));
  EXPECT_EQ(buffer_.capacity(), 131072U);
  EXPECT_EQ(buffer_.size(), 1024 - Buffer::kPrepend + 1 + 100'000);
}

TEST_F(BufferTest, UsesConsumedRoomBeforeItGrows) {
  buffer_.Append(std::string(1000, 'a'));
  buffer_.Consume(900);
  buffer_.Append(std::string(800, 'b'));
  EXPECT_EQ(buffer_.capacity(), 1024U);
  EXPECT_EQ(buffer_.view(), std::string(100, 'a') + std::string(800, 'b'));
}

TEST_F(BufferTest, ShrinksToAQuarterOrLess) {
  const std::string bytes = Pattern(200'000);
  buffer_.Append(bytes);
  ASSERT_EQ(buffer_.capacity(), 262144U);
  buffer_.Consume(100'000);
  buffer_.Shrink();
  EXPECT_EQ(buffer_.capacity(), 262144U) << "more than a quarter is in use";
  buffer_.Consume(99'000);
  buffer_.Shrink();
  EXPECT_EQ(buffer_.capacity(), 1024U);
  EXPECT_TRUE(buffer_.view() == std::string_view(bytes).substr(199'000));
  EXPECT_EQ(pool_.borrowed(), 1U);
  buffer_.Shrink();
  EXPECT_EQ(buffer_.capacity(), 1024U);
}

TEST_F(BufferTest, ReadsWhatIsThere) {
  Pair pair = MakeUnixPair(1 << 16);
  pair.far.Send("hello");
  const Buffer::ReadResult result = buffer_.ReadFrom(pair.near.fd());
  EXPECT_EQ(result.bytes, 5);
  EXPECT_FALSE(result.full);
  EXPECT_EQ(buffer_.view(), "hello");
  pair.far.Send(" world");
  EXPECT_EQ(buffer_.ReadFrom(pair.near.fd()).bytes, 6);
  EXPECT_EQ(buffer_.view(), "hello world");
}

TEST_F(BufferTest, AReadOfNothingBorrowsNothing) {
  Pair pair = MakeUnixPair(1 << 16);
  Buffer::ReadResult result = buffer_.ReadFrom(pair.near.fd());
  EXPECT_EQ(result.bytes, -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_FALSE(result.full);
  EXPECT_EQ(pool_.borrowed(), 0U);

  pair.far.Close();
  result = buffer_.ReadFrom(pair.near.fd());
  EXPECT_EQ(result.bytes, 0);
  EXPECT_FALSE(result.full);
  EXPECT_EQ(pool_.borrowed(), 0U);
}

TEST_F(BufferTest, AFailedReadKeepsTheContents) {
  Pair pair = MakeUnixPair(1 << 16);
  buffer_.Append("kept");
  EXPECT_EQ(buffer_.ReadFrom(pair.near.fd()).bytes, -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(buffer_.view(), "kept");
  pair.far.Close();
  EXPECT_EQ(buffer_.ReadFrom(pair.near.fd()).bytes, 0);
  EXPECT_EQ(buffer_.view(), "kept");
  EXPECT_EQ(pool_.borrowed(), 1U) << "the scratch block was not returned";
}

TEST_F(BufferTest, AReadThatUsesAllRoomSaysSo) {
  Pair pair = MakeUnixPair(1 << 20);
  const std::string bytes = Pattern(2 * Buffer::kReadSize + 100);
  ASSERT_EQ(pair.far.SendSome(bytes), bytes.size());
  Buffer::ReadResult result = buffer_.ReadFrom(pair.near.fd());
  EXPECT_EQ(result.bytes, static_cast<ssize_t>(Buffer::kReadSize));
  EXPECT_TRUE(result.full);

  // Now behind contents: at least as much again, in one call.
  result = buffer_.ReadFrom(pair.near.fd());
  EXPECT_GE(result.bytes, static_cast<ssize_t>(Buffer::kReadSize));
  while (buffer_.size() < bytes.size()) {
    ASSERT_GT(buffer_.ReadFrom(pair.near.fd()).bytes, 0);
  }
  EXPECT_TRUE(buffer_.view() == bytes);
}

TEST_F(BufferTest, OneReadFillsTheRoomAndTheScratchSpace) {
  Pair pair = MakeUnixPair(1 << 20);
  buffer_.Append(std::string(1000, 'a'));
  const std::size_t room = 1024 - Buffer::kPrepend - 1000;
  const std::string bytes = Pattern(room + BufferPool::kLargestPooled + 1);
  ASSERT_EQ(pair.far.SendSome(bytes), bytes.size());
  const Buffer::ReadResult result = buffer_.ReadFrom(pair.near.fd());
  EXPECT_EQ(result.bytes,
            static_cast<ssize_t>(room + BufferPool::kLargestPooled));
  EXPECT_TRUE(result.full);
  EXPECT_TRUE(buffer_.view() ==
              std::string(1000, 'a') + bytes.substr(0, bytes.size() - 1));
}

TEST_F(BufferTest, L09_OneByteFramesCostLinearTime) {
  // 64 MiB consumed byte by byte. Were each Consume to move the rest, this
  // would be some 10^12 bytes moved; linear it takes well under a second.
  constexpr std::size_t kChunk = std::size_t{1} << 16;
  constexpr std::size_t kTotal = (std::size_t{64} << 20) / kSlowness;
  const std::string chunk = Pattern(kChunk);
  const auto start = std::chrono::steady_clock::now();
  std::size_t consumed = 0;
  bool same = true;
  for (std::size_t sent = 0; sent < kTotal; sent += kChunk) {
    buffer_.Append(chunk);
    // One stays behind, so that the buffer is never given back.
    while (buffer_.size() > 1) {
      same = same && buffer_.view().front() == chunk[consumed % kChunk];
      buffer_.Consume(1);
      ++consumed;
    }
  }
  EXPECT_TRUE(same);
  EXPECT_EQ(consumed, kTotal - 1);
  EXPECT_LE(buffer_.capacity(), 4 * kChunk);
  EXPECT_LT(std::chrono::steady_clock::now() - start, kPatience);
}

TEST_F(BufferTest, ABufferThatStaysNearlyFullIsNotMovedForEveryByte) {
  // One byte out, one byte in, with a full block of 1 MiB between them: with a
  // move for each it would be 10^12 bytes moved.
  constexpr std::size_t kFull = (std::size_t{1} << 20) - Buffer::kPrepend;
  buffer_.Append(Pattern(kFull));
  ASSERT_EQ(buffer_.capacity(), std::size_t{1} << 20);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 1'000'000 / kSlowness; ++i) {
    buffer_.Consume(1);
    buffer_.Append("x");
  }
  EXPECT_EQ(buffer_.size(), kFull);
  EXPECT_LE(buffer_.capacity(), std::size_t{4} << 20);
  EXPECT_LT(std::chrono::steady_clock::now() - start, kPatience);
}

using BufferDeathTest = BufferTest;

TEST_F(BufferDeathTest, ConsumesNoMoreThanThereIs) {
#ifdef NDEBUG
  GTEST_SKIP() << "only builds without NDEBUG check this";
#endif
  buffer_.Append("abc");
  EXPECT_DEATH(buffer_.Consume(4), "more consumed than there is");
}

// What a Buffer promises at any time.
void CheckAgainst(const std::string& model, const Buffer& buffer,
                  const BufferPool& pool) {
  RC_ASSERT(buffer.view() == model);
  RC_ASSERT(buffer.size() == model.size());
  RC_ASSERT(buffer.empty() == model.empty());
  RC_ASSERT((buffer.capacity() == 0) == model.empty());
  RC_ASSERT(buffer.capacity() >= model.size());
  RC_ASSERT(pool.borrowed() == (model.empty() ? 0U : 1U));
}

// Mostly small, sometimes larger than any pooled block.
std::string Bytes() {
  const int limit = *rc::gen::element(10, 100, 5000, 150'000);
  return Pattern(static_cast<std::size_t>(*rc::gen::inRange(0, limit)));
}

TEST(BufferPropertyTest, BehavesLikeAString) {
  EXPECT_TRUE(rc::check("Buffer against std::string", [] {
    BufferPool pool;
    Buffer buffer(&pool);
    std::string model;
    Pair pair = MakeUnixPair(1 << 20);
    const int steps = *rc::gen::inRange(1, 60);
    for (int step = 0; step < steps; ++step) {
      switch (*rc::gen::inRange(0, 7)) {
        case 0: {
          const std::string bytes = Bytes();
          buffer.Append(bytes);
          model += bytes;
          break;
        }
        case 1: {
          const std::string bytes = Bytes();
          buffer.Prepend(bytes);
          model.insert(0, bytes);
          break;
        }
        case 2:
        case 3: {
          const auto count =
              *rc::gen::inRange<std::size_t>(0, model.size() + 1);
          buffer.Consume(count);
          model.erase(0, count);
          break;
        }
        case 4:
          buffer.Shrink();
          RC_ASSERT(model.empty() ||
                    buffer.capacity() == BufferPool::kSmallest ||
                    4 * (model.size() + Buffer::kPrepend) > buffer.capacity());
          break;
        case 5:
          buffer.Clear();
          model.clear();
          break;
        default: {
          std::string bytes = Bytes();
          bytes.resize(pair.far.SendSome(bytes));
          if (bytes.empty()) break;
          std::size_t got = 0;
          while (got < bytes.size()) {
            const Buffer::ReadResult result = buffer.ReadFrom(pair.near.fd());
            RC_ASSERT(result.bytes > 0);
            got += static_cast<std::size_t>(result.bytes);
            RC_ASSERT(result.full || got == bytes.size());
          }
          model += bytes;
        }
      }
      CheckAgainst(model, buffer, pool);
    }
  }));
}

}  // namespace
}  // namespace polymux
