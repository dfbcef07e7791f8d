#include "bench/lab/scenario.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "apps/flag_values.h"
#include "bench/lab/usage_error.h"
#include "bench/load/load_limits.h"

namespace polymux::bench {
namespace {

const std::vector<Scenario>& Table() {
  // On the heap, and never destroyed: other statics may use it at exit.
  static const auto& table = *new std::vector<Scenario>{
      {.name = "echo-1", .active = 1},
      {.name = "echo-100", .active = 100},
      {.name = "echo-1000", .active = 1000},
      {.name = "pipeline", .active = 100, .depth = 16},
      {.name = "bulk", .active = 100, .message_size = 16384},
      {.name = "idle-900", .active = 10, .idle = 900},
      {.name = "idle-8000", .active = 100, .idle = 8000},
      {.name = "idle-0", .active = 10},
      {.name = "idle-100", .active = 10, .idle = 100},
      {.name = "idle-300", .active = 10, .idle = 300},
      {.name = "idle-1000", .active = 10, .idle = 1000},
      {.name = "idle-3000", .active = 10, .idle = 3000},
      {.name = "idle-10000", .active = 10, .idle = 10'000},
      {.name = "idle-max", .active = 10, .idle_to_limit = true},
      {.name = "active-10", .active = 10, .idle = 990},
      {.name = "active-100", .active = 100, .idle = 900},
      {.name = "active-500", .active = 500, .idle = 500},
      {.name = "active-1000", .active = 1000},
      {.name = "grid-10-10", .active = 1, .idle = 9},
      {.name = "grid-100-1", .active = 1, .idle = 99},
      {.name = "grid-100-10", .active = 10, .idle = 90},
      {.name = "grid-10000-1", .active = 100, .idle = 9900},
      {.name = "grid-10000-10", .active = 1000, .idle = 9000},
      {.name = "grid-10000-100", .active = 10'000},
      {.name = "size-64", .active = 100, .message_size = 64},
      {.name = "size-512", .active = 100, .message_size = 512},
      {.name = "size-4k", .active = 100, .message_size = 4096},
      {.name = "size-16k", .active = 100, .message_size = 16'384},
      {.name = "size-64k", .active = 100, .message_size = 65'536},
      {.name = "depth-1", .active = 100},
      {.name = "depth-4", .active = 100, .depth = 4},
      {.name = "depth-16", .active = 100, .depth = 16},
      {.name = "depth-64", .active = 100, .depth = 64},
      {.name = "reactors-1", .active = 100, .reactors = 1},
      {.name = "reactors-2", .active = 100, .reactors = 2},
      {.name = "reactors-4", .active = 100, .reactors = 4},
      {.name = "stream", .active = 10, .message_size = 65'536, .depth = 8},
      {.name = "churn", .active = 100, .messages_per_connection = 10},
      {.name = "slow-readers", .active = 100, .slow_readers = 10},
      {.name = "burst", .active = 1000, .burst = true},
      {.name = "fan-out-10", .active = 10, .fan_out = true},
      {.name = "fan-out-100", .active = 100, .fan_out = true},
      {.name = "fan-out-1000", .active = 1000, .fan_out = true},
  };
  return table;
}

const std::vector<ScenarioGroup>& Groups() {
  static const auto& groups = *new std::vector<ScenarioGroup>{
      {"idle-curve",
       "what silent connections cost",
       {"idle-0", "idle-100", "idle-300", "idle-1000", "idle-3000",
        "idle-10000"}},
      {"active-curve",
       "the share that is active, of 1000",
       {"active-10", "active-100", "active-500", "active-1000"}},
      {"grid",
       "connections and the active share",
       {"grid-10-10", "idle-0", "grid-100-1", "grid-100-10", "echo-100",
        "active-10", "active-100", "active-1000", "grid-10000-1",
        "grid-10000-10", "grid-10000-100"}},
      {"sizes",
       "the size of a message",
       {"size-64", "size-512", "size-4k", "size-16k", "size-64k"}},
      {"depths",
       "messages in one go",
       {"depth-1", "depth-4", "depth-16", "depth-64"}},
      {"reactors", "several loops", {"reactors-1", "reactors-2", "reactors-4"}},
      {"fan-out",
       "one message to many",
       {"fan-out-10", "fan-out-100", "fan-out-1000"}},
  };
  return groups;
}

// The scenario of this name, or those of the group.
std::vector<Scenario> Find(std::string_view name) {
  const auto found = std::ranges::find(Table(), name, &Scenario::name);
  if (found != Table().end()) return {*found};
  if (name == "all") return Table();
  const auto group = std::ranges::find(Groups(), name, &ScenarioGroup::name);
  if (group != Groups().end()) {
    std::vector<Scenario> scenarios;
    for (const std::string_view member : group->members) {
      scenarios.push_back(*std::ranges::find(Table(), member, &Scenario::name));
    }
    return scenarios;
  }
  std::vector<std::string> names;
  std::ranges::transform(Table(), std::back_inserter(names), &Scenario::name);
  for (const ScenarioGroup& known : Groups()) names.emplace_back(known.name);
  throw UsageError(
      fmt::format("no scenario \"{}\"; there are {}, and \"all\" for every one",
                  name, fmt::join(names, ", ")));
}

std::string Plural(int count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

}  // namespace

void RequireMessageSize(std::size_t bytes) {
  if (bytes >= 1 && bytes <= kMaxMessageSize) return;
  throw UsageError(
      fmt::format("a message has 1 byte to {}", FormatSize(kMaxMessageSize)));
}

std::string Scenario::Describe() const {
  std::string text = Plural(active, "connection");
  if (idle_to_limit) {
    text = fmt::format("{} active among idle ones up to the limit", active);
  } else if (idle > 0) {
    text = fmt::format("{} active among {}", active,
                       Plural(idle, "idle connection"));
  }
  text += message_size < 1024
              ? fmt::format(", {}-byte messages", message_size)
              : fmt::format(", messages of {}", FormatSize(message_size));
  if (depth > 1) text += fmt::format(", {} outstanding", depth);
  if (rate) {
    text +=
        fmt::format(", {} per second ({})", *rate,
                    arrivals == Arrivals::kPoisson ? "Poisson" : "constant");
  }
  if (messages_per_connection) {
    text += fmt::format(", {} per connection", *messages_per_connection);
  }
  if (slow_readers > 0) text += fmt::format(", {} slow readers", slow_readers);
  if (burst) text += ", all at once";
  if (fan_out) text += ", from one to all";
  if (reactors) text += ", " + Plural(*reactors, "reactor");
  return text;
}

void Scenario::Validate() const {
  if (active < 1) throw UsageError("at least one connection must be active");
  if (idle < 0) throw UsageError("more active connections than connections");
  RequireMessageSize(message_size);
  if (depth < 1) throw UsageError("the depth is at least 1");
  if (slow_readers < 0) {
    throw UsageError("there cannot be fewer than 0 slow readers");
  }
  if (rate && !(*rate > 0)) {
    throw UsageError("a rate is more than 0 per second");
  }
  if (messages_per_connection && *messages_per_connection < 1) {
    throw UsageError("a connection carries at least one message");
  }
  if (reactors && *reactors < 0) {
    throw UsageError("there cannot be fewer than 0 reactors");
  }
  if ((rate || burst) && depth != 1) {
    throw UsageError("a rate and a burst have a depth of 1");
  }
  if (messages_per_connection && *messages_per_connection < depth) {
    throw UsageError("a connection carries fewer messages than the depth");
  }
  const int kinds =
      (rate ? 1 : 0) + (messages_per_connection ? 1 : 0) + (burst ? 1 : 0);
  if (kinds > 1) {
    throw UsageError(
        "a rate, messages per connection and a burst exclude each other");
  }
  if (fan_out && (kinds > 0 || idle > 0 || slow_readers > 0)) {
    throw UsageError(
        "a fan-out has active connections alone, and neither a rate, messages "
        "per connection nor a burst");
  }
}

std::span<const Scenario> BuiltInScenarios() { return Table(); }

std::span<const ScenarioGroup> ScenarioGroups() { return Groups(); }

std::vector<Scenario> SelectScenarios(std::span<const std::string> names) {
  std::vector<Scenario> selected;
  std::set<std::string_view> given;
  for (const std::string& name : names) {
    if (!given.insert(name).second) {
      throw UsageError(fmt::format("scenario \"{}\" is given twice", name));
    }
    for (const Scenario& scenario : Find(name)) {
      // Groups may overlap.
      const auto same =
          std::ranges::find(selected, scenario.name, &Scenario::name);
      if (same == selected.end()) selected.push_back(scenario);
    }
  }
  return selected;
}

}  // namespace polymux::bench
