// Group C of docs/conformance.md, third part: the end of a stream and errors
// are reported as readiness, and as a hint by backends that can tell.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "tests/poller/support.h"

namespace polymux {
namespace {

void CloseWithReset(ScopedFd& socket) {
  const linger abort{.l_onoff = 1, .l_linger = 0};
  Must(
      ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort)));
  socket.Close();
}

class HangUp : public PollerTest {
 protected:
  // `ready` is for a direction that has ended.
  void ExpectHangUp(const Ready& ready) {
    EXPECT_EQ(ready.hang_up, backend().reports_hang_up);
  }
};

TEST_P(HangUp, C20_ErrorAloneReachesTheAskedDirection) {
  for (const Interest interest : {kRead, kWrite, Level(kRead), Level(kWrite)}) {
    SocketPair pair = MakeTcpPair();
    CloseWithReset(pair.far);
    AwaitKernel(pair.near.get(), POLLHUP);
    Watch(pair.near.get(), interest, 1);
    const Ready ready = Of(Wait(), 1);
    EXPECT_EQ(ready.read, interest.read);
    EXPECT_EQ(ready.write, interest.write);
    Forget(pair.near.get());
  }
}

TEST_P(HangUp, C20_PipeWithoutItsOtherEnd) {
  Pipe without_writer = MakePipe();
  Pipe without_reader = MakePipe();
  Watch(without_writer.reader.get(), kRead, 1);
  Watch(without_reader.writer.get(), kWrite, 2);
  Fill(without_reader.writer.get());
  FallsQuiet();
  without_writer.writer.Close();
  without_reader.reader.Close();
  const std::vector<Ready> batch = Wait();
  EXPECT_TRUE(Of(batch, 1).read);
  EXPECT_TRUE(Of(batch, 2).write);
  ExpectHangUp(Of(batch, 1));
  ExpectHangUp(Of(batch, 2));
}

// An empty interest could only be reported for ever (scylladb/seastar#1785).
TEST_P(HangUp, C20_NoInterestIsNoRegistration) {
  SocketPair pair = MakeTcpPair();
  EXPECT_EQ(poller().Watch(pair.near.get(), Interest{}, 1),
            std::errc::invalid_argument);
  Watch(pair.near.get(), Level(kRead), 2);
  EXPECT_EQ(poller().Watch(pair.near.get(), Interest{}, 3),
            std::errc::invalid_argument);
  CloseWithReset(pair.far);
  EXPECT_TRUE(WaitFor(2, kRead).read);
  Forget(pair.near.get());
  ExpectNoSpin();
}

// A peer that only half-closes is no event for a watch of the write direction.
TEST_P(HangUp, C20_HalfCloseIsNoWriteEvent) {
  const SocketPair pair = MakeSocketPair();
  Fill(pair.near.get());
  Watch(pair.near.get(), Level(kWrite), 1);
  Must(::shutdown(pair.far.get(), SHUT_WR));
  ExpectNoSpin();
}

TEST_P(HangUp, C21_CloseMakesReadableAndAFullBufferWritable) {
  SocketPair reader = MakeSocketPair();
  SocketPair writer = MakeSocketPair();
  Fill(writer.near.get());
  Watch(reader.near.get(), kRead, 1);
  Watch(writer.near.get(), kWrite, 2);
  EXPECT_TRUE(Wait().empty());
  reader.far.Close();
  writer.far.Close();
  const std::vector<Ready> batch = Wait();
  EXPECT_TRUE(Of(batch, 1).read);
  EXPECT_TRUE(Of(batch, 2).write);
  ExpectHangUp(Of(batch, 1));
  ExpectHangUp(Of(batch, 2));
  EXPECT_EQ(Read(reader.near.get(), 1), "");
}

TEST_P(HangUp, C22_EarlyClose) {
  for (const Interest interest : {kRead, Level(kRead)}) {
    for (const bool once : {true, false}) {
      for (const bool half : {true, false}) {
        SocketPair pair = MakeSocketPair();
        Watch(pair.near.get(), interest, 1);
        if (half) {
          Must(::shutdown(pair.far.get(), SHUT_WR));
        } else {
          pair.far.Close();
        }
        const Ready ready = Of(Wait(), 1);
        EXPECT_TRUE(ready.read);
        ExpectHangUp(ready);
        if (once) {
          Forget(pair.near.get());
          EXPECT_TRUE(Wait().empty());
        } else {
          EXPECT_EQ(FallsQuiet(), edge(interest));
          Forget(pair.near.get());
        }
      }
    }
  }
}

TEST_P(HangUp, C23_TcpPeerEndsItsDirection) {
  const SocketPair pair = MakeTcpPair();
  Watch(pair.near.get(), kRead, 1);
  EXPECT_TRUE(Wait().empty());
  Must(::shutdown(pair.far.get(), SHUT_WR));
  ExpectHangUp(WaitFor(1, kRead));
  EXPECT_EQ(Read(pair.near.get(), 1), "");
  Write(pair.near.get(), "the other direction still works");
}

