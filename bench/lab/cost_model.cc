#include "bench/lab/cost_model.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <random>
#include <set>
#include <utility>

namespace polymux::bench {
namespace {

constexpr std::size_t kWait = 0;
constexpr std::size_t kWatched = 1;
constexpr std::size_t kReady = 2;

// The share of a regressor that the others do not explain, as a length; with
// less its coefficient is made of noise.  A twentieth leaves a standard error
// of a tenth of the cost where trials scatter by 3 % and are 36.
constexpr double kLeastOwnShare = 0.05;

using Row = std::array<double, 4>;  // of the normal equations
using Included = std::array<bool, 3>;

// Those of the relative error, whose regressors are scaled to unit length:
// "nearly singular" has a meaning then.
struct Equations {
  std::array<Row, 3> rows{};
  std::array<double, 3> length{};
};

Equations MakeEquations(std::span<const WaitCost> costs) {
  Equations equations;
  for (const WaitCost& cost : costs) {
    const std::array x{1 / cost.cost_ns, cost.watched / cost.cost_ns,
                       cost.ready / cost.cost_ns};
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) equations.rows[i][j] += x[i] * x[j];
      equations.rows[i][3] += x[i];
    }
  }
  for (std::size_t i = 0; i < 3; ++i) {
    const double length = std::sqrt(equations.rows[i][i]);
    equations.length[i] = length > 0 ? length : 1;
  }
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      equations.rows[i][j] /= equations.length[i] * equations.length[j];
    }
    equations.rows[i][3] /= equations.length[i];
  }
  return equations;
}

// The share of one regressor that one or two others do not explain.
double OwnShare(const Equations& equations, std::size_t one,
                std::size_t other) {
  const double common = equations.rows[one][other];
  return std::sqrt(std::max(0.0, equations.rows[one][one] - common * common));
}

double OwnShare(const Equations& equations, std::size_t one, std::size_t other,
                std::size_t third) {
  const double a = equations.rows[one][other];
  const double b = equations.rows[one][third];
  const double between = equations.rows[other][third];
  const double rest = 1 - between * between;
  if (rest < 1e-9) return OwnShare(equations, one, other);
  const double explained = (a * a + b * b - 2 * a * b * between) / rest;
  return std::sqrt(std::max(0.0, equations.rows[one][one] - explained));
}

// Gauss-Jordan with pivoting, for the included unknowns; the others are 0.
// Empty when the equations are (nearly) singular.
std::optional<CostCoefficients> Solve(std::array<Row, 3> rows,
                                      const Included& included) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (included[i]) continue;
    rows[i] = {};
    rows[i][i] = 1;
  }
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

bool IsNonNegative(const CostCoefficients& solution) {
  return std::ranges::all_of(solution, [](double x) { return x >= 0; });
}

// What the solution takes off the sum of squares.
double Explained(const Equations& equations, const CostCoefficients& solution) {
  double explained = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    explained += solution[i] * equations.rows[i][3];
  }
  return explained;
}

// Least squares under the condition that nothing is negative is least squares
// over the unknowns that are not 0 in it.  There are so few that each subset is
// tried; Lawson and Hanson (Solving Least Squares Problems, 1974, chapter 23)
// search among them.
CostCoefficients SolveNonNegative(const Equations& equations,
                                  const Included& allowed) {
  CostCoefficients best{};
  for (unsigned subset = 1; subset < 8; ++subset) {
    Included included{};
    bool is_allowed = true;
    for (std::size_t i = 0; i < 3; ++i) {
      included[i] = ((subset >> i) & 1) != 0;
      is_allowed = is_allowed && (allowed[i] || !included[i]);
    }
    if (!is_allowed) continue;
    const auto solution = Solve(equations.rows, included);
    if (solution && IsNonNegative(*solution) &&
        Explained(equations, *solution) > Explained(equations, best)) {
      best = *solution;
    }
  }
  return best;
}

}  // namespace

double CostOfWait(const CostCoefficients& coefficients, double watched,
                  double ready) {
  return coefficients[kWait] + coefficients[kWatched] * watched +
         coefficients[kReady] * ready;
}

CostTerms FindCostTerms(std::span<const WaitCost> costs) {
  std::set<double> watched;
  for (const WaitCost& cost : costs) watched.insert(cost.watched);
  if (watched.size() < 3) return CostTerms::kNone;
  const Equations equations = MakeEquations(costs);
  if (OwnShare(equations, kWait, kWatched, kReady) >= kLeastOwnShare &&
      OwnShare(equations, kWatched, kWait, kReady) >= kLeastOwnShare &&
      OwnShare(equations, kReady, kWait, kWatched) >= kLeastOwnShare) {
    return CostTerms::kAll;
  }
  if (OwnShare(equations, kReady, kWait) < kLeastOwnShare &&
      OwnShare(equations, kWatched, kWait) >= kLeastOwnShare) {
    return CostTerms::kWithoutReady;
  }
  return CostTerms::kNone;
}

std::optional<CostCoefficients> FitCost(std::span<const WaitCost> costs,
                                        CostTerms terms) {
  if (costs.empty()) return std::nullopt;
  const Equations equations = MakeEquations(costs);
  const Included allowed{true, true, terms == CostTerms::kAll};
  auto fit = Solve(equations.rows, allowed);
  if (!fit) return std::nullopt;
  if (!IsNonNegative(*fit)) fit = SolveNonNegative(equations, allowed);
  for (std::size_t i = 0; i < 3; ++i) (*fit)[i] /= equations.length[i];
  return fit;
}

std::vector<CostCoefficients> ResampleFits(std::span<const WaitCost> costs,
                                           CostTerms terms, int draws) {
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
    if (const auto fit = FitCost(drawn, terms)) fits.push_back(*fit);
  }
  return fits;
}

}  // namespace polymux::bench
