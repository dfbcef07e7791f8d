#include "bench/lab/scenario_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "apps/flag_values.h"
#include "apps/printable_text.h"
#include "bench/lab/text_file.h"
#include "bench/lab/toml_nesting.h"
#include "bench/lab/usage_error.h"
#include "bench/load/load_limits.h"

namespace polymux::bench {
namespace {

// A file holds no more, and what is a name elsewhere (of files, in tables) has
// a length.
constexpr std::uintmax_t kMostBytes = std::uintmax_t{1} << 20;
constexpr std::size_t kMostScenarios = 1000;
constexpr std::size_t kMostName = 64;
// Ours need two: an array of tables.
constexpr std::size_t kMostNesting = 16;

// As on the command line.
constexpr std::int64_t kMost = 1'000'000;
constexpr std::int64_t kMostReactors = 1024;
constexpr double kMostPerSecond = 1e7;

// Reads one document, and knows its name for complaints.
class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name) {}

  std::vector<Scenario> Read(const toml::table& document) const {
    std::vector<Scenario> scenarios;
    for (const auto& [key, node] : document) {
      if (key != "scenario") {
        Fail(key.source(), "there is no key \"{}\"", Shown(key));
      }
      const toml::array* const list = node.as_array();
      if (list == nullptr || !list->is_array_of_tables()) {
        Fail(node.source(), "scenarios begin with [[scenario]]");
      }
      if (list->size() > kMostScenarios) {
        Fail(node.source(), "more than {} scenarios", kMostScenarios);
      }
      for (const toml::node& item : *list) {
        scenarios.push_back(ReadOne(*item.as_table()));
        RequireNewName(scenarios, item.source());
      }
    }
    if (scenarios.empty()) {
      throw UsageError(fmt::format("{}: no [[scenario]]", name_));
    }
    return scenarios;
  }

 private:
  Scenario ReadOne(const toml::table& table) const {
    Scenario scenario;
    scenario.place = Place(table.source());
    for (const auto& [key, node] : table) ReadField(key, node, scenario);
    if (scenario.name.empty()) {
      Fail(table.source(), "a scenario needs a name");
    }
    try {
      scenario.Validate();
    } catch (const UsageError& error) {
      Fail(table.source(), "scenario \"{}\": {}", scenario.name, error.what());
    }
    return scenario;
  }

  void ReadField(const toml::key& key, const toml::node& node,
                 Scenario& scenario) const {
    if (key == "name") {
      scenario.name = Name(node);
    } else if (key == "active") {
      scenario.active = Count(key, node, 1);
    } else if (key == "idle") {
      scenario.idle = Count(key, node, 0);
    } else if (key == "message_size") {
      scenario.message_size = Size(node);
    } else if (key == "depth") {
      scenario.depth = Count(key, node, 1, kMaxDepth);
    } else if (key == "rate") {
      scenario.rate = Rate(node);
    } else if (key == "arrivals") {
      scenario.arrivals = ReadArrivals(node);
    } else if (key == "messages_per_connection") {
      scenario.messages_per_connection = Count(key, node, 1);
    } else if (key == "slow_readers") {
      scenario.slow_readers = Count(key, node, 0, kMaxSlowReaders);
    } else if (key == "burst") {
      scenario.burst = Boolean(key, node);
    } else if (key == "fan_out") {
      scenario.fan_out = Boolean(key, node);
    } else if (key == "reactors") {
      scenario.reactors = Count(key, node, 0, kMostReactors);
    } else {
      Fail(key.source(), "a scenario has no \"{}\"", Shown(key));
    }
  }

  std::string Name(const toml::node& node) const {
    std::string name = node.value_exact<std::string>().value_or("");
    const auto is_usual = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    };
    if (name.empty() || !std::ranges::all_of(name, is_usual)) {
      Fail(node.source(), "a name consists of letters, digits, \"-_.\"");
    }
    if (name.size() > kMostName) {
      Fail(node.source(), "a name has {} characters at the most", kMostName);
    }
    return name;
  }

  int Count(const toml::key& key, const toml::node& node, int least,
            std::int64_t most = kMost) const {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < least || *value > most) {
      Fail(node.source(), "{} is a whole number from {} to {}", key.str(),
           least, most);
    }
    return static_cast<int>(*value);
  }

  // 512 or "4k".
  std::size_t Size(const toml::node& node) const {
    try {
      const auto bytes = node.value_exact<std::int64_t>();
      const std::size_t size =
          ParseSize(bytes ? std::to_string(*bytes)
                          : node.value_exact<std::string>().value_or(""));
      RequireMessageSize(size);
      return size;
    } catch (const std::exception& error) {
      Fail(node.source(), "message_size: {}", error.what());
    }
  }

  double Rate(const toml::node& node) const {
    const auto rate = node.is_number() ? node.value<double>() : std::nullopt;
    if (!rate || !(*rate >= 1) || *rate > kMostPerSecond) {
      Fail(node.source(), "rate is a number per second from 1 to {:.0f}",
           kMostPerSecond);
    }
    return *rate;
  }

  Arrivals ReadArrivals(const toml::node& node) const {
    const auto arrivals =
        FindArrivals(node.value_exact<std::string>().value_or(""));
    if (!arrivals) {
      Fail(node.source(), R"(arrivals is "poisson" or "constant")");
    }
    return *arrivals;
  }

  bool Boolean(const toml::key& key, const toml::node& node) const {
    const auto value = node.value_exact<bool>();
    if (!value) Fail(node.source(), "{} is true or false", key.str());
    return *value;
  }

  void RequireNewName(const std::vector<Scenario>& scenarios,
                      const toml::source_region& place) const {
    const std::string& name = scenarios.back().name;
    if (std::ranges::count(scenarios, name, &Scenario::name) > 1) {
      Fail(place, "scenario \"{}\" is there already", name);
    }
  }

  // Any text may be a key.
  static std::string Shown(const toml::key& key) {
    return PrintableLine(key.str().substr(0, kMostName));
  }

  std::string Place(const toml::source_region& region) const {
    return fmt::format("{}:{}", name_, region.begin.line);
  }

  template <typename... Arguments>
  [[noreturn]] void Fail(const toml::source_region& place,
                         fmt::format_string<Arguments...> what,
                         Arguments&&... arguments) const {
    throw UsageError(
        fmt::format("{}: {}", Place(place),
                    fmt::format(what, std::forward<Arguments>(arguments)...)));
  }

  const std::string_view name_;
};

}  // namespace

std::vector<Scenario> ParseScenarios(std::string_view toml_text,
                                     std::string_view name) {
  if (const auto line = FindDeepNesting(toml_text, kMostNesting)) {
    throw UsageError(fmt::format("{}:{}: nested more than {} levels deep", name,
                                 line, kMostNesting));
  }
  try {
    return Reader(name).Read(toml::parse(toml_text, name));
  } catch (const toml::parse_error& error) {
    throw UsageError(fmt::format("{}:{}: {}", name, error.source().begin.line,
                                 error.description()));
  }
}

std::vector<Scenario> ReadScenarioFile(const std::filesystem::path& path) {
  std::string text;
  try {
    text = ReadTextFile(path, kMostBytes);
  } catch (const std::system_error& error) {
    throw UsageError(error.what());
  }
  return ParseScenarios(text, path.string());
}

}  // namespace polymux::bench
