#include "bench/report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "bench/report/markup.h"

namespace polymux::bench {
namespace {

constexpr double kLeft = 50;
constexpr double kRight = 10;
constexpr double kTop = 22;
constexpr double kBottom = 40;

// As many as there are in report.css; one shape for each hue.
constexpr std::size_t kHues = 8;
constexpr std::size_t kDashes = 16;

// Round steps within a power of ten.
constexpr std::array kSteps{1.0, 2.0, 5.0};

// Corners of a shape about the origin.
using Shape = std::vector<Point>;

// REQUIRES: not the circle, which is the first one.
const Shape& ShapeOf(std::size_t arm) {
  static const auto& shapes = *new std::vector<Shape>{
      {{-.71, -.71}, {.71, -.71}, {.71, .71}, {-.71, .71}},  // square
      {{0, -1.1}, {1, .75}, {-1, .75}},                      // triangle
      {{0, -1.1}, {1.1, 0}, {0, 1.1}, {-1.1, 0}},            // diamond
      {{0, 1.1}, {1, -.75}, {-1, -.75}},                     // on its tip
      {{-.35, -1},
       {.35, -1},
       {.35, -.35},
       {1, -.35},
       {1, .35},
       {.35, .35},
       {.35, 1},
       {-.35, 1},
       {-.35, .35},
       {-1, .35},
       {-1, -.35},
       {-.35, -.35}},  // cross
      {{0, -1.05}, {1, -.32}, {.62, .85}, {-.62, .85}, {-1, -.32}},
      {{-1, -.5}, {1, -.5}, {1, .5}, {-1, .5}},  // flat
  };
  return shapes[arm % kHues - 1];
}

void KeepPositive(std::vector<double>& values) {
  std::erase_if(values, [](double value) { return !(value > 0); });
}

std::vector<Tick> LinearTicks(double min, double max, int count) {
  const double rough = (max - min) / std::max(1, count);
  const double decade = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * decade;
  for (const double candidate : kSteps) {
    if (candidate * decade >= rough) {
      step = candidate * decade;
      break;
    }
  }
  std::vector<Tick> ticks;
  const auto first = static_cast<int>(std::ceil(min / step));
  for (int i = first; i * step <= max + step * 1e-9; ++i) {
    ticks.push_back({i * step, TickLabel(i * step)});
  }
  return ticks;
}

std::vector<Tick> LogarithmicTicks(double min, double max, int count) {
  const double decades = std::log10(max / min);
  // Few decades: 1, 2, 5; many: some of the powers of ten.
  const bool fine = decades * 3 <= count + 2;
  const int stride =
      fine ? 1 : std::max(1, static_cast<int>(std::ceil(decades / count)));
  std::vector<Tick> ticks;
  const int first = static_cast<int>(
      stride * std::floor(std::log10(min) / static_cast<double>(stride)));
  const int last = static_cast<int>(std::floor(std::log10(max)));
  for (int power = first; power <= last; power += stride) {
    for (const double step : kSteps) {
      const double value = step * std::pow(10, power);
      if (value < min || value > max || (!fine && step > 1)) continue;
      ticks.push_back({value, TickLabel(value)});
    }
  }
  // Too narrow for those: round values at their unequal distances.
  if (ticks.size() < 3) return LinearTicks(min, max, count);
  return ticks;
}

}  // namespace

std::string ArmClass(std::size_t arm) { return fmt::format("a{}", arm); }

std::string ArmStyle(std::size_t arm) {
  // The hues with filled marks; with hollow ones; with an outline.
  constexpr std::array<std::string_view, 3> kTiers{
      "", " --fill: var(--panel); --edge: var(--arm); --edge-width: 1.6;",
      " --edge: var(--ink); --edge-width: 1.6; --line-width: 3.4;"};
  return fmt::format(".{} {{ --arm: var(--hue{}); --dash: var(--dash{});{} }}",
                     ArmClass(arm), arm % kHues, arm % kDashes,
                     kTiers[arm / kHues % kTiers.size()]);
}

std::string MarkerPath(std::size_t arm, double x, double y, double radius) {
  if (arm % kHues == 0) {
    return fmt::format(
        "M{:.1f} {:.1f}a{r:.1f} {r:.1f} 0 1 0 {d:.1f} 0"
        "a{r:.1f} {r:.1f} 0 1 0 -{d:.1f} 0z",
        x - radius, y, fmt::arg("r", radius), fmt::arg("d", 2 * radius));
  }
  std::string path;
  for (const Point& corner : ShapeOf(arm)) {
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L',
                        x + corner.x * radius, y + corner.y * radius);
  }
  return path + "z";
}

std::string MarkerIcon(std::size_t arm) {
  return fmt::format(
      R"(<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">)"
      R"(<g class="{}"><path class="mark" d="{}"/></g></svg>)",
      ArmClass(arm), MarkerPath(arm, 8, 8, 5.5));
}

