#include "bench/lab/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <utility>

#include "apps/flag_values.h"
#include "apps/printable_text.h"
#include "bench/lab/text.h"
#include "bench/lab/williams.h"

namespace polymux::bench {
namespace {

using std::chrono::nanoseconds;

// What a server or load generator has open besides its connections: standard
// streams, listener, signals, statistics, a few more; and per loop its poller,
// wake-up and timer.
constexpr int kOwnDescriptors = 12;
constexpr int kDescriptorsPerLoop = 3;

// Starting and stopping two processes, calibrating before and after;
// connecting.  Measured, rounded up.
constexpr nanoseconds kTrialOverhead = std::chrono::milliseconds(160);
constexpr nanoseconds kConnectionOverhead = std::chrono::microseconds(100);

int DescriptorsNeeded(const Plan& plan, const Scenario& scenario) {
  const int loops = 1 + std::max(ReactorsOf(plan, scenario), plan.load_threads);
  return scenario.connections() + scenario.slow_readers + kOwnDescriptors +
         loops * kDescriptorsPerLoop;
}

// To connect them takes poll as long as their square: here about a minute.
constexpr std::size_t kMostIdle = 50'000;

// A page: beyond it the alignment of the stack repeats.
constexpr std::uint64_t kPaddingLimit = 4096;

// std::shuffle is not the same everywhere.
template <typename T>
void Shuffle(std::vector<T>& items, std::mt19937_64& random) {
  for (std::size_t left = items.size(); left > 1; --left) {
    std::swap(items[left - 1], items[random() % left]);
  }
}

std::vector<std::size_t> ArmsTakingPart(const Plan& plan,
                                        const Scenario& scenario) {
  std::vector<std::size_t> taking_part;
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    if (Obstacle(plan, scenario, plan.arms[arm]).empty()) {
      taking_part.push_back(arm);
    }
  }
  return taking_part;
}

// The orders of the next whole block of these arms, two squares.
std::vector<std::vector<std::size_t>> DrawBlock(std::vector<std::size_t> arms,
                                                std::mt19937_64& random) {
  const auto design = WilliamsDesign(arms.size());
  std::vector<std::vector<std::size_t>> block;
  while (block.size() < 2 * arms.size()) {
    // An odd number of arms has a pair of squares with the same labels.
    if (block.size() % design.size() == 0) Shuffle(arms, random);
    const auto begin = design.begin() + static_cast<std::ptrdiff_t>(
                                            block.size() % design.size());
    std::vector<std::vector<std::size_t>> square(
        begin, begin + static_cast<std::ptrdiff_t>(arms.size()));
    Shuffle(square, random);
    for (auto& order : square) {
      for (std::size_t& arm : order) arm = arms[arm];
      block.push_back(std::move(order));
    }
  }
  return block;
}

// One order per round.
std::vector<std::vector<std::size_t>> DrawOrders(
    std::size_t rounds, const std::vector<std::size_t>& arms,
    std::mt19937_64& random) {
  std::vector<std::vector<std::size_t>> orders;
  while (orders.size() < rounds) {
    for (auto& order : DrawBlock(arms, random)) {
      orders.push_back(std::move(order));
    }
  }
  orders.resize(rounds);
  return orders;
}

std::string DescribeCpus(const CpuAssignment& cpus) {
  if (cpus.server.empty()) return "not pinned: there is one CPU";
  CpuAssignment swapped = cpus;
  return fmt::format("server on {}, load generator on {}; {}",
                     fmt::join(cpus.server, ","), fmt::join(cpus.load, ","),
                     SwapCpus(swapped) ? "swapped in every second square"
                                       : "not swapped, their numbers differ");
}

// "24 rounds", "24 to 28 rounds": not all scenarios have as many arms.
std::string CountRounds(const Plan& plan, int rounds) {
  std::set<int> counts;
  for (const Scenario& scenario : plan.scenarios) {
    const int count = ScenarioRounds(plan, scenario, rounds);
    if (count > 0) counts.insert(count);
  }
  if (counts.empty()) return Counted(0, "round");
  if (counts.size() == 1) return Counted(*counts.begin(), "round");
  return fmt::format("{} to {} rounds", *counts.begin(), *counts.rbegin());
}

std::string DescribeRounds(const Plan& plan) {
  if (!plan.precision) return CountRounds(plan, plan.rounds);
  return fmt::format(
      "{} at least, {} at most, until each interval is within +-{:g} %,",
      CountRounds(plan, plan.least_rounds), CountRounds(plan, plan.rounds),
      100 * *plan.precision);
}

// What keeps arms, by name, from taking part.
std::map<std::string, std::vector<std::string>> ObstaclesTo(
    const Plan& plan, const Scenario& scenario) {
  std::map<std::string, std::vector<std::string>> obstacles;
  for (const Arm& arm : plan.arms) {
    std::string obstacle = Obstacle(plan, scenario, arm);
    if (!obstacle.empty()) obstacles[std::move(obstacle)].push_back(arm.name);
  }
  return obstacles;
}

std::string DescribeArm(const Arm& arm) {
  switch (arm.kind) {
    case ArmKind::kBackend:
      return fmt::format("this program on backend {}", arm.target);
    case ArmKind::kServer:
      return fmt::format("echo_server {}", PrintableLine(arm.target));
    case ArmKind::kPeer:
      return "control without the reactor";
    case ArmKind::kForeign:
      break;
  }
  return fmt::format("sh -c '{}'", PrintableLine(arm.target));
}

}  // namespace