TEST_P(HangUp, C23_TcpOwnReadDirectionEnded) {
  const SocketPair pair = MakeTcpPair();
  Watch(pair.near.get(), kRead, 1);
  Must(::shutdown(pair.near.get(), SHUT_RD));
  ExpectHangUp(WaitFor(1, kRead));
  EXPECT_EQ(Read(pair.near.get(), 1), "");
}

TEST_P(HangUp, C23_TcpOwnWriteDirectionEnded) {
  const SocketPair pair = MakeTcpPair();
  Must(::shutdown(pair.near.get(), SHUT_WR));
  Watch(pair.near.get(), kReadWrite, 1);
  Write(pair.far.get(), "x");
  const Ready ready = WaitFor(1, kReadWrite);
  EXPECT_FALSE(ready.hang_up) << "the peer's direction is open";
}

TEST_P(HangUp, C23_TcpBothDirectionsEnded) {
  const SocketPair pair = MakeTcpPair();
  Watch(pair.near.get(), kReadWrite, 1);
  WaitFor(1, kWrite);
  Must(::shutdown(pair.near.get(), SHUT_WR));
  Must(::shutdown(pair.far.get(), SHUT_WR));
  AwaitKernel(pair.near.get(), POLLHUP);
  ExpectHangUp(WaitFor(1, kReadWrite));
}

TEST_P(HangUp, C23_TcpReset) {
  SocketPair pair = MakeTcpPair();
  Watch(pair.near.get(), kRead, 1);
  CloseWithReset(pair.far);
  ExpectHangUp(WaitFor(1, kRead));
  EXPECT_THROW(Read(pair.near.get(), 1), std::system_error);
}

// netty/netty#4317: the hint must not come instead of the data before it.
TEST_P(HangUp, C24_DataPlusFin) {
  for (const Interest interest : {kRead, Level(kRead)}) {
    SocketPair pair = MakeTcpPair();
    Watch(pair.near.get(), interest, 1);
    const std::string data(16384, 'x');
    Write(pair.far.get(), data);
    pair.far.Close();
    AwaitKernel(pair.near.get(), POLLRDHUP);
    const Ready ready = Of(Wait(), 1);
    EXPECT_TRUE(ready.read);
    ExpectHangUp(ready);
    EXPECT_EQ(Drain(pair.near.get()), data.size());
    EXPECT_EQ(Read(pair.near.get(), 1), "");
    Forget(pair.near.get());
  }
}

// A read stops at the mark of urgent data, and that is told; of ordinary data,
// which wakes a socket's waiters in the same way, it never is.
TEST_P(HangUp, C32_UrgentDataIsToldUntilItIsReadPast) {
  SocketPair pair = MakeTcpPair();
  Watch(pair.near.get(), kRead, 1);
  FallsQuiet();
  const auto send_urgent = [&] {
    Must(static_cast<int>(::send(pair.far.get(), "!", 1, MSG_OOB)));
    AwaitKernel(pair.near.get(), POLLPRI);
  };
  for (int i = 0; i < 5; ++i) {
    Write(pair.far.get(), "ordinary");
    EXPECT_FALSE(WaitFor(1, kRead).urgent);
    Drain(pair.near.get());
    FallsQuiet();
  }
  Write(pair.far.get(), "a");
  send_urgent();
  Write(pair.far.get(), "b");
  EXPECT_EQ(WaitFor(1, kRead).urgent, edge());
  EXPECT_EQ(Read(pair.near.get(), 100), "a");
  Write(pair.far.get(), "c");
  EXPECT_EQ(WaitFor(1, kRead).urgent, edge()) << "the mark is there still";
  Drain(pair.near.get());

  // There before the watch; and a watch that is level-triggered.
  Forget(pair.near.get());
  Write(pair.far.get(), "a");
  send_urgent();
  Watch(pair.near.get(), kRead, 2);
  EXPECT_EQ(WaitFor(2, kRead).urgent, edge());
  Watch(pair.near.get(), Level(kRead), 3);
  EXPECT_FALSE(WaitFor(3, kRead).urgent);
}

// Nobody reads past the mark as long as nothing is behind it.
TEST_P(HangUp, C32_AnUnreadMarkDoesNotSpin) {
  SocketPair pair = MakeTcpPair();
  for (const Interest interest : {kRead, Level(kRead), kReadWrite}) {
    Watch(pair.near.get(), interest, 1);
    Must(static_cast<int>(::send(pair.far.get(), "!", 1, MSG_OOB)));
    AwaitKernel(pair.near.get(), POLLPRI);
    if (interest.write && !edge(interest)) break;
    EXPECT_TRUE(FallsQuiet());
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, HangUp, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
