#ifndef POLYMUX_BENCH_REPORT_CHART_H_
#define POLYMUX_BENCH_REPORT_CHART_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace polymux::bench {

// The class of what belongs to an arm, all of which is hidden when the reader
// deselects the arm.
std::string ArmClass(std::size_t arm);

// The rule of the style sheet that gives this class its looks, of those that
// report.css has: a hue, filled or hollow marks, dashes.  24 arms look
// different; the 25th looks like the first.
std::string ArmStyle(std::size_t arm);

// An SVG path around (x, y), a shape of each hue's own, for those who see no
// colours.
std::string MarkerPath(std::size_t arm, double x, double y, double radius);

// The arm's marker by itself, for legends.
std::string MarkerIcon(std::size_t arm);

struct Tick {
  double value;
  std::string label;
};

// One direction of a chart: maps values to positions.
class Scale {
 public:
  enum class Kind { kLinear, kLogarithmic };

  // Around all of `values`, with some air.  For a logarithmic one those that
  // are not positive do not count.
  Scale(Kind kind, std::span<const double> values);
  // Exactly these.  REQUIRES: min < max; 0 < min for a logarithmic one.
  Scale(Kind kind, double min, double max);

  double min() const { return min_; }
  double max() const { return max_; }
  // Where `value` lies: 0 at the minimum, 1 at the maximum.
  double Share(double value) const;
  // About `count` round values within.
  std::vector<Tick> Ticks(int count) const;

 private:
  Kind kind_;
  double min_;
  double max_;
};

// "0.05", "5", "500", "20k", "1M".
std::string TickLabel(double value);

struct Point {
  double x;
  double y;
};

// A chart with axes, as inline SVG that needs no script: colours come from the
// page's style sheet, and what a point means is in its <title>.
class Chart {
 public:
  struct Options {
    std::string label;  // for those who cannot see it
    std::string x_title;
    std::string y_title;
    Scale x;
    Scale y;
    std::vector<Tick> x_ticks = {};  // instead of round values
    double height = 260;
  };
  static constexpr double kWidth = 400;

  explicit Chart(Options options);

  void Line(std::size_t arm, std::span<const Point> points,
            std::string_view css_class);
  void Marker(std::size_t arm, Point point, std::string_view title,
              std::string_view css_class = "mark");
  // From low to high at x.
  void Whisker(std::size_t arm, double x, double low, double high);

  // The whole <svg> element.
  std::string Render() const;

 private:
  double X(double value) const;
  double Y(double value) const;
  std::string Axes() const;

  const Options options_;
  std::string body_;
};

// A figure: an SVG (or a table) with a heading.
std::string Figure(std::string_view heading, std::string_view content);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_CHART_H_