std::string TickLabel(double value) {
  const double size = std::abs(value);
  if (size < 1e-12) return "0";
  if (size >= 1e9) return fmt::format("{:.4g}G", value / 1e9);
  if (size >= 1e6) return fmt::format("{:.4g}M", value / 1e6);
  if (size >= 1e4) return fmt::format("{:.4g}k", value / 1e3);
  return fmt::format("{:.4g}", value);
}

Scale::Scale(Kind kind, std::span<const double> values)
    : kind_(kind), min_(1), max_(10) {
  std::vector<double> kept(values.begin(), values.end());
  if (kind == Kind::kLogarithmic) KeepPositive(kept);
  if (kept.empty()) return;
  const auto [low, high] = std::ranges::minmax_element(kept);
  if (kind == Kind::kLogarithmic) {
    const double air = std::max(std::pow(*high / *low, 0.06), 1.08);
    min_ = *low / air;
    max_ = *high * air;
  } else {
    const double air =
        std::max((*high - *low) * 0.08, std::max(std::abs(*high) * 1e-3, 1e-9));
    min_ = *low >= 0 ? std::max(0.0, *low - air) : *low - air;
    max_ = *high + air;
  }
}

Scale::Scale(Kind kind, double min, double max)
    : kind_(kind), min_(min), max_(max) {}

double Scale::Share(double value) const {
  if (kind_ == Kind::kLinear) return (value - min_) / (max_ - min_);
  return std::log(std::max(value, min_ * 1e-3) / min_) / std::log(max_ / min_);
}

std::vector<Tick> Scale::Ticks(int count) const {
  return kind_ == Kind::kLinear ? LinearTicks(min_, max_, count)
                                : LogarithmicTicks(min_, max_, count);
}

Chart::Chart(Options options) : options_(std::move(options)) {}

double Chart::X(double value) const {
  return kLeft + options_.x.Share(value) * (kWidth - kLeft - kRight);
}

double Chart::Y(double value) const {
  const double bottom = options_.height - kBottom;
  return bottom - options_.y.Share(value) * (bottom - kTop);
}

void Chart::Line(std::size_t arm, std::span<const Point> points,
                 std::string_view css_class) {
  if (points.size() < 2) return;
  std::string path;
  for (const Point& point : points) {
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', X(point.x),
                        Y(point.y));
  }
  body_ += fmt::format(R"(<g class="{}"><path class="{}" d="{}"/></g>)",
                       ArmClass(arm), css_class, path);
}

void Chart::Marker(std::size_t arm, Point point, std::string_view title,
                   std::string_view css_class) {
  body_ += fmt::format(
      R"(<g class="{}"><path class="{}" d="{}"><title>{}</title></path></g>)",
      ArmClass(arm), css_class, MarkerPath(arm, X(point.x), Y(point.y), 3.6),
      EscapeHtml(title));
}

void Chart::Whisker(std::size_t arm, double x, double low, double high) {
  body_ += fmt::format(
      R"(<g class="{}"><path class="whisker" d="M{:.1f} {:.1f}V{:.1f}"/></g>)",
      ArmClass(arm), X(x), Y(low), Y(high));
}

std::string Chart::Axes() const {
  const double bottom = options_.height - kBottom;
  const double right = kWidth - kRight;
  std::string axes;
  for (const Tick& tick : options_.y.Ticks(5)) {
    const double y = Y(tick.value);
    axes += fmt::format(
        R"(<path class="grid" d="M{} {y:.1f}H{}"/>)"
        R"(<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>)",
        kLeft, right, kLeft - 6, y + 4, tick.label, fmt::arg("y", y));
  }
  const auto ticks =
      options_.x_ticks.empty() ? options_.x.Ticks(5) : options_.x_ticks;
  for (const Tick& tick : ticks) {
    const double x = X(tick.value);
    axes += fmt::format(
        R"(<path class="grid" d="M{x:.1f} {}V{}"/>)"
        R"(<text class="tick" x="{x:.1f}" y="{}" text-anchor="middle">{}</text>)",
        kTop, bottom, bottom + 16, EscapeHtml(tick.label), fmt::arg("x", x));
  }
  axes += fmt::format(R"(<path class="axis" d="M{} {}V{}H{}"/>)", kLeft, kTop,
                      bottom, right);
  axes += fmt::format(
      R"(<text class="title" x="{}" y="{}" text-anchor="end">{}</text>)", right,
      options_.height - 6, EscapeHtml(options_.x_title));
  axes += fmt::format(R"(<text class="title" x="2" y="12">{}</text>)",
                      EscapeHtml(options_.y_title));
  return axes;
}

std::string Chart::Render() const {
  return fmt::format(
      R"(<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">)"
      "{}{}</svg>",
      kWidth, options_.height, EscapeHtml(options_.label), Axes(), body_);
}

std::string Figure(std::string_view heading, std::string_view content) {
  return fmt::format("<figure><figcaption>{}</figcaption>{}</figure>\n",
                     EscapeHtml(heading), content);
}

}  // namespace polymux::bench
