#include "bench/report/cost_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/lab/cost_model.h"
#include "bench/lab/metrics.h"
#include "bench/lab/model_text.h"
#include "bench/lab/text.h"
#include "bench/report/chart.h"
#include "bench/report/markup.h"
#include "bench/report/words.h"

namespace polymux::bench {
namespace {

// How far beyond what was measured a model is drawn.
constexpr double kExtrapolation = 10;
constexpr int kModelSteps = 24;

// Scenarios that differ in one thing alone: in their connections, or in how
// many of as many connections are active.
struct Family {
  int connections;  // 0: they differ in them
  int active;       // 0: they differ in them, or all connections are active
  std::size_t message_size;
  int depth;
  std::optional<int> reactors;  // empty: as many as the plan says
  auto operator<=>(const Family&) const = default;

  // What they differ in.
  int Value(const Scenario& scenario) const {
    return connections == 0 ? scenario.connections() : scenario.active;
  }
  std::string_view ValueTitle() const {
    return connections == 0 ? "connections" : "active connections";
  }

  std::string Describe() const {
    const std::string who =
        connections > 0 ? fmt::format("{} connections", connections)
        : active == 0   ? "all connections active"
                        : fmt::format("{} active, the rest idle", active);
    return fmt::format("{}, {}-byte messages, depth {}{}", who, message_size,
                       depth,
                       reactors ? fmt::format(", reactors {}", *reactors) : "");
  }
};

using Members = std::vector<std::size_t>;  // scenarios
using Families = std::map<Family, Members>;

// Those in which at least two members differ.
Families Differing(const Plan& plan, Families families) {
  std::erase_if(families, [&](const auto& entry) {
    const auto& [family, members] = entry;
    std::set<int> values;
    for (const std::size_t member : members) {
      values.insert(family.Value(plan.scenarios[member]));
    }
    return values.size() < 2;
  });
  return families;
}

Families FamiliesByConnections(const Plan& plan) {
  Families families;
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    const Scenario& scenario = plan.scenarios[i];
    if (!scenario.is_plain()) continue;
    Family family{.connections = 0,
                  .active = scenario.active,
                  .message_size = scenario.message_size,
                  .depth = scenario.depth,
                  .reactors = scenario.reactors};
    families[family].push_back(i);
    if (scenario.idle > 0) continue;
    family.active = 0;
    families[family].push_back(i);
  }
  return Differing(plan, std::move(families));
}

Families FamiliesByActive(const Plan& plan) {
  Families families;
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    const Scenario& scenario = plan.scenarios[i];
    if (!scenario.is_plain()) continue;
    const Family family{.connections = scenario.connections(),
                        .active = 0,
                        .message_size = scenario.message_size,
                        .depth = scenario.depth,
                        .reactors = scenario.reactors};
    families[family].push_back(i);
  }
  return Differing(plan, std::move(families));
}

// The model of an arm that holds for these scenarios: one of another message
// size or depth does not, and where the active connections differ each point
// has its own number of ready ones.
const CostModel* FindModel(const Analysis& analysis, const Family& family,
                           std::size_t arm) {
  const auto found = std::ranges::find(analysis.models, arm, &CostModel::arm);
  const bool holds = found != analysis.models.end() && family.active > 0 &&
                     family.depth == 1 &&
                     found->message_size == family.message_size;
  return holds ? &*found : nullptr;
}

const Cell& CellOf(const Plan& plan, const Analysis& analysis,
                   std::size_t scenario, std::size_t arm) {
  return analysis.cells[scenario * plan.arms.size() + arm];
}

// What the model says of a message when `watched` connections are open and each
// Wait brings `ready` of them, in us.
double ModelCost(const CostModel& model, double watched, double ready) {
  return CostOfWait(model.coefficients(), watched, ready) / ready / 1e3;
}