int MostIdle(const Plan& plan, const Scenario& scenario) {
  Scenario alone = scenario;
  alone.idle = 0;
  const auto needed = static_cast<std::size_t>(DescriptorsNeeded(plan, alone));
  if (plan.descriptor_limit < needed) return 0;
  return static_cast<int>(std::min(plan.descriptor_limit - needed, kMostIdle));
}

std::string Obstacle(const Plan& plan, const Scenario& scenario,
                     const Arm& arm) {
  if (!arm.unavailable.empty()) return arm.unavailable;
  if (plan.load_threads > 1 && (scenario.burst || scenario.fan_out)) {
    return fmt::format("one thread sends a {}, not --load-threads {}",
                       scenario.burst ? "burst" : "fan-out", plan.load_threads);
  }
  if (scenario.fan_out && !arm.is_polymux()) {
    return fmt::format("{} echoes; it does not send to all what one sends",
                       arm.name);
  }
  const int needed = DescriptorsNeeded(plan, scenario);
  if (arm.max_fd && needed > *arm.max_fd + 1) {
    return fmt::format(
        "{} connections need more descriptors than {} can watch "
        "(0 to {})",
        scenario.connections(), arm.target, *arm.max_fd);
  }
  if (static_cast<std::size_t>(needed) > plan.descriptor_limit) {
    return fmt::format(
        "{} connections need more descriptors than the limit of "
        "{} (ulimit -Hn)",
        scenario.connections(), plan.descriptor_limit);
  }
  return {};
}

std::vector<Slot> Schedule(const Plan& plan) {
  std::mt19937_64 random(plan.seed);
  std::vector<std::vector<std::vector<std::size_t>>> orders;
  for (const Scenario& scenario : plan.scenarios) {
    orders.push_back(
        DrawOrders(static_cast<std::size_t>(ScenarioRounds(plan, scenario)),
                   ArmsTakingPart(plan, scenario), random));
  }
  CpuAssignment cpus = plan.cpus;
  const bool can_swap = SwapCpus(cpus);
  std::vector<Slot> slots;
  const auto rounds = static_cast<std::size_t>(MostRounds(plan));
  for (std::size_t round = 0; round < rounds; ++round) {
    int position = 0;
    for (std::size_t scenario = 0; scenario < orders.size(); ++scenario) {
      if (round >= orders[scenario].size()) continue;
      const auto& order = orders[scenario][round];
      const bool second_square = round / order.size() % 2 == 1;
      for (const std::size_t arm : order) {
        slots.push_back(
            {.scenario = scenario,
             .arm = arm,
             .round = static_cast<int>(round),
             .position = position++,
             .cpus_swapped = can_swap && second_square,
             .padding = static_cast<int>(random() % kPaddingLimit)});
      }
    }
  }
  return slots;
}

