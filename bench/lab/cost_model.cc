#include "bench/lab/cost_model.h"

#include <cmath>
#include <cstddef>
#include <map>
#include <random>
#include <set>
#include <utility>

namespace polymux::bench {
namespace {

using Row = std::array<double, 4>;  // of the normal equations

// Gauss-Jordan with pivoting.  Empty when the equations are (nearly) singular.
std::optional<CostCoefficients> Solve(std::array<Row, 3> rows) {
  for (std::size_t column = 0; column < 3; ++column) {
    std::size_t pivot = column;
    for (std::size_t i = column + 1; i < 3; ++i) {
      if (std::abs(rows[i][column]) > std::abs(rows[pivot][column])) pivot = i;
    }
    std::swap(rows[column], rows[pivot]);
    if (std::abs(rows[column][column]) < 1e-9) return std::nullopt;
    for (std::size_t i = 0; i < 3; ++i) {
      if (i == column) continue;
      const double factor = rows[i][column] / rows[column][column];
      for (std::size_t j = column; j < 4; ++j) {
        rows[i][j] -= factor * rows[column][j];
      }
    }
  }
  return CostCoefficients{rows[0][3] / rows[0][0], rows[1][3] / rows[1][1],
                          rows[2][3] / rows[2][2]};
}

}  // namespace

std::optional<CostCoefficients> FitCost(std::span<const WaitCost> costs) {
  std::set<double> watched;
  // Columns of unit length, so that "nearly singular" has a meaning.
  std::array<double, 3> length{};
  for (const WaitCost& cost : costs) {
    watched.insert(cost.watched);
    const std::array x{1.0, cost.watched, cost.ready};
    for (std::size_t i = 0; i < 3; ++i) {
      length[i] += x[i] * x[i] / (cost.cost_ns * cost.cost_ns);
    }
  }
  if (watched.size() < 3) return std::nullopt;
  for (double& value : length) value = std::sqrt(value);
  std::array<Row, 3> rows{};
  for (const WaitCost& cost : costs) {
    const std::array x{1 / (cost.cost_ns * length[0]),
                       cost.watched / (cost.cost_ns * length[1]),
                       cost.ready / (cost.cost_ns * length[2])};
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) rows[i][j] += x[i] * x[j];
      rows[i][3] += x[i];
    }
  }
  auto fit = Solve(rows);
  if (!fit) return std::nullopt;
  for (std::size_t i = 0; i < 3; ++i) (*fit)[i] /= length[i];
  return fit;
}

std::vector<CostCoefficients> ResampleFits(std::span<const WaitCost> costs,
                                           int draws) {
  std::map<int, std::vector<WaitCost>> by_round;
  for (const WaitCost& cost : costs) by_round[cost.round].push_back(cost);
  std::vector<std::vector<WaitCost>> rounds;
  rounds.reserve(by_round.size());
  for (auto& [round, of_round] : by_round) {
    rounds.push_back(std::move(of_round));
  }
  std::vector<CostCoefficients> fits;
  if (rounds.empty()) return fits;
  std::mt19937_64 random(1);
  for (int draw = 0; draw < draws; ++draw) {
    std::vector<WaitCost> drawn;
    for (std::size_t i = 0; i < rounds.size(); ++i) {
      const auto& round = rounds[random() % rounds.size()];
      drawn.insert(drawn.end(), round.begin(), round.end());
    }
    if (const auto fit = FitCost(drawn)) fits.push_back(*fit);
  }
  return fits;
}

}  // namespace polymux::bench