class Panel {
 public:
  Panel(const Plan& plan, const Analysis& analysis, const Family& family,
        const Members& members)
      : plan_(plan),
        analysis_(analysis),
        family_(family),
        members_(members),
        models_(Models(plan, analysis, family)),
        chart_(Options()) {
    for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
      DrawMeasured(arm);
      DrawModel(arm);
    }
  }

  bool has_points() const { return points_ > 0; }
  std::string Render() const { return chart_.Render(); }

 private:
  // By arm; null: none.
  using ArmModels = std::vector<const CostModel*>;

  static ArmModels Models(const Plan& plan, const Analysis& analysis,
                          const Family& family) {
    ArmModels models;
    for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
      models.push_back(FindModel(analysis, family, arm));
    }
    return models;
  }

  double Value(std::size_t scenario) const {
    return family_.Value(plan_.scenarios[scenario]);
  }
  std::optional<Summary> Cost(std::size_t scenario, std::size_t arm) const {
    return CellOf(plan_, analysis_, scenario, arm).Find(kPrimaryMetric);
  }

  Chart::Options Options() const {
    std::vector<double> values;
    std::vector<double> costs;
    for (const std::size_t member : members_) {
      values.push_back(Value(member));
      for (std::size_t arm = 0; arm < plan_.arms.size(); ++arm) {
        const auto cost = Cost(member, arm);
        if (!cost) continue;
        costs.insert(costs.end(), {cost->min, cost->max});
      }
    }
    const double farthest = std::ranges::max(values) * kExtrapolation;
    for (std::size_t arm = 0; arm < plan_.arms.size(); ++arm) {
      const auto ready = ReadyPerWait(arm);
      if (models_[arm] == nullptr || !ready) continue;
      values.push_back(farthest);
      costs.push_back(ModelCost(*models_[arm], farthest, *ready));
    }
    return {.label = fmt::format("cost per message against {}, {}",
                                 family_.ValueTitle(), family_.Describe()),
            .x_title = std::string(family_.ValueTitle()),
            .y_title = "server CPU, µs per message",
            .x = Scale(Scale::Kind::kLogarithmic, values),
            .y = Scale(Scale::Kind::kLogarithmic, costs)};
  }

  void DrawMeasured(std::size_t arm) {
    std::vector<Point> line;
    for (const std::size_t member : members_) {
      const auto cost = Cost(member, arm);
      if (!cost) continue;
      line.push_back({Value(member), cost->median});
      chart_.Whisker(arm, Value(member), cost->min, cost->max);
      chart_.Marker(
          arm, line.back(),
          fmt::format("{}, {}: {} µs per message ({} to {})",
                      plan_.arms[arm].name, plan_.scenarios[member].name,
                      FormatNumber(cost->median), FormatNumber(cost->min),
                      FormatNumber(cost->max)));
    }
    points_ += line.size();
    std::ranges::sort(line, {}, &Point::x);
    if (models_[arm] != nullptr) return;
    // Dashes would mean "extrapolated" beside a model.
    chart_.Line(arm, line, family_.connections == 0 ? "model" : "line");
  }

  // Events that one Wait brought, in the scenario with most connections.
  std::optional<double> ReadyPerWait(std::size_t arm) const {
    std::optional<double> ready;
    double connections = 0;
    for (const std::size_t member : members_) {
      const auto waits =
          CellOf(plan_, analysis_, member, arm).Find("waits_per_message");
      if (!waits || waits->median <= 0 || Value(member) < connections) {
        continue;
      }
      connections = Value(member);
      ready = 1 / waits->median;
    }
    return ready;
  }

  void DrawModel(std::size_t arm) {
    const CostModel* const model = models_[arm];
    const auto ready = ReadyPerWait(arm);
    if (model == nullptr || !ready) return;
    std::vector<Point> within;
    std::vector<Point> beyond;
    double least = Value(members_[0]);
    double most = least;
    for (const std::size_t member : members_) {
      least = std::min(least, Value(member));
      most = std::max(most, Value(member));
    }
    const double measured = model->watched_max > 0
                                ? std::min<double>(most, model->watched_max)
                                : most;
    for (int i = 0; i <= kModelSteps; ++i) {
      const double share = static_cast<double>(i) / kModelSteps;
      const double inner = least * std::pow(measured / least, share);
      const double outer =
          measured * std::pow(most * kExtrapolation / measured, share);
      within.push_back({inner, ModelCost(*model, inner, *ready)});
      beyond.push_back({outer, ModelCost(*model, outer, *ready)});
    }
    if (measured > least) chart_.Line(arm, within, "model");
    chart_.Line(arm, beyond, "extrapolated");
  }

  const Plan& plan_;
  const Analysis& analysis_;
  const Family family_;
  const Members members_;
  const ArmModels models_;
  Chart chart_;
  std::size_t points_ = 0;
};

