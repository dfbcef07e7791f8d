#include "tests/apps/chaos.h"

#include <array>
#include <exception>
#include <string_view>
#include <thread>

#include "tests/apps/talk.h"

namespace polymux {
namespace {

using std::chrono::milliseconds;

void SendMessages(Talk& talk, Random& random) {
  for (auto left = 1 + random() % 20; left > 0; --left) {
    talk.Send(talk.MakeMessage());
  }
}

void SleepUpTo(milliseconds longest, Random& random) {
  const auto most = static_cast<std::uint64_t>(longest.count());
  std::this_thread::sleep_for(
      milliseconds(static_cast<std::int64_t>(random() % (most + 1))));
}

void Leave(Talk& talk, Random& random) {
  if (random() % 2 == 0) {
    talk.Close();
  } else {
    talk.Reset();
  }
}

void Converse(Talk& talk, Random& random) {
  for (auto rounds = 1 + random() % 5; rounds > 0; --rounds) {
    SendMessages(talk, random);
    talk.AwaitAnswers();
  }
  Leave(talk, random);
}

void HalfClose(Talk& talk, Random& random) {
  SendMessages(talk, random);
  talk.HalfCloseAndAwaitAnswers();
}

// The answers find nobody.
void Vanish(Talk& talk, Random& random) {
  SendMessages(talk, random);
  Leave(talk, random);
}

void Stall(Talk& talk, Random& random) {
  const std::string message = talk.MakeMessage();
  const std::size_t half = random() % (message.size() + 1);
  talk.Send(std::string_view(message).substr(0, half));
  SleepUpTo(milliseconds(20), random);
  if (random() % 2 == 0) return Leave(talk, random);
  talk.Send(std::string_view(message).substr(half));
  talk.AwaitAnswers();
}

void StaySilent(Talk& talk, Random& random) {
  SleepUpTo(milliseconds(20), random);
  Leave(talk, random);
}

void Flood(Talk& talk, Random& random) {
  talk.Flood(std::size_t{4} << 20, milliseconds(10));
  if (random() % 2 == 0) {
    talk.Reset();
  } else {
    talk.HalfCloseAndAwaitAnswers();
  }
}

// What came before it is answered, and it ends the connection.
void TalkNonsense(Talk& talk, Random& random) {
  SendMessages(talk, random);
  const bool sent = talk.SendNonsense();
  talk.AwaitAnswers();
  if (sent) talk.AwaitEnd();
}

struct Behaviour {
  std::string_view name;
  void (*run)(Talk&, Random&);
};

constexpr std::array kBehaviours = {
    Behaviour{"converse", Converse},     Behaviour{"half-close", HalfClose},
    Behaviour{"vanish", Vanish},         Behaviour{"stall", Stall},
    Behaviour{"silence", StaySilent},    Behaviour{"flood", Flood},
    Behaviour{"nonsense", TalkNonsense},
};

}  // namespace

Chaos::Chaos(const InetAddress& address, const Framing* framing,
             std::uint64_t seed)
    : address_(address), framing_(framing), seed_(seed) {}

void Chaos::Run(int threads, milliseconds duration) {
  const auto end = std::chrono::steady_clock::now() + duration;
  std::vector<std::jthread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([this, end] { RunThread(end); });
  }
}

void Chaos::RunThread(std::chrono::steady_clock::time_point end) {
  while (std::chrono::steady_clock::now() < end) {
    const std::uint64_t number = next_++;
    std::string kind;
    const std::string complaint = RunEpisode(number, &kind);
    const std::lock_guard lock(mutex_);
    ++tally_[kind];
    if (complaint.empty()) continue;
    complaints_.push_back(kind + ", episode " + std::to_string(number) + ": " +
                          complaint);
    return;
  }
}

std::string Chaos::RunEpisode(std::uint64_t number, std::string* kind) const {
  Random random(seed_ + number);
  // In turn, so that a short run has each kind.
  const Behaviour& behaviour = kBehaviours[number % kBehaviours.size()];
  *kind = behaviour.name;
  try {
    Talk talk(address_, framing_, &random);
    behaviour.run(talk, random);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

}  // namespace polymux
