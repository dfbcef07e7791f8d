// The framings: a stream cut into messages, and messages enclosed.
//
//   bazel run //bench/micro:framing_bench
//
// Decode  a stream of frames arrives in chunks, as reads give them: a chunk is
//         appended to a Buffer, the whole frames at its front are taken
// Encode  what stands around one payload is put into a Buffer with it
//
// items_per_second is of messages.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/buffer.h"
#include "reactor/buffer_pool.h"
#include "reactor/delimiter_framing.h"
#include "reactor/fixed_framing.h"
#include "reactor/framing.h"
#include "reactor/length_framing.h"

namespace polymux::bench {
namespace {

constexpr std::size_t kStreamSize = 256 << 10;

struct Codec {
  const char* name;
  // For payloads of that size.
  std::function<std::unique_ptr<Framing>(std::size_t)> create;
};

const std::vector<Codec>& Codecs() {
  static const std::vector<Codec> kCodecs{
      {"fixed",
       [](std::size_t size) { return std::make_unique<FixedFraming>(size); }},
      {"length",
       [](std::size_t size) { return std::make_unique<LengthFraming>(size); }},
      {"delimiter",
       [](std::size_t size) {
         return std::make_unique<DelimiterFraming>(size, "\r\n");
       }},
  };
  return kCodecs;
}

void Require(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

// Takes all whole frames; returns how many.
std::int64_t TakeFrames(const Framing& framing, Buffer& input,
                        std::size_t* scanned) {
  for (std::int64_t frames = 0;; ++frames) {
    const Framing::Decoded decoded = framing.Decode(input.view(), scanned);
    if (decoded.status == Framing::Status::kIncomplete) return frames;
    Require(decoded.status == Framing::Status::kFrame, "a frame is refused");
    benchmark::DoNotOptimize(decoded.payload.data());
    input.Consume(decoded.frame_size);
  }
}

// Returns how many messages came out of `stream`.
std::int64_t DecodeStream(const Framing& framing, std::string_view stream,
                          std::size_t chunk, Buffer& input) {
  std::int64_t messages = 0;
  std::size_t scanned = 0;
  for (std::size_t at = 0; at < stream.size(); at += chunk) {
    input.Append(stream.substr(at, chunk));
    messages += TakeFrames(framing, input, &scanned);
  }
  return messages;
}

void Decode(benchmark::State& state, const Codec& codec) {
  const auto payload = static_cast<std::size_t>(state.range(0));
  const auto chunk = static_cast<std::size_t>(state.range(1));
  const std::unique_ptr<Framing> framing = codec.create(payload);
  const std::string frame = framing->Encode(std::string(payload, 'x'));
  const auto sent = static_cast<std::int64_t>(
      std::max<std::size_t>(1, kStreamSize / frame.size()));
  std::string stream;
  for (std::int64_t i = 0; i < sent; ++i) stream += frame;

  BufferPool pool;
  Buffer input(&pool);
  for ([[maybe_unused]] auto _ : state) {
    Require(DecodeStream(*framing, stream, chunk, input) == sent,
            "a message is lost");
  }
  state.SetItemsProcessed(state.iterations() * sent);
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(stream.size()));
}

void Encode(benchmark::State& state, const Codec& codec) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::unique_ptr<Framing> framing = codec.create(size);
  const std::string payload(size, 'x');
  BufferPool pool;
  Buffer output(&pool);
  for ([[maybe_unused]] auto _ : state) {
    const Framing::Envelope envelope = framing->Enclose(payload);
    output.Append(envelope.header());
    output.Append(payload);
    output.Append(envelope.trailer());
    benchmark::DoNotOptimize(output.view().data());
    output.Clear();
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

bool RegisterAll() {
  for (const Codec& codec : Codecs()) {
    benchmark::RegisterBenchmark(
        (std::string("Decode/") + codec.name).c_str(),
        [&codec](benchmark::State& state) { Decode(state, codec); })
        ->ArgsProduct({{16, 100, 1000, 16384}, {100, 1460, 16384, 65536}})
        ->ArgNames({"payload", "chunk"});
    benchmark::RegisterBenchmark(
        (std::string("Encode/") + codec.name).c_str(),
        [&codec](benchmark::State& state) { Encode(state, codec); })
        ->ArgsProduct({{16, 100, 1000, 16384}})
        ->ArgName("payload");
  }
  return true;
}

const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace polymux::bench
