#include "bench/load/stream.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace polymux::bench {
namespace {

using Bytes = std::vector<std::byte>;
using Times = std::vector<std::int64_t>;

// Sends up to `limit` of what the stream has to send and returns it.
Bytes TakeSent(Stream& stream, std::size_t limit, std::int64_t now) {
  const auto bytes =
      stream.ToSend().first(std::min(limit, stream.ToSend().size()));
  Bytes sent(bytes.begin(), bytes.end());
  stream.Sent(sent.size(), now);
  return sent;
}

// The send times of the messages that `data` completes; fails the test when
// the stream does not take it.
Times Echoed(Stream& stream, const Bytes& data) {
  Times times;
  EXPECT_TRUE(stream.Receive(
      data, [&](std::int64_t sent_at) { times.push_back(sent_at); }));
  return times;
}

bool Accepts(Stream& stream, const Bytes& data) {
  return stream.Receive(data, [](std::int64_t) {});
}

class StreamTest : public testing::Test {
 protected:
  const Pattern pattern_{1, 10};
  const StreamShape shape_{&pattern_, 10, 4};
  Stream stream_{shape_, 0};
};

TEST_F(StreamTest, HasNothingToSendUntilAsked) {
  EXPECT_TRUE(stream_.ToSend().empty());
  stream_.Ask(2);
  EXPECT_EQ(stream_.ToSend().size(), 20U);
  EXPECT_EQ(stream_.outstanding(), 2U);
}

TEST_F(StreamTest, MessageCountsFromItsFirstByteToItsLast) {
  stream_.Ask(3);
  Bytes sent = TakeSent(stream_, 10, 100);  // all of the first
  for (const std::byte b : TakeSent(stream_, 1, 200)) sent.push_back(b);
  for (const std::byte b : TakeSent(stream_, 99, 300)) sent.push_back(b);
  ASSERT_EQ(sent.size(), 30U);
  EXPECT_EQ(Echoed(stream_, Bytes(sent.begin(), sent.begin() + 9)), Times());
  EXPECT_EQ(stream_.received_of_message(), 9U);
  EXPECT_EQ(Echoed(stream_, Bytes(sent.begin() + 9, sent.begin() + 29)),
            Times({100, 200}));
  EXPECT_EQ(stream_.missing(), 1U);
  EXPECT_EQ(Echoed(stream_, Bytes(sent.begin() + 29, sent.end())),
            Times({300}));
  EXPECT_EQ(stream_.outstanding(), 0U);
  EXPECT_EQ(stream_.received(), 30U);
}

TEST_F(StreamTest, NoticesBytesThatWereNeverSent) {
  stream_.Ask(2);
  const Bytes sent = TakeSent(stream_, 10, 0);
  Bytes more = sent;
  more.push_back(stream_.ToSend().front());  // right, but too early
  EXPECT_EQ(stream_.MatchingPrefix(more), 10U);
  EXPECT_FALSE(Accepts(stream_, more));
}

TEST_F(StreamTest, NoticesAWrongByteAndWhere) {
  stream_.Ask(1);
  Bytes sent = TakeSent(stream_, 10, 0);
  sent[7] ^= std::byte{1};
  EXPECT_EQ(stream_.MatchingPrefix(sent), 7U);
  EXPECT_FALSE(Accepts(stream_, sent));
}

TEST_F(StreamTest, NoticesALostMessage) {
  stream_.Ask(2);
  TakeSent(stream_, 10, 0);
  EXPECT_FALSE(Accepts(stream_, TakeSent(stream_, 10, 0)));
}

TEST_F(StreamTest, NoticesADoubledMessage) {
  stream_.Ask(2);
  const Bytes sent = TakeSent(stream_, 20, 0);
  const Bytes first(sent.begin(), sent.begin() + 10);
  EXPECT_TRUE(Accepts(stream_, first));
  EXPECT_FALSE(Accepts(stream_, first));
}

TEST_F(StreamTest, NoticesAnotherConnectionsData) {
  Stream other(shape_, 1);
  stream_.Ask(1);
  other.Ask(1);
  TakeSent(stream_, 10, 0);
  EXPECT_FALSE(Accepts(stream_, TakeSent(other, 10, 0)));
}

// A network that cuts the stream at will, against a queue of messages.
RC_GTEST_PROP(Stream, EveryMessageComesBackOnceInOrder, ()) {
  const auto size = *rc::gen::inRange<std::size_t>(1, 200'000);
  const auto depth = *rc::gen::inRange<std::size_t>(1, 5);
  const Pattern pattern(1, size);
  const StreamShape shape{&pattern, size, depth};
  Stream stream(shape, *rc::gen::inRange<std::size_t>(0, 1000));
  std::deque<std::byte> network;
  std::deque<std::int64_t> expected;  // send times, in order
  std::size_t sent_bytes = 0;
  std::size_t completed = 0;
  for (std::int64_t now = 1; now < 60; ++now) {
    stream.Ask(
        *rc::gen::inRange<std::size_t>(0, depth - stream.outstanding() + 1));
    const auto part = *rc::gen::inRange<std::size_t>(0, Pattern::kWindow + 1);
    for (const std::byte b : TakeSent(stream, part, now)) {
      if (sent_bytes++ % size == 0) expected.push_back(now);
      network.push_back(b);
    }
    const auto back =
        std::min(*rc::gen::inRange<std::size_t>(0, Pattern::kWindow + 1),
                 network.size());
    const auto end = network.begin() + static_cast<std::ptrdiff_t>(back);
    const Bytes data(network.begin(), end);
    network.erase(network.begin(), end);
    for (const std::int64_t time : Echoed(stream, data)) {
      RC_ASSERT(time == expected.front());
      expected.pop_front();
      ++completed;
    }
    RC_ASSERT(completed == stream.received() / size);
    RC_ASSERT(stream.missing() == network.size());
  }
}

}  // namespace
}  // namespace polymux::bench
