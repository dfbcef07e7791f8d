#include "bench/lab/condition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <stdexcept>

#include "apps/flag_values.h"
#include "bench/lab/console.h"
#include "bench/lab/exit_code.h"
#include "bench/lab/metrics.h"
#include "bench/lab/text.h"
#include "bench/lab/usage_error.h"

namespace polymux::bench {
namespace {

using Operator = Condition::Operator;

struct ShortName {
  std::string_view name;
  std::string_view metric;
};

constexpr std::array kShortNames{
    ShortName{"p50", "latency_p50_us"},
    ShortName{"p90", "latency_p90_us"},
    ShortName{"p99", "latency_p99_us"},
    ShortName{"p999", "latency_p999_us"},
    ShortName{"max", "latency_max_us"},
    ShortName{"cpu", kPrimaryMetric},
    ShortName{"rate", "messages_per_second"},
    ShortName{"rss", "rss_bytes"},
    ShortName{"calls", "system_calls_per_message"},
};

struct OperatorName {
  std::string_view text;
  Operator comparison;
};

// Those that begin with another one come before it.
constexpr std::array kOperators{
    OperatorName{"<=", Operator::kAtMost},
    OperatorName{"<", Operator::kLess},
    OperatorName{">=", Operator::kAtLeast},
    OperatorName{">", Operator::kMore},
    OperatorName{"==", Operator::kEqual},
    OperatorName{"!=", Operator::kNotEqual},
};

// What a value may look like follows from the end of the metric's name.
bool IsDuration(std::string_view metric) {
  return metric.ends_with("_us") ||
         metric.find("_us_") != std::string_view::npos;
}

bool IsShare(std::string_view metric) {
  return metric == kRatio || metric.ends_with("_share");
}

bool IsSize(std::string_view metric) { return metric.ends_with("_bytes"); }

std::vector<std::string_view> KnownMetrics() {
  std::vector<std::string_view> names;
  std::ranges::transform(kShortNames, std::back_inserter(names),
                         &ShortName::name);
  names.push_back(kRatio);
  for (const Metric& metric : Metrics()) names.push_back(metric.name);
  return names;
}

// The name in Metrics() or kRatio; empty: there is none.
std::string_view ResolveMetric(std::string_view name) {
  if (name == kRatio) return kRatio;
  for (const ShortName& short_name : kShortNames) {
    if (short_name.name == name) return short_name.metric;
  }
  const auto found = std::ranges::find(Metrics(), name, &Metric::name);
  return found == Metrics().end() ? std::string_view() : found->name;
}

// A number at the front of `text`, which it removes.
std::optional<double> TakeNumber(std::string_view& text) {
  double number = 0;
  const auto [stop, error] = std::from_chars(
      text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  // "nan" and "inf" are read as well: no condition with them can ever hold, or
  // not hold.
  if (error != std::errc() || !std::isfinite(number)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return number;
}

// The factor that turns such a unit into microseconds.
std::optional<double> Microseconds(std::string_view unit) {
  if (unit == "ns") return 1e-3;
  if (unit == "us") return 1;
  if (unit == "ms") return 1e3;
  if (unit == "s") return 1e6;
  return std::nullopt;
}

std::optional<double> ParseValue(std::string_view metric,
                                 std::string_view text) {
  if (IsSize(metric)) {
    try {
      return static_cast<double>(ParseSize(text));
    } catch (const std::invalid_argument&) {
      return std::nullopt;
    }
  }
  const auto number = TakeNumber(text);
  if (!number) return std::nullopt;
  if (IsDuration(metric)) {
    const auto factor = Microseconds(text);
    if (!factor) return std::nullopt;
    return *number * *factor;
  }
  if (IsShare(metric) && text == "%") return *number / 100;
  if (!text.empty()) return std::nullopt;
  return number;
}

std::string_view ExpectedValue(std::string_view metric) {
  if (IsDuration(metric)) return "a duration with ns, us, ms or s, as 1.5ms";
  if (IsShare(metric)) return "a number or a percentage, as 1.05 or 105%";
  if (IsSize(metric)) return "a size, as 64m";
  return "a number";
}

// Cuts a condition into its parts, from left to right.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Condition Parse() {
    Condition condition{.text = std::string(text_)};
    const std::size_t comparison = text_.find_first_of("<>=!");
    if (comparison == std::string_view::npos) {
      Fail(text_.size(), "there is no operator, one of < <= > >= == !=");
    }
    ParseSubject(comparison, condition);
    const std::size_t value = ParseOperator(comparison, condition);
    ParseValueAt(value, condition);
    return condition;
  }

 private:
  [[noreturn]] void Fail(std::size_t at, const std::string& what) const {
    throw UsageError(
        fmt::format("--fail-if \"{}\", position {}: {}", text_, at + 1, what));
  }

  // SCENARIO/ARM.METRIC before `end`.
  void ParseSubject(std::size_t end, Condition& condition) const {
    const std::size_t begin = SkipBlanks(0);
    while (end > begin && text_[end - 1] == ' ') --end;
    const std::string_view subject = text_.substr(0, end);
    const std::size_t slash = subject.find('/');
    if (slash == std::string_view::npos || slash == begin) {
      Fail(begin, "it begins with SCENARIO/ARM.METRIC");
    }
    // The name of an arm may have a dot, that of a metric has none.
    const std::size_t dot = subject.rfind('.');
    if (dot == std::string_view::npos || dot <= slash + 1) {
      Fail(slash + 1, "ARM.METRIC comes after the /");
    }
    condition.scenario = subject.substr(begin, slash - begin);
    condition.arm = subject.substr(slash + 1, dot - slash - 1);
    const std::string_view metric = subject.substr(dot + 1);
    condition.metric = ResolveMetric(metric);
    if (condition.metric.empty()) {
      Fail(dot + 1, fmt::format("no metric \"{}\"; there are {}", metric,
                                fmt::join(KnownMetrics(), ", ")));
    }
  }

  // Returns where the value begins.
  std::size_t ParseOperator(std::size_t at, Condition& condition) const {
    for (const OperatorName& known : kOperators) {
      if (!text_.substr(at).starts_with(known.text)) continue;
      condition.comparison = known.comparison;
      return SkipBlanks(at + known.text.size());
    }
    Fail(at, "no such operator; there are < <= > >= == !=");
  }

  void ParseValueAt(std::size_t at, Condition& condition) const {
    std::string_view value = text_.substr(at);
    while (value.ends_with(' ')) value.remove_suffix(1);
    const auto parsed = ParseValue(condition.metric, value);
    if (!parsed) {
      Fail(at, fmt::format("{} takes {}, not \"{}\"", condition.metric,
                           ExpectedValue(condition.metric), value));
    }
    condition.value = *parsed;
  }

  std::size_t SkipBlanks(std::size_t at) const {
    while (at < text_.size() && text_[at] == ' ') ++at;
    return at;
  }

  const std::string_view text_;
};

bool Holds(Operator comparison, double seen, double value) {
  switch (comparison) {
    case Operator::kLess:
      return seen < value;
    case Operator::kAtMost:
      return seen <= value;
    case Operator::kMore:
      return seen > value;
    case Operator::kAtLeast:
      return seen >= value;
    case Operator::kEqual:
      return seen == value;
    case Operator::kNotEqual:
      break;
  }
  return seen != value;
}

std::string WithUnit(std::string_view metric, double value) {
  if (IsDuration(metric)) return fmt::format("{:.6g} us", value);
  if (IsSize(metric)) return fmt::format("{:.0f} bytes", value);
  return fmt::format("{:.6g}", value);
}

std::optional<double> Seen(const Condition& condition, const Plan& plan,
                           const Cell& cell) {
  if (condition.metric != kRatio) {
    const auto summary = cell.Find(condition.metric);
    if (!summary) return std::nullopt;
    return summary->median;
  }
  if (cell.effect) return cell.effect->ratio;
  if (cell.ratio) return cell.ratio->median;
  if (condition.arm == plan.baseline && cell.valid_trials > 0) return 1;
  return std::nullopt;
}

std::string WhyUnknown(const Cell& cell) {
  if (!cell.obstacle.empty()) return "not measured: " + cell.obstacle;
  if (cell.valid_trials == 0) return "no valid trial: " + cell.first_reason;
  return "not available in every valid round";
}

template <typename T>
std::string NamesOf(const std::vector<T>& all) {
  std::vector<std::string> names;
  std::ranges::transform(all, std::back_inserter(names), &T::name);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::string DescribeConditions() {
  std::string text =
      "\n\nA CONDITION is SCENARIO/ARM.METRIC OP VALUE, with OP < <= > >= == "
      "or "
      "!=.\nMetrics, the short names first:\n";
  text += Wrap("  ", fmt::format("{}", fmt::join(KnownMetrics(), ", ")));
  text.pop_back();
  return text;
}

Condition ParseCondition(std::string_view text) { return Parser(text).Parse(); }

void RequireKnown(const Condition& condition, const Plan& plan) {
  if (std::ranges::find(plan.scenarios, condition.scenario, &Scenario::name) ==
      plan.scenarios.end()) {
    throw UsageError(fmt::format(
        "--fail-if \"{}\": no scenario \"{}\"; there are {}", condition.text,
        condition.scenario, NamesOf(plan.scenarios)));
  }
  if (std::ranges::find(plan.arms, condition.arm, &Arm::name) ==
      plan.arms.end()) {
    throw UsageError(
        fmt::format("--fail-if \"{}\": no arm \"{}\"; there are {}",
                    condition.text, condition.arm, NamesOf(plan.arms)));
  }
}

std::vector<Condition> ParseConditions(std::span<const std::string> texts,
                                       const Plan& plan) {
  std::vector<Condition> conditions;
  for (const std::string& text : texts) {
    conditions.push_back(ParseCondition(text));
    RequireKnown(conditions.back(), plan);
  }
  return conditions;
}

ConditionOutcome Evaluate(const Condition& condition, const Plan& plan,
                          const Analysis& analysis) {
  const auto cell =
      std::ranges::find_if(analysis.cells, [&](const Cell& candidate) {
        return plan.scenarios[candidate.scenario].name == condition.scenario &&
               plan.arms[candidate.arm].name == condition.arm;
      });
  if (cell == analysis.cells.end()) {
    return {.text = fmt::format("{}: n/a, not measured", condition.text)};
  }
  const auto seen = Seen(condition, plan, *cell);
  if (!seen) {
    return {.text =
                fmt::format("{}: n/a, {}", condition.text, WhyUnknown(*cell))};
  }
  const bool holds = Holds(condition.comparison, *seen, condition.value);
  return {.truth = holds ? Truth::kHolds : Truth::kDoesNotHold,
          .text = fmt::format("{}: {}, it is {}", condition.text,
                              holds ? "FAILS" : "passes",
                              WithUnit(condition.metric, *seen))};
}

int JudgeConditions(std::span<const Condition> conditions, const Plan& plan,
                    const Analysis& analysis) {
  bool any_holds = false;
  bool any_unknown = false;
  for (const Condition& condition : conditions) {
    const ConditionOutcome outcome = Evaluate(condition, plan, analysis);
    any_holds |= outcome.truth == Truth::kHolds;
    any_unknown |= outcome.truth == Truth::kUnknown;
    TellUser(Wrap("--fail-if ", outcome.text));
  }
  if (any_holds) return kExitCondition;
  return any_unknown ? kExitInvalid : kExitOk;
}

}  // namespace polymux::bench
