#include "bench/verbs/mann_whitney.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

namespace polymux::bench {
namespace {

constexpr std::size_t kExactSize = 8;

struct Ranking {
  double rank_sum = 0;  // of the first sample
  double ties = 0;      // the sum of t^3 - t over groups of t equal values
};

Ranking Rank(std::span<const double> a, std::span<const double> b) {
  std::vector<std::pair<double, bool>> all;  // value, whether it is of `a`
  for (const double value : a) all.emplace_back(value, true);
  for (const double value : b) all.emplace_back(value, false);
  std::ranges::sort(all);
  Ranking ranking;
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = begin;
    std::size_t of_a = 0;
    while (end < all.size() && all[end].first == all[begin].first) {
      of_a += all[end++].second ? 1u : 0u;
    }
    // Equal values share the middle of their ranks, which begin at 1.
    ranking.rank_sum +=
        static_cast<double>(of_a) * static_cast<double>(begin + 1 + end) / 2;
    const auto equal = static_cast<double>(end - begin);
    ranking.ties += equal * equal * equal - equal;
    begin = end;
  }
  return ranking;
}

// The probability that U is at least `u` for samples of m and n values.
double ExactUpperTail(std::size_t m, std::size_t n, double u) {
  // ways[i][s]: in how many ways i of the ranks seen so far, counted from 0,
  // sum up to s + (0 + ... + i - 1), which is a U of s.
  const std::size_t largest = m * n;
  std::vector<std::vector<double>> ways(m + 1,
                                        std::vector<double>(largest + 1, 0));
  ways[0][0] = 1;
  for (std::size_t rank = 0; rank < m + n; ++rank) {
    for (std::size_t i = std::min(rank + 1, m); i > 0; --i) {
      const std::size_t step = rank - (i - 1);
      for (std::size_t s = step; s <= largest; ++s) {
        ways[i][s] += ways[i - 1][s - step];
      }
    }
  }
  double all = 0;
  double above = 0;
  for (std::size_t s = 0; s <= largest; ++s) {
    all += ways[m][s];
    if (static_cast<double>(s) >= u) above += ways[m][s];
  }
  return above / all;
}

double NormalUpperTail(double m, double n, double ties, double u) {
  const double all = m + n;
  const double variance = m * n / 12 * (all + 1 - ties / (all * (all - 1)));
  if (variance <= 0) return 1;
  const double z = (u - m * n / 2 - 0.5) / std::sqrt(variance);
  return std::erfc(z / std::numbers::sqrt2) / 2;
}

}  // namespace

double MannWhitneyP(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) return 1;
  const Ranking ranking = Rank(a, b);
  const auto m = static_cast<double>(a.size());
  const auto n = static_cast<double>(b.size());
  const double u_a = ranking.rank_sum - m * (m + 1) / 2;
  const double u = std::max(u_a, m * n - u_a);
  const bool exact =
      ranking.ties == 0 && std::min(a.size(), b.size()) <= kExactSize;
  const double tail = exact ? ExactUpperTail(a.size(), b.size(), u)
                            : NormalUpperTail(m, n, ranking.ties, u);
  return std::min(1.0, 2 * tail);
}

}  // namespace polymux::bench
