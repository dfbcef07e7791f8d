#include "bench/verbs/drift.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <time.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <optional>
#include <utility>

#include "apps/flag_values.h"
#include "bench/lab/analysis.h"

namespace polymux::bench {
namespace {

constexpr double kFarApart = 24 * 3600;  // s

std::string ListOf(const std::vector<int>& cpus) {
  return cpus.empty() ? "shared" : fmt::format("{}", fmt::join(cpus, ","));
}

// What a run was, and how its text is called: all that should be the same.
struct Property {
  const char* name;
  std::string (*of)(const Results& run);
};

constexpr Property kProperties[] = {
    {"CPU", [](const Results& r) { return r.environment.cpu_model; }},
    {"number of CPUs",
     [](const Results& r) { return fmt::to_string(r.environment.cpus); }},
    {"memory in MiB",
     [](const Results& r) {
       return fmt::to_string(r.environment.memory_bytes >> 20);
     }},
    {"kernel", [](const Results& r) { return r.environment.kernel; }},
    {"compiler", [](const Results& r) { return r.environment.build.compiler; }},
    {"optimised",
     [](const Results& r) {
       return std::string(r.environment.build.ndebug ? "yes" : "no");
     }},
    {"sanitizer",
     [](const Results& r) { return r.environment.build.sanitizer; }},
    {"frequency governor",
     [](const Results& r) { return r.environment.governor; }},
    {"clock", [](const Results& r) { return r.environment.clock_source; }},
    {"virtualisation",
     [](const Results& r) { return r.environment.virtualisation; }},
    {"somaxconn", [](const Results& r) { return r.environment.somaxconn; }},
    {"reactors",
     [](const Results& r) { return fmt::to_string(r.plan.reactors); }},
    {"load threads",
     [](const Results& r) { return fmt::to_string(r.plan.load_threads); }},
    {"window", [](const Results& r) { return FormatDuration(r.plan.window); }},
    {"warm-up",
     [](const Results& r) { return FormatDuration(r.plan.warm_up); }},
    {"confidence",
     [](const Results& r) { return fmt::to_string(r.plan.confidence); }},
    {"CPUs of the server",
     [](const Results& r) { return ListOf(r.plan.cpus.server); }},
    {"CPUs of the load",
     [](const Results& r) { return ListOf(r.plan.cpus.load); }},
};

class Drift {
 public:
  Drift(std::span<const Results> a, std::span<const Results> b)
      : a_(a), b_(b) {}

  std::vector<std::string> Find() {
    for (const Property& property : kProperties) {
      Differ(property.name, property.of);
    }
    DifferInArms();
    ForEachRun([this](const std::string& name, const Results& run) {
      Doubt(name, run);
    });
    DifferInTime();
    return std::move(drift_);
  }

 private:
  using Text = std::function<std::string(const Results& run)>;

  template <typename Action>
  void ForEachRun(const Action& action) const {
    for (const auto& [side, runs] : {std::pair("A", a_), std::pair("B", b_)}) {
      for (std::size_t i = 0; i < runs.size(); ++i) {
        action(NameOfRun(side, i, runs.size()), runs[i]);
      }
    }
  }

  // The different ones, in order of appearance.
  static std::vector<std::string> Texts(std::span<const Results> runs,
                                        const Text& text) {
    std::vector<std::string> texts;
    for (const Results& run : runs) {
      std::string of_run = text(run);
      if (of_run.empty()) of_run = "not known";
      if (std::ranges::find(texts, of_run) == texts.end()) {
        texts.push_back(std::move(of_run));
      }
    }
    return texts;
  }

  void Differ(std::string_view what, const Text& text) {
    const auto of_a = Texts(a_, text);
    const auto of_b = Texts(b_, text);
    if (of_a.size() == 1 && of_a == of_b) return;
    drift_.push_back(fmt::format("{}: A {}, B {}", what,
                                 fmt::join(of_a, " and "),
                                 fmt::join(of_b, " and ")));
  }

  // The same name for another program.
  void DifferInArms() {
    for (const Arm& arm : a_.front().plan.arms) {
      bool all_have_it = true;
      const auto describe = [&](const Results& run) {
        const auto found =
            std::ranges::find(run.plan.arms, arm.name, &Arm::name);
        if (found == run.plan.arms.end()) {
          all_have_it = false;
          return std::string();
        }
        return fmt::format("{} {}", ToString(found->kind), found->target);
      };
      ForEachRun(
          [&](const std::string&, const Results& run) { describe(run); });
      if (all_have_it) Differ("what " + arm.name + " is", describe);
    }
  }

  // What speaks against a run by itself.
  void Doubt(const std::string& name, const Results& run) {
    if (!run.complete) drift_.push_back(name + " is incomplete");
    for (const ControlCheck& control : Analyze(run.plan, run.trials).controls) {
      if (control.sound) continue;
      drift_.push_back(fmt::format(
          "{} is not to be quoted: its control came out as different in {}",
          name, run.plan.scenarios[control.scenario].name));
    }
  }

  static std::optional<double> TimeOf(const std::string& date) {
    std::tm time{};
    if (strptime(date.c_str(), "%Y-%m-%dT%H:%M:%SZ", &time) == nullptr) {
      return std::nullopt;
    }
    return static_cast<double>(timegm(&time));
  }

  void DifferInTime() {
    const std::string& a = a_.front().environment.date;
    const std::string& b = b_.front().environment.date;
    const auto time_a = TimeOf(a);
    const auto time_b = TimeOf(b);
    if (!time_a || !time_b) return;
    const double apart = std::abs(*time_a - *time_b);
    if (apart <= kFarApart) return;
    drift_.push_back(
        fmt::format("A was measured on {}, B on {}: {:.0f} days apart",
                    a.substr(0, 10), b.substr(0, 10), apart / kFarApart));
  }

  const std::span<const Results> a_;
  const std::span<const Results> b_;
  std::vector<std::string> drift_;
};

}  // namespace

std::string NameOfRun(std::string_view side, std::size_t i, std::size_t runs) {
  if (runs == 1) return std::string(side);
  return fmt::format("run {} of {}", i + 1, side);
}

std::vector<std::string> FindDrift(std::span<const Results> a,
                                   std::span<const Results> b) {
  return Drift(a, b).Find();
}

}  // namespace polymux::bench