std::string Panels(const Results& results, const Analysis& analysis,
                   const Families& families) {
  std::string figures;
  for (const auto& [family, members] : families) {
    const Panel panel(results.plan, analysis, family, members);
    if (!panel.has_points()) continue;
    figures += Figure(family.Describe(), panel.Render());
  }
  return figures;
}

std::string EstimateText(const Estimate& estimate) {
  return fmt::format("{} ({} to {})", FormatCoefficient(estimate.value),
                     FormatCoefficient(estimate.low),
                     FormatCoefficient(estimate.high));
}

// The arms without a model, and why.
std::string UnmodelledArms(const Plan& plan, const Analysis& analysis) {
  std::vector<std::string> arms;
  for (const auto& [arm, reason] : analysis.unmodelled) {
    arms.push_back(fmt::format("{} ({})", plan.arms[arm].name, reason));
  }
  if (arms.empty()) return {};
  return fmt::format("<p>No cost of a wait is fitted for {}.</p>\n",
                     EscapeHtml(Join(arms)));
}

std::string ModelTable(const Plan& plan, const Analysis& analysis) {
  if (analysis.models.empty()) return UnmodelledArms(plan, analysis);
  std::string rows;
  for (const CostModel& model : analysis.models) {
    rows += fmt::format(
        R"(<tr class="{}"><th scope="row">{}{}</th><td>{}</td><td>{}</td>)"
        "<td>{}</td><td>{} to {}</td></tr>\n",
        ArmClass(model.arm), MarkerIcon(model.arm),
        EscapeHtml(plan.arms[model.arm].name), EstimateText(model.per_wait_ns),
        EstimateText(model.per_watched_ns),
        model.per_ready_ns ? EstimateText(*model.per_ready_ns) : "in a",
        model.watched_min, model.watched_max);
  }
  std::string doubts;
  for (const std::string& doubt : ModelDoubts(plan, analysis.models)) {
    doubts += "<p>" + EscapeHtml(doubt) + "</p>\n";
  }
  return fmt::format(
             "<div class=\"scroll wide\"><table><caption>Fitted cost of one "
             "wait with {}-byte messages, ns of server CPU (with intervals): a "
             "+ b × watched + c × ready</caption>",
             analysis.models.front().message_size) +
         "<thead><tr><th scope=\"col\">arm</th><th "
         "scope=\"col\">a: per wait</th><th scope=\"col\">b: per watched "
         "connection</th><th scope=\"col\">c: per ready connection, with its "
         "message</th><th scope=\"col\">connections measured</th></tr></thead>"
         "<tbody>\n" +
         rows + "</tbody></table></div>\n" + doubts +
         UnmodelledArms(plan, analysis);
}

}  // namespace

std::string CostCurves(const Results& results, const Analysis& analysis) {
  return Panels(results, analysis, FamiliesByConnections(results.plan)) +
         ModelTable(results.plan, analysis);
}

std::string ShareCurves(const Results& results, const Analysis& analysis) {
  return Panels(results, analysis, FamiliesByActive(results.plan));
}

std::string Crossovers(const Results& results, const Analysis& analysis) {
  const Plan& plan = results.plan;
  std::string items;
  for (const Crossover& crossover : analysis.crossovers) {
    items += fmt::format(
        "<li>With {} active, {} is cheaper below {} connections ({} to {}) and "
        "{} above{}.</li>\n",
        crossover.active, EscapeHtml(plan.arms[crossover.arm].name),
        FormatNumber(crossover.connections.value),
        FormatNumber(crossover.connections.low),
        FormatNumber(crossover.connections.high),
        EscapeHtml(plan.arms[crossover.other].name),
        crossover.extrapolated
            ? " <strong>(extrapolated beyond what was measured)</strong>"
            : "");
  }
  return items;
}

}  // namespace polymux::bench
