#ifndef POLYMUX_REACTOR_FRAMING_H_
#define POLYMUX_REACTOR_FRAMING_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace polymux {

// How a stream of bytes is cut into messages. A frame is a message as it
// travels: header, payload, trailer. No framing at all is the raw stream.
//
// Decoding is incremental and trusts nothing that the peer says: a length is
// compared with the bound before it is added to anything, and no memory is set
// aside for bytes that have not come.
//
// Thread: any; a Framing never changes, so the connections of all loops share
// one. What belongs to a stream is the caller's `scanned`.
class Framing {
 public:
  // The largest bound on a payload; sums with it fit 32 bits.
  static constexpr std::size_t kLargestPayload = std::size_t{1} << 30;

  enum class Status {
    kFrame,       // the input begins with a whole frame
    kIncomplete,  // it does not yet; nothing is wrong
    // The rest: the stream can never be understood again.
    kTooLong,   // more payload than the bound
    kTooShort,  // less than the lower bound
  };

  struct Decoded {
    Status status = Status::kIncomplete;
    // Only of a whole frame. The payload is a part of the input; frame_size is
    // how much of the input to consume when it has been dealt with.
    std::string_view payload = {};
    std::size_t frame_size = 0;
  };

  // What surrounds a payload. Either may be empty.
  class Envelope {
   public:
    std::string_view header() const { return {header_.data(), header_size_}; }
    std::string_view trailer() const { return trailer_; }

    static Envelope WithHeader(const std::array<char, 4>& header) {
      return {header, header.size(), {}};
    }
    // `trailer` must outlive the envelope.
    static Envelope WithTrailer(std::string_view trailer) {
      return {{}, 0, trailer};
    }
    static Envelope Empty() { return {{}, 0, {}}; }

   private:
    Envelope(const std::array<char, 4>& header, std::size_t header_size,
             std::string_view trailer)
        : header_(header), header_size_(header_size), trailer_(trailer) {}

    std::array<char, 4> header_;
    std::size_t header_size_;
    std::string_view trailer_;
  };

  virtual ~Framing() = default;

  // Looks for a frame at the beginning of `input`, which holds all that has
  // been received and not consumed.
  //
  // `scanned` belongs to the stream: zero at first, then only ever changed by
  // Decode. It tells how much of an incomplete frame need not be searched
  // again, so that a frame that drips in costs time linear in its size.
  virtual Decoded Decode(std::string_view input,
                         std::size_t* scanned) const = 0;

  // Whether `payload` can travel as one frame.
  virtual bool CanCarry(std::string_view payload) const = 0;

  // What to send around `payload`. Valid as long as the framing. REQUIRES:
  // CanCarry(payload), of which only debug builds check what costs a search.
  virtual Envelope Enclose(std::string_view payload) const = 0;

  // The size of the largest frame: of so much input, Decode calls nothing
  // incomplete.
  virtual std::size_t max_frame_size() const = 0;

  // The whole frame, for who does not mind the copy. REQUIRES as Enclose.
  std::string Encode(std::string_view payload) const;

 protected:
  Framing() = default;
  Framing(const Framing&) = default;
  Framing& operator=(const Framing&) = default;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_FRAMING_H_
