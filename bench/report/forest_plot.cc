#include "bench/report/forest_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "bench/lab/text.h"
#include "bench/report/chart.h"
#include "bench/report/markup.h"
#include "bench/report/words.h"

namespace polymux::bench {
namespace {

constexpr double kLeft = 122;
constexpr double kRight = 282;
constexpr double kTop = 10;
constexpr double kRow = 36;

// What is further away is drawn at the edge, lest the others shrink to a point.
constexpr double kFarthest = 2;

struct Row {
  const Cell* cell;
  double ratio;
  double low;
  double high;
  bool has_interval;
};

// Empty for what has no ratio.
std::optional<Row> RowOf(const Cell& cell) {
  if (cell.effect) {
    return Row{&cell, cell.effect->ratio, cell.effect->low, cell.effect->high,
               true};
  }
  if (!cell.ratio) return std::nullopt;
  return Row{&cell, cell.ratio->median, cell.ratio->min, cell.ratio->max,
             false};
}

Scale ScaleOf(const std::vector<Row>& rows, const ControlCheck* control,
              double margin) {
  std::vector<double> values{1 / (1 + margin), 1 + margin};
  for (const Row& row : rows) {
    for (const double value : {row.ratio, row.low, row.high}) {
      values.push_back(std::clamp(value, 1 / kFarthest, kFarthest));
    }
  }
  if (control != nullptr) {
    for (const double value : {control->effect.low, control->effect.high}) {
      values.push_back(std::clamp(value, 1 / kFarthest, kFarthest));
    }
  }
  return {Scale::Kind::kLogarithmic, values};
}

class Panel {
 public:
  Panel(const Plan& plan, std::vector<Row> rows, const ControlCheck* control)
      : plan_(plan),
        rows_(std::move(rows)),
        scale_(ScaleOf(rows_, control, plan.margin)) {
    DrawGround(control);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      DrawRow(rows_[i], kTop + (static_cast<double>(i) + 0.5) * kRow);
    }
  }

  std::string Render() const {
    return fmt::format(
        R"(<svg class="chart forest" viewBox="0 0 {} {}" role="img" )"
        R"(aria-label="ratios to {}">{}</svg>)",
        Chart::kWidth, Bottom() + 34, EscapeHtml(plan_.baseline), body_);
  }

 private:
  double Bottom() const {
    return kTop + static_cast<double>(rows_.size()) * kRow;
  }
  double X(double ratio) const {
    return kLeft + std::clamp(scale_.Share(ratio), 0.0, 1.0) * (kRight - kLeft);
  }

  void DrawBand(double low, double high, std::string_view css_class,
                std::string_view title) {
    body_ += fmt::format(
        R"(<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}">)"
        R"(<title>{}</title></rect>)",
        css_class, X(low), kTop, std::max(1.0, X(high) - X(low)),
        Bottom() - kTop, EscapeHtml(title));
  }

  void DrawGround(const ControlCheck* control) {
    DrawBand(1 / (1 + plan_.margin), 1 + plan_.margin, "margin",
             fmt::format("within {:g} % of the baseline: equivalent",
                         plan_.margin * 100));
    if (control != nullptr) {
      DrawBand(
          control->effect.low, control->effect.high, "control",
          fmt::format("A/A control: {} to {}", FormatRatio(control->effect.low),
                      FormatRatio(control->effect.high)));
    }
    for (const Tick& tick : Ticks()) {
      body_ += fmt::format(
          R"(<path class="grid" d="M{x:.1f} {}V{}"/>)"
          R"(<text class="tick" x="{x:.1f}" y="{}" text-anchor="middle">)"
          R"({}</text>)",
          kTop, Bottom(), Bottom() + 14, tick.label,
          fmt::arg("x", X(tick.value)));
    }
    body_ += fmt::format(
        R"(<path class="one" d="M{:.1f} {}V{}"/>)"
        R"(<text class="title" x="{:.1f}" y="{}" text-anchor="middle">)"
        R"(cost relative to {} (log scale)</text>)",
        X(1), kTop, Bottom(), (kLeft + kRight) / 2, Bottom() + 30,
        EscapeHtml(plan_.baseline));
  }