std::int64_t CountTrials(const Plan& plan) {
  std::int64_t trials = 0;
  for (const Scenario& scenario : plan.scenarios) {
    trials += std::ssize(ArmsTakingPart(plan, scenario)) *
              ScenarioRounds(plan, scenario);
  }
  return trials;
}

int WholeRounds(int rounds, std::size_t arms) {
  const int block = 2 * static_cast<int>(arms);
  return (rounds + block - 1) / block * block;
}

int ScenarioRounds(const Plan& plan, const Scenario& scenario) {
  return ScenarioRounds(plan, scenario, plan.rounds);
}

int ScenarioRounds(const Plan& plan, const Scenario& scenario, int rounds) {
  const std::size_t arms = ArmsTakingPart(plan, scenario).size();
  if (arms == 0) return 0;
  return plan.whole_blocks ? WholeRounds(rounds, arms) : rounds;
}

int MostRounds(const Plan& plan) {
  int most = 0;
  for (const Scenario& scenario : plan.scenarios) {
    most = std::max(most, ScenarioRounds(plan, scenario));
  }
  return most;
}

int ReactorsOf(const Plan& plan, const Scenario& scenario) {
  return scenario.reactors.value_or(plan.reactors);
}

int MostLoops(const Plan& plan) {
  int most = 1;
  for (const Scenario& scenario : plan.scenarios) {
    most = std::max(most, ReactorsOf(plan, scenario));
  }
  return most;
}

std::uint64_t LoadSeed(const Plan& plan, const Slot& slot) {
  // Mixed, not a sum: two runs must not share what they send by chance.
  std::seed_seq mixed{static_cast<std::uint32_t>(plan.seed),
                      static_cast<std::uint32_t>(plan.seed >> 32),
                      static_cast<std::uint32_t>(slot.round),
                      static_cast<std::uint32_t>(slot.attempt)};
  std::array<std::uint32_t, 2> halves{};
  mixed.generate(halves.begin(), halves.end());
  return std::uint64_t{halves[0]} << 32 | halves[1];
}

nanoseconds EstimateTrial(const Plan& plan, const Scenario& scenario) {
  return plan.warm_up + plan.window + kTrialOverhead +
         scenario.connections() * kConnectionOverhead;
}

nanoseconds EstimateAll(const Plan& plan) {
  nanoseconds total{0};
  for (const Slot& slot : Schedule(plan)) {
    total += EstimateTrial(plan, plan.scenarios[slot.scenario]);
  }
  return total;
}

std::string DescribePlan(const Plan& plan) {
  const std::string length = DescribeLength(EstimateAll(plan));
  std::string text = fmt::format(
      "{} of {} warm-up and {} measured, order from seed {}: {}\n"
      "invalid and tainted rounds are repeated, at most a quarter as many "
      "trials again\n"
      "reactors {}, load threads {}, CPUs: {}\n",
      DescribeRounds(plan), FormatDuration(plan.warm_up),
      FormatDuration(plan.window), plan.seed,
      plan.precision ? "at most " + length : length, plan.reactors,
      plan.load_threads, DescribeCpus(plan.cpus));
  auto out = std::back_inserter(text);
  fmt::format_to(out, "\narms\n");
  for (const Arm& arm : plan.arms) {
    fmt::format_to(out, "  {:<12} {}{}\n", arm.name, DescribeArm(arm),
                   arm.name == plan.baseline  ? " (baseline)"
                   : arm.name == plan.control ? " (control: the baseline again)"
                                              : "");
  }
  fmt::format_to(out, "\nscenarios\n");
  for (const Scenario& scenario : plan.scenarios) {
    fmt::format_to(out, "  {:<14} {}\n", scenario.name, scenario.Describe());
    for (const auto& [obstacle, arms] : ObstaclesTo(plan, scenario)) {
      fmt::format_to(out, "  {:<14} without {}: {}\n", "",
                     arms.size() == plan.arms.size()
                         ? "any arm"
                         : fmt::format("{}", fmt::join(arms, ", ")),
                     obstacle);
    }
  }
  return text;
}

std::string DescribeLength(nanoseconds length) {
  const double seconds = std::chrono::duration<double>(length).count();
  return seconds < 100 ? fmt::format("about {:.0f} s", seconds)
                       : fmt::format("about {:.1f} min", seconds / 60);
}

}  // namespace polymux::bench
