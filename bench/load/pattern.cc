#include "bench/load/pattern.h"

#include <cstring>
#include <random>

namespace polymux::bench {
namespace {

std::size_t PeriodFor(std::size_t message_size) {
  constexpr std::size_t kPrime = 65537;
  constexpr std::size_t kNextPrime = 65539;
  return message_size % kPrime == 0 ? kNextPrime : kPrime;
}

std::vector<std::byte> MakeTable(std::uint64_t seed, std::size_t period) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> table(period + Pattern::kWindow);
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] =
        i < period ? static_cast<std::byte>(random() >> 56) : table[i - period];
  }
  return table;
}

}  // namespace

Pattern::Pattern(std::uint64_t seed, std::size_t message_size)
    : period_(PeriodFor(message_size)), table_(MakeTable(seed, period_)) {}

bool Pattern::Matches(std::size_t position,
                      std::span<const std::byte> data) const {
  // memcmp takes no null pointer, not even for nothing.
  return data.empty() ||
         std::memcmp(table_.data() + position, data.data(), data.size()) == 0;
}

}  // namespace polymux::bench
