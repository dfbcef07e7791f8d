#ifndef POLYMUX_TESTS_POLLER_READINESS_MODEL_H_
#define POLYMUX_TESTS_POLLER_READINESS_MODEL_H_

#include <cstddef>
#include <cstdint>

#include "tests/poller/support.h"

namespace polymux {

// What a model can say about readiness without asking the kernel.
enum class Truth : std::uint8_t { kNo, kMaybe, kYes };

// A socketpair, a pipe or a TCP connection whose near end is watched, with the
// readiness of that end computed from what was done to both. No multiplexer is
// asked.
class ModelledChannel {
 public:
  // kTcp is there for its urgent data; neither Fill nor the ends of it are
  // modelled.
  enum class Kind : std::uint8_t { kSocket, kPipeReader, kPipeWriter, kTcp };

  explicit ModelledChannel(Kind kind);

  int near() const { return near_.get(); }
  void CloseNear() { near_.Close(); }

  // What the near end does. Errors are part of the game.
  void Read(std::size_t size);
  void Write(std::size_t size);
  void Fill();

  // What the far end does.
  void FarRead(std::size_t size);
  void FarWrite(std::size_t size);
  // One byte out of band; on kTcp alone.
  void FarWriteUrgent();
  void FarShutdownWrite();
  void FarShutdownBoth();
  void FarClose();

  Truth readable() const;
  Truth writable() const;
  // Whether an event for `interest` must carry the hint.
  bool hang_up(Interest interest) const;
  // Whether an edge must tell of urgent data. kMaybe: of what has been read.
  Truth urgent() const;

 private:
  // Of kTcp: waits until what the far end has sent is at the near end.
  void AwaitDelivery(std::size_t size);

  static std::size_t ReadFrom(const ScopedFd& fd, std::size_t size);
  static std::size_t WriteTo(const ScopedFd& fd, std::size_t size);

  const Kind kind_;
  ScopedFd near_;
  ScopedFd far_;               // -1: closed
  std::size_t inbound_ = 0;    // bytes for the near end to read
  std::size_t outbound_ = 0;   // bytes for the far end to read
  std::size_t delivered_ = 0;  // of kTcp: bytes that have ever come
  bool had_urgent_ = false;
  bool sent_ = false;  // the near end has written
  bool full_ = false;  // a write failed, and nothing has been read since
  bool far_write_ended_ = false;
  bool far_both_ended_ = false;
};

}  // namespace polymux

#endif  // POLYMUX_TESTS_POLLER_READINESS_MODEL_H_
