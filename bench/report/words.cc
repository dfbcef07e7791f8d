#include "bench/report/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bench/lab/metrics.h"
#include "bench/lab/notes.h"
#include "bench/lab/text.h"
#include "bench/peers/peers.h"
#include "poller/backends.h"

namespace polymux::bench {
namespace {

std::string_view DisturbedMark(const Effect& effect) {
  return effect.disturbed ? "~" : "";
}

// "poll (1.204, 1.19 to 1.22)".
std::string ArmWithEffect(const Plan& plan, const Cell& cell) {
  const std::string& name = plan.arms[cell.arm].name;
  if (!cell.effect) {
    return cell.ratio ? fmt::format("{} ({})", name, EffectText(cell)) : name;
  }
  return fmt::format("{} ({}{}, {} to {})", name, DisturbedMark(*cell.effect),
                     FormatRatio(cell.effect->ratio),
                     FormatRatio(cell.effect->low),
                     FormatRatio(cell.effect->high));
}

std::string Capitalised(std::string_view word) {
  std::string text(word);
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

// " No verdict, too few rounds (3 of 7): poll (1.204)." Empty: all have one.
std::string WithoutVerdict(const Plan& plan, std::span<const Cell> cells) {
  std::vector<std::string> arms;
  bool has_effects = true;
  for (const Cell& cell : cells) {
    const std::string& name = plan.arms[cell.arm].name;
    if (cell.verdict || !cell.ratio || name == plan.control) continue;
    arms.push_back(ArmWithEffect(plan, cell));
    has_effects = has_effects && cell.effect.has_value();
  }
  if (arms.empty()) return {};
  const auto shortage = FindRoundShortage(plan, cells, cells.front().scenario);
  const std::string reason =
      plan.control.empty() ? "there is no control"
      : has_effects || !shortage
          ? "too few rounds of the control"
          : fmt::format("too few rounds ({} of {})", shortage->rounds,
                        shortage->needed);
  return fmt::format(" No verdict, {}: {}.", reason, Join(arms));
}

}  // namespace

std::span<const Cell> CellsOfScenario(const Plan& plan,
                                      const Analysis& analysis,
                                      std::size_t scenario) {
  return std::span(analysis.cells)
      .subspan(scenario * plan.arms.size(), plan.arms.size());
}

const ControlCheck* FindControl(const Analysis& analysis,
                                std::size_t scenario) {
  const auto found =
      std::ranges::find(analysis.controls, scenario, &ControlCheck::scenario);
  return found == analysis.controls.end() ? nullptr : &*found;
}

std::string VerdictWord(const Plan& plan, const Cell& cell) {
  const std::string& name = plan.arms[cell.arm].name;
  if (!cell.obstacle.empty() || cell.valid_trials == 0) return "not measured";
  if (name == plan.baseline) return "baseline";
  if (name == plan.control) return "control";
  return cell.verdict ? std::string(ToString(*cell.verdict)) : "no verdict";
}

std::string EffectText(const Cell& cell) {
  if (cell.effect) {
    return fmt::format("{}{} ({} to {})", DisturbedMark(*cell.effect),
                       FormatRatio(cell.effect->ratio),
                       FormatRatio(cell.effect->low),
                       FormatRatio(cell.effect->high));
  }
  return cell.ratio ? FormatRatio(cell.ratio->median) : "";
}

std::string ScenarioSentence(const Plan& plan, const Analysis& analysis,
                             std::size_t scenario) {
  const auto cells = CellsOfScenario(plan, analysis, scenario);
  std::string sentence =
      fmt::format("Nothing is known of the baseline, {}.", plan.baseline);
  for (const Cell& cell : cells) {
    const auto cost = cell.Find(kPrimaryMetric);
    if (plan.arms[cell.arm].name != plan.baseline || !cost) continue;
    sentence = fmt::format("{} needs {} µs of server CPU per message.",
                           plan.baseline, FormatNumber(cost->median));
  }
  for (const Verdict verdict : {Verdict::kFaster, Verdict::kSlower,
                                Verdict::kEquivalent, Verdict::kInconclusive}) {
    std::vector<std::string> arms;
    for (const Cell& cell : cells) {
      if (cell.verdict == verdict) arms.push_back(ArmWithEffect(plan, cell));
    }
    if (arms.empty()) continue;
    sentence +=
        fmt::format(" {}: {}.", Capitalised(ToString(verdict)), Join(arms));
  }
  return sentence + WithoutVerdict(plan, cells);
}

std::string AboutArm(const Arm& arm) {
  switch (arm.kind) {
    case ArmKind::kBackend: {
      const Backend* backend = FindBackend(arm.target);
      if (backend == nullptr) return "Polymux's echo server.";
      return fmt::format(
          "Polymux's echo server over {} ({} semantics). Only the backend "
          "differs from Polymux's other arms.",
          backend->kernel_interface,
          backend->trigger == Trigger::kLevel ? "level" : "edge");
    }
    case ArmKind::kServer:
      return fmt::format("Another build of Polymux's echo server: {}",
                         arm.target);
    case ArmKind::kPeer: {
      const Peer* peer = FindPeer(arm.target);
      return peer == nullptr ? "A server that does not use Polymux's reactor."
                             : std::string(peer->about);
    }
    case ArmKind::kForeign:
      break;
  }
  return fmt::format("A program of the user's: {}", arm.target);
}

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

std::string LengthText(std::chrono::nanoseconds length) {
  const double ms = static_cast<double>(length.count()) / 1e6;
  return ms < 1000 ? fmt::format("{:g} ms", ms)
                   : fmt::format("{:g} s", ms / 1e3);
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle]
                                : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace polymux::bench
