#include "bench/lab/scenario.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "apps/flag_values.h"
#include "bench/lab/usage_error.h"

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
  };
  return table;
}

const Scenario& Find(const std::string& name) {
  const auto found = std::ranges::find(Table(), name, &Scenario::name);
  if (found != Table().end()) return *found;
  std::vector<std::string> names;
  std::ranges::transform(Table(), std::back_inserter(names), &Scenario::name);
  throw UsageError(
      fmt::format("no scenario \"{}\"; there are {}, and \"all\" for every one",
                  name, fmt::join(names, ", ")));
}

std::string Plural(int count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

}  // namespace

std::string Scenario::Describe() const {
  std::string text = idle == 0 ? Plural(active, "connection")
                               : fmt::format("{} active among {}", active,
                                             Plural(idle, "idle connection"));
  text += message_size < 1024
              ? fmt::format(", {}-byte messages", message_size)
              : fmt::format(", messages of {}", FormatSize(message_size));
  if (depth > 1) text += fmt::format(", {} outstanding", depth);
  return text;
}

void Scenario::Validate() const {
  if (active < 1) throw UsageError("at least one connection must be active");
  if (idle < 0) throw UsageError("more active connections than connections");
  if (message_size < 1) throw UsageError("a message has at least one byte");
  if (depth < 1) throw UsageError("the depth is at least 1");
}

std::span<const Scenario> BuiltInScenarios() { return Table(); }

std::vector<Scenario> SelectScenarios(std::span<const std::string> names) {
  if (names.size() == 1 && names.front() == "all") return Table();
  std::vector<Scenario> selected;
  for (const std::string& name : names) {
    if (std::ranges::find(selected, name, &Scenario::name) != selected.end()) {
      throw UsageError(fmt::format("scenario \"{}\" is given twice", name));
    }
    selected.push_back(Find(name));
  }
  return selected;
}

}  // namespace polymux::bench
