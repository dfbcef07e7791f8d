// reactor/buffer.h by itself.
//
//   bazel run //bench/micro:buffer_bench

#include <benchmark/benchmark.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "reactor/buffer.h"
#include "reactor/buffer_pool.h"

namespace polymux::bench {
namespace {

// The sizes of one message: a byte, a small one, the initial block's worth and
// more than one read takes.
void MessageSizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("bytes")->Arg(1)->Arg(100)->Arg(1024)->Arg(16384);
}

std::string Message(const benchmark::State& state) {
  return std::string(static_cast<std::size_t>(state.range(0)), 'x');
}

void SetBytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

// A connection that was idle: borrows a block, fills it, gives it back.
void AppendConsume(benchmark::State& state) {
  BufferPool pool;
  Buffer buffer(&pool);
  const std::string message = Message(state);
  for ([[maybe_unused]] auto _ : state) {
    buffer.Append(message);
    benchmark::DoNotOptimize(buffer.view().data());
    buffer.Consume(message.size());
  }
  SetBytes(state);
}
BENCHMARK(AppendConsume)->Apply(MessageSizes);

// A backlog: the block is kept, its bytes move through it.
void AppendConsumeBehindOthers(benchmark::State& state) {
  BufferPool pool;
  Buffer buffer(&pool);
  const std::string message = Message(state);
  buffer.Append(message);
  for ([[maybe_unused]] auto _ : state) {
    buffer.Append(message);
    benchmark::DoNotOptimize(buffer.view().data());
    buffer.Consume(message.size());
  }
  SetBytes(state);
}
BENCHMARK(AppendConsumeBehindOthers)->Apply(MessageSizes);

void PrependHeader(benchmark::State& state) {
  BufferPool pool;
  Buffer buffer(&pool);
  const std::string message = Message(state);
  for ([[maybe_unused]] auto _ : state) {
    buffer.Append(message);
    buffer.Prepend("four");
    benchmark::DoNotOptimize(buffer.view().data());
    buffer.Clear();
  }
  SetBytes(state);
}
BENCHMARK(PrependHeader)->Apply(MessageSizes);

// From one message to a megabyte, through all block sizes.
void GrowToMegabyte(benchmark::State& state) {
  BufferPool pool;
  const std::string chunk(4096, 'x');
  for ([[maybe_unused]] auto _ : state) {
    Buffer buffer(&pool);
    while (buffer.size() < (1 << 20)) buffer.Append(chunk);
    benchmark::DoNotOptimize(buffer.view().data());
  }
  state.SetBytesProcessed(state.iterations() * (1 << 20));
}
BENCHMARK(GrowToMegabyte);

// One message through a socket into an empty buffer, as in a server's read
// loop. Includes the send and the recv.
void ReadFromSocket(benchmark::State& state) {
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                   sockets.data()) != 0) {
    state.SkipWithError("socketpair");
    return;
  }
  BufferPool pool;
  Buffer buffer(&pool);
  const std::string message = Message(state);
  for ([[maybe_unused]] auto _ : state) {
    const ssize_t sent =
        ::send(sockets[0], message.data(), message.size(), MSG_NOSIGNAL);
    benchmark::DoNotOptimize(sent);
    while (buffer.size() < message.size()) buffer.ReadFrom(sockets[1]);
    buffer.Clear();
  }
  SetBytes(state);
  for (const int socket : sockets) ::close(socket);
}
BENCHMARK(ReadFromSocket)->Apply(MessageSizes);

}  // namespace
}  // namespace polymux::bench
