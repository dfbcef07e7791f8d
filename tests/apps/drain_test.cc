// SIGTERM under load (F23): a server that stops answers what it has taken, or
// says what it has not. Each repetition is a fresh server, ended at a random
// moment; POLYMUX_DRAIN_ROUNDS says how many there are for each backend.

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/apps/echo_server_process.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

using Json = nlohmann::json;

int Rounds() {
  const char* const text = std::getenv("POLYMUX_DRAIN_ROUNDS");
  return text == nullptr ? 20 : std::stoi(text);
}

// Sends and receives as fast as both go until the connection ends, with at most
// `window` bytes not yet answered, and closes it. Returns how many bytes came
// back, each of which was the right one.
std::size_t EchoUntilTheEnd(Client client, std::size_t window) {
  // Period 256: a byte lost or sent twice shows.
  std::array<char, 64 * 1024> input{};
  std::string pattern(input.size() + 256, '\0');
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    pattern[i] = static_cast<char>(i);
  }
  std::size_t sent = 0;
  std::size_t received = 0;
  for (bool sending = true;;) {
    const bool may_send = sending && sent - received < window;
    const short events = may_send ? POLLIN | POLLOUT : POLLIN;
    pollfd ready{.fd = client.fd(), .events = events, .revents = 0};
    if (Must(::poll(&ready, 1, 30'000)) == 0) {
      throw std::runtime_error("neither an answer nor the end");
    }
    if ((ready.revents & POLLOUT) != 0) {
      const ssize_t count = ::send(client.fd(), &pattern[sent % 256], 4096,
                                   MSG_NOSIGNAL | MSG_DONTWAIT);
      // The server is gone; what it sent before is still to be read.
      if (count == -1 && errno != EAGAIN) sending = false;
      if (count > 0) sent += static_cast<std::size_t>(count);
    }
    if ((ready.revents & ~POLLOUT) != 0) {
      const ssize_t count = ::recv(client.fd(), input.data(), input.size(), 0);
      if (count <= 0) return received;
      const auto bytes = static_cast<std::size_t>(count);
      if (std::memcmp(input.data(), &pattern[received % 256], bytes) != 0) {
        throw std::runtime_error("another echo than what was sent");
      }
      received += bytes;
    }
  }
}

std::uint64_t Total(const Json& line, const std::string& counter) {
  std::uint64_t total = 0;
  for (const Json& loop : line.at("loops")) {
    total += loop.at("counters").at(counter).get<std::uint64_t>();
  }
  return total;
}

class DrainTest : public BackendTest {
 protected:
  void Run(std::size_t window);
};

void DrainTest::Run(std::size_t window) {
  constexpr std::size_t kClients = 4;
  const std::string stats =
      testing::TempDir() + "/drain-" + GetParam() + ".json";
  std::size_t in_all_rounds = 0;
  for (int round = 0; round < Rounds(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    ::alarm(60);
    EchoServer server(
        {"--backend", GetParam(), "--reactors", "2", "--stats-json", stats});
    std::vector<Client> clients;
    for (std::size_t i = 0; i < kClients; ++i) {
      clients.emplace_back(server.address());
    }
    std::array<std::size_t, kClients> received{};
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < kClients; ++i) {
        threads.emplace_back(
            [window, &bytes = received[i], &client = clients[i]] {
              try {
                bytes = EchoUntilTheEnd(std::move(client), window);
              } catch (const std::exception& error) {
                ADD_FAILURE() << error.what();
              }
            });
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(round % 20));
      server.process().Signal(SIGTERM);
    }
    EXPECT_EQ(server.process().Wait(), 0) << server.process().Errors();
    std::ifstream file(stats);
    const Json last = Json::parse(file);
    std::size_t all = 0;
    for (const std::size_t bytes : received) all += bytes;
    EXPECT_EQ(Total(last, "bytes_written"), all);
    EXPECT_EQ(Total(last, "bytes_read"), all) << "read and not answered";
    if (HasFailure()) return;
    in_all_rounds += all;
  }
  EXPECT_GT(in_all_rounds, 0U) << "there was no load";
}

TEST_P(DrainTest, F23_WhatTheServerSaysItSentIsWhatClientsGot) {
  Run(std::size_t{32} * 1024);
}

// What they are still sending must not be answered by a reset, which would
// destroy the replies on their way.
TEST_P(DrainTest, F23_LikewiseWhenTheyFlood) { Run(SIZE_MAX); }

INSTANTIATE_TEST_SUITE_P(Backends, DrainTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