  // Round percentages about 1, far enough apart for their labels.
  std::vector<Tick> Ticks() const {
    std::vector<Tick> ticks;
    const double pixels = kRight - kLeft;
    for (const double step : {0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5}) {
      if (scale_.Share(1 + step) - scale_.Share(1) < 34 / pixels) continue;
      const int digits = step < 0.01 ? 3 : step < 0.1 ? 2 : 1;
      for (int i = -10; 1 + i * step <= scale_.max(); ++i) {
        const double value = 1 + i * step;
        if (value < scale_.min()) continue;
        ticks.push_back({value, fmt::format("{:.{}f}", value, digits)});
      }
      break;
    }
    if (ticks.empty()) ticks.push_back({1, "1"});
    return ticks;
  }

  void DrawRow(const Row& row, double y) {
    const std::string word = VerdictWord(plan_, *row.cell);
    const std::string arm = EscapeHtml(plan_.arms[row.cell->arm].name);
    body_ +=
        fmt::format(R"(<g class="{}"><text class="arm" x="{}" y="{:.1f}" )"
                    R"(text-anchor="end">{}</text>)"
                    R"(<path class="{}" d="{}"/>)"
                    R"(<path class="mark" d="{}"><title>{} {}</title></path>)",
                    ArmClass(row.cell->arm), kLeft - 10, y + 4, arm,
                    row.has_interval ? "interval" : "range", Bar(row, y),
                    Mark(row, y), arm, EffectText(*row.cell));
    const double text_x = kRight + 12;
    body_ +=
        fmt::format(R"(<text class="value" x="{}" y="{:.1f}">{}</text>)"
                    R"(<text class="word" x="{}" y="{:.1f}">{}</text></g>)",
                    text_x, y - 2, FormatRatio(row.ratio), text_x, y + 12,
                    row.has_interval ? word : "too few rounds");
  }

  bool IsBeyond(double ratio) const {
    return ratio > scale_.max() * 1.0001 || ratio < scale_.min() * 0.9999;
  }

  // From low to high; an end beyond the edge has no cap, for it is none.
  std::string Bar(const Row& row, double y) const {
    // Nothing but the arrow, which would hide it.
    if (IsBeyond(row.low) && IsBeyond(row.high) && IsBeyond(row.ratio)) {
      return {};
    }
    const double left = X(row.low);
    const double right = std::max(X(row.high), left + 1);
    std::string path = fmt::format("M{:.1f} {:.1f}H{:.1f}", left, y, right);
    for (const auto& [end, x] : {std::pair(row.low, left), {row.high, right}}) {
      if (!IsBeyond(end)) path += fmt::format("M{:.1f} {:.1f}v8", x, y - 4);
    }
    return path;
  }

  // Beyond the edge: an arrow that points there.
  std::string Mark(const Row& row, double y) const {
    if (row.ratio > scale_.max() * 1.0001) {
      return fmt::format("M{:.1f} {:.1f}l9 6l-9 6z", kRight - 7, y - 6);
    }
    if (row.ratio < scale_.min() * 0.9999) {
      return fmt::format("M{:.1f} {:.1f}l-9 6l9 6z", kLeft + 7, y - 6);
    }
    return MarkerPath(row.cell->arm, X(row.ratio), y, 4.6);
  }

  const Plan& plan_;
  const std::vector<Row> rows_;
  const Scale scale_;
  std::string body_;
};

}  // namespace

std::string ForestPlots(const Results& results, const Analysis& analysis) {
  const Plan& plan = results.plan;
  std::string figures;
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    std::vector<Row> rows;
    for (const Cell& cell : CellsOfScenario(plan, analysis, i)) {
      if (const auto row = RowOf(cell)) rows.push_back(*row);
    }
    if (rows.empty()) continue;
    const Panel panel(plan, std::move(rows), FindControl(analysis, i));
    figures += Figure(plan.scenarios[i].name, panel.Render());
  }
  return figures;
}

}  // namespace polymux::bench
