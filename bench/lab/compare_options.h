#ifndef POLYMUX_BENCH_LAB_COMPARE_OPTIONS_H_
#define POLYMUX_BENCH_LAB_COMPARE_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "apps/flag_values.h"
#include "bench/lab/arm.h"
#include "bench/lab/plan.h"

namespace polymux::bench {

// The rounds of --quick, --standard and --rigorous, and the most when a
// precision is to be reached.
inline constexpr int kQuickRounds = 12;
inline constexpr int kStandardRounds = 24;
inline constexpr int kRigorousRounds = 36;
inline constexpr int kPrecisionRounds = 144;

// The command line of `polymux compare`; empty: the default.
struct CompareOptions {
  std::vector<std::string> arms;       // names
  std::vector<std::string> servers;    // NAME=PATH
  std::vector<std::string> foreign;    // NAME=COMMAND
  std::vector<std::string> scenarios;  // names
  std::filesystem::path scenario_file;
  std::string baseline;

  // A scenario of the user's own.
  std::optional<int> connections;
  std::optional<CountOrPercent> active;
  std::optional<std::size_t> message_size;
  std::optional<int> depth;
  std::optional<double> rate;
  std::optional<Arrivals> arrivals;  // of every open loop

  // Find the capacities and then measure at shares of the lowest.
  bool open_loop = false;

  int preset_rounds = kQuickRounds;
  // Instead of the preset's.
  std::optional<int> rounds;
  std::optional<double> precision;
  std::optional<double> margin;
  std::optional<double> max_invalid;
  std::chrono::nanoseconds warm_up = std::chrono::milliseconds(200);
  std::chrono::nanoseconds window = std::chrono::milliseconds(500);
  int reactors = 1;
  int load_threads = 1;
  std::optional<std::uint64_t> seed;

  std::vector<std::string> fail_if;  // conditions

  std::filesystem::path out;
  bool dry_run = false;
  bool allow_debug = false;
};

// Parses the command line; or else the exit code to return from main, after
// --help or a usage error that has been told.
std::variant<CompareOptions, int> ParseCompareOptions(int argc, char** argv);

// What the options ask for on a machine with these arms, descriptors per
// process and CPUs.  Throws UsageError.
Plan MakePlan(const CompareOptions& options, std::span<const Arm> built_in,
              std::size_t descriptor_limit, std::span<const int> cpus);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_COMPARE_OPTIONS_H_
