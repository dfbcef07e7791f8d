#ifndef POLYMUX_BENCH_LAB_SCENARIO_H_
#define POLYMUX_BENCH_LAB_SCENARIO_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/arrivals.h"

namespace polymux::bench {

// Throws UsageError unless a message can have so many bytes.
void RequireMessageSize(std::size_t bytes);

// A workload: `active` connections that each keep `depth` messages of
// `message_size` bytes outstanding, among `idle` ones that stay open and
// silent.
struct Scenario {
  std::string name;
  int active = 1;
  int idle = 0;
  std::size_t message_size = 100;
  int depth = 1;

  // Open loop: messages per second over all active connections, due at times
  // that do not depend on the server. Empty: closed loop.
  std::optional<double> rate = {};
  Arrivals arrivals = Arrivals::kPoisson;  // of an open loop
  // After so many messages a connection is replaced by a new one. Empty: never.
  std::optional<int> messages_per_connection = {};
  // Further connections that send without end and hardly read.
  int slow_readers = 0;
  // All active connections send at the same instant, and again when all have
  // been answered.
  bool burst = false;
  // One of the active connections sends, and the server passes it on to all of
  // them. A message counts once for each receiver.
  bool fan_out = false;
  // I/O loops of the server; empty: as many as the plan says.
  std::optional<int> reactors = {};
  // As many idle connections as there are descriptors for, instead of `idle`:
  // set when the plan is made, which knows the limit.
  bool idle_to_limit = false;
  // "FILE:LINE" where it is described; empty: in no file.
  std::string place = {};

  int connections() const { return active + idle; }
  // A closed loop on connections that last: nothing but messages that are
  // echoed, so that their cost has no other cause.
  bool is_plain() const {
    return !rate && !messages_per_connection && slow_readers == 0 && !burst &&
           !fan_out;
  }
  // Plain, one message at a time, with as many reactors as all: what the fitted
  // costs of a wait and the map of the cheapest arm are of.
  bool is_simple() const { return is_plain() && depth == 1 && !reactors; }

  // "10 active among 900 idle connections, 100-byte messages"
  std::string Describe() const;

  // REQUIRES for all of the lab: counts and sizes are positive (`idle` may be
  // zero).  Throws UsageError with what is wrong.
  void Validate() const;
};

// The one table of built-in scenarios.
std::span<const Scenario> BuiltInScenarios();

// Built-in scenarios that answer a question together.
struct ScenarioGroup {
  std::string_view name;
  std::string_view question;
  std::vector<std::string_view> members;
};
std::span<const ScenarioGroup> ScenarioGroups();

// The built-in scenarios of these names, in this order; the name of a group
// stands for its members, "all" for every one.  What several of the names stand
// for comes once.  Throws UsageError for an unknown name or one given twice.
std::vector<Scenario> SelectScenarios(std::span<const std::string> names);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_SCENARIO_H_
