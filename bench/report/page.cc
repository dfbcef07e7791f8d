#include "bench/report/page.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/lab/alarms.h"
#include "bench/lab/environment.h"
#include "bench/lab/notes.h"
#include "bench/lab/text.h"
#include "bench/report/call_bars.h"
#include "bench/report/chart.h"
#include "bench/report/cost_curve.h"
#include "bench/report/embedded_data.h"
#include "bench/report/figure_tables.h"
#include "bench/report/forest_plot.h"
#include "bench/report/latency_spectrum.h"
#include "bench/report/load_curve.h"
#include "bench/report/markup.h"
#include "bench/report/strip_plot.h"
#include "bench/report/templates.h"
#include "bench/report/winner_map.h"
#include "bench/report/words.h"

namespace polymux::bench {
namespace {

constexpr std::size_t kMaxPage = 1 << 20;

struct Section {
  std::string_view id;
  std::string_view title;
  std::string_view how;      // to read it
  std::string_view without;  // what stands there without data; empty: nothing
  std::string (*content)(const Results&, const Analysis&);
  bool has_key = false;  // its charts tell arms apart by their looks alone
};

std::string InPanels(std::string content) {
  return content.empty() ? content
                         : "<div class=\"panels\">\n" + content + "</div>\n";
}

std::string CurvesAndCrossovers(const Results& results,
                                const Analysis& analysis) {
  std::string curves = InPanels(CostCurves(results, analysis));
  const std::string crossovers = Crossovers(results, analysis);
  if (crossovers.empty()) return curves;
  return curves + "<h3>Where they cross</h3>\n<ul>\n" + crossovers + "</ul>\n";
}

std::string Entry(std::string_view term, const std::string& text) {
  if (text.empty()) return {};
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", EscapeHtml(term),
                     EscapeHtml(text));
}

std::string ArmDescriptions(const Results& results,
                            const Analysis& /*analysis*/) {
  const Plan& plan = results.plan;
  std::string entries;
  for (const Arm& arm : plan.arms) {
    std::string about = AboutArm(arm);
    if (arm.name == plan.control) {
      about = fmt::format(
          "The A/A control: {} once more, under another name. What differs "
          "between the two is noise.",
          plan.baseline);
    }
    if (!arm.unavailable.empty()) about += " Unavailable: " + arm.unavailable;
    entries += Entry(arm.name, about);
  }
  return "<dl>\n" + entries + "</dl>\n";
}

std::string EnvironmentTable(const Results& results,
                             const Analysis& /*analysis*/) {
  const Environment& environment = results.environment;
  const Plan& plan = results.plan;
  const BuildInfo& build = environment.build;
  std::string entries =
      Entry("date", environment.date) +
      Entry("machine", Describe(environment)) +
      Entry("virtualisation", environment.virtualisation) +
      Entry("frequency governor", environment.governor) +
      Entry("clock source", environment.clock_source) +
      Entry("net.core.somaxconn", environment.somaxconn) +
      Entry("descriptors per process",
            std::to_string(environment.descriptor_limit)) +
      Entry("build", fmt::format("{}, {}{}", build.compiler,
                                 build.ndebug ? "optimised" : "debug",
                                 build.sanitizer.empty()
                                     ? ""
                                     : ", sanitizer " + build.sanitizer)) +
      Entry("plan",
            fmt::format("{}; warm-up {}, window {}; reactors {}, load "
                        "threads {}; seed {}",
                        Counted(plan.rounds, "round"), LengthText(plan.warm_up),
                        LengthText(plan.window), plan.reactors,
                        plan.load_threads, plan.seed)) +
      Entry("trials", fmt::format("{}{}", results.trials.size(),
                                  results.complete ? "" : " (incomplete)"));
  for (const Fact& fact : Facts()) {
    const auto known = environment.provenance.find(fact.key);
    if (known == environment.provenance.end()) continue;
    entries += Entry(fact.title, known->second);
  }
  for (const Arm& arm : plan.arms) {
    if (arm.sha256.empty()) continue;
    entries += Entry(fmt::format("SHA-256 of {}", arm.name), arm.sha256);
  }
  return "<dl>\n" + entries + "</dl>\n";
}

std::string NoteList(const Results& results, const Analysis& analysis) {
  std::string items;
  for (const std::string& note : NotesOfReport(results, analysis.cells)) {
    items += fmt::format("<li>{}</li>\n", EscapeHtml(note));
  }
  return "<ul>\n" + items + "</ul>\n";
}

std::string Method(const Results& results, const Analysis& /*analysis*/) {
  const Plan& plan = results.plan;
  return fmt::format(
      "<p>Each trial starts a fresh server process, connects, warms up for {} "
      "and measures for {}. One load generator, on a CPU of its own where "
      "there "
      "is one, drives all arms alike and checks every byte that comes back. "
      "The "
      "arms take turns in rounds, in an order that is balanced and drawn from "
      "a "
      "stored seed.</p>\n"
      "<p>The primary metric is the CPU time of the server, user and system, "
      "per message. The effect of an arm is the median over the rounds of its "
      "ratio to the baseline within the round, with an interval from order "
      "statistics that holds for the whole table together with {:g} % "
      "confidence. <em>Equivalent</em> means that the whole interval lies "
      "within {:g} % of the baseline; <em>faster</em> and <em>slower</em> that "
      "the interval excludes 1 and the effect exceeds what the A/A control "
      "shows as noise; anything else is <em>inconclusive</em>. A noisy machine "
      "thus earns “inconclusive”, never “equivalent”.</p>\n",
      LengthText(plan.warm_up), LengthText(plan.window), plan.confidence * 100,
      plan.margin * 100);
}

constexpr std::array kSections{
    Section{
        "effects", "How much the arms differ",
        "One row per arm: the mark is its CPU per message relative to the "
        "baseline, the bar the interval in which the true ratio lies. Left "
        "of 1 is cheaper. Dark band: what the A/A control, a second copy of "
        "the baseline, shows as noise. Pale band: the margin of "
        "“equivalent”. An arrow at the edge: further away than the chart "
        "is wide; the number is at the right.",
        "",
        [](const Results& results, const Analysis& analysis) {
          return InPanels(ForestPlots(results, analysis));
        }},
    Section{"figures", "Figures and reasons",
            "Medians over the rounds, one trial of each; hover for minimum and "
            "maximum. Percentiles are those of single trials, never averaged.",
            "", FigureTables},
    Section{"cost", "Cost against connections",
            "Both axes are logarithmic. Marks are medians, whiskers minimum "
            "and maximum of the rounds. A solid line under a fitted model lies "
            "within what was measured; dashed, thin: extrapolated, to be "
            "believed the less the further it goes.",
            "Not measured: give scenarios that differ in their connections "
            "only, for instance <code>polymux compare --scenarios "
            "echo-1,echo-100,echo-1000</code>.",
            CurvesAndCrossovers, true},
    Section{
        "share", "Cost against the active share",
        "All points of a panel have as many connections; to the right more of "
        "them are active. Both axes are logarithmic. Marks are medians, "
        "whiskers minimum and maximum of the rounds. A line falls where a wait "
        "finds more connections ready, whose messages share what it costs.",
        "Not measured: give scenarios that differ in their active share only, "
        "for instance <code>polymux compare --scenarios active-curve</code>.",
        [](const Results& results, const Analysis& analysis) {
          return InPanels(ShareCurves(results, analysis));
        },
        true},
    Section{
        "latency", "Latency at each percentile",
        "Read upwards from a percentile: so long the slowest of the others "
        "took. Flat is good; a step up on the right is what a few "
        "unlucky messages met. The histograms of one trial per round are "
        "added up, and a line ends where fewer than 10 messages lie beyond.",
        "",
        [](const Results& results, const Analysis& analysis) {
          return InPanels(LatencySpectra(results, analysis));
        },
        true},
    Section{"load", "Latency against load",
            "An open loop: messages are due at times that do not depend on the "
            "server, at the same rates for all arms, and latency counts from "
            "the time at which a message was due. Where a line bends upwards, "
            "the server no longer keeps up.",
            "Not measured: needs at least two workloads with a rate (open "
            "loop) that differ in nothing else.",
            [](const Results& results, const Analysis& analysis) {
              return InPanels(LoadCurves(results, analysis));
            },
            true},
    Section{"calls", "System calls per message",
            "What the server's own counters saw in the window, per message: "
            "fewer calls explain less CPU. Arms without our counters are "
            "absent.",
            "",
            [](const Results& results, const Analysis& analysis) {
              return InPanels(CallBars(results, analysis));
            }},
    Section{"winners", "The cheapest arm, by workload",
            "For each number of connections and share of active ones: the arm "
            "with the least CPU per message, and how far behind the next one "
            "is. Dotted: the intervals of the two overlap, so that it may as "
            "well be the other. A point: not measured.",
            "Not measured: several workloads are needed, for instance "
            "<code>polymux compare --scenarios all</code>.",
            WinnerMap},
    Section{"trials", "Every trial, in the order in which they ran",
            "A run that drifts shows as a slope, a disturbance as a few points "
            "of all arms that stand out together. Red outline: an invalid "
            "trial, which does not count. Faint: a tainted one. Hover for "
            "round, flags and whether the round was repeated.",
            "",
            [](const Results& results, const Analysis& analysis) {
              return InPanels(StripPlots(results, analysis));
            },
            true},
    Section{"notes", "Notes", "", "", NoteList},
    Section{"arms", "What each arm is", "", "", ArmDescriptions},
    Section{"method", "Method in brief", "", "", Method},
    Section{"environment", "Machine and plan", "", "", EnvironmentTable},
};

struct Sections {
  std::string contents;
  std::string html;
};

// Which arm is which, where the boxes are out of sight.
std::string Key(const Plan& plan) {
  std::string items;
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    items += fmt::format("<li class=\"{}\">{}{}</li>", ArmClass(arm),
                         MarkerIcon(arm), EscapeHtml(plan.arms[arm].name));
  }
  return "<ul class=\"key\">" + items + "</ul>\n";
}

Sections RenderSections(const Results& results, const Analysis& analysis) {
  Sections sections;
  for (const Section& section : kSections) {
    std::string content = section.content(results, analysis);
    std::string how;
    if (content.empty()) {
      if (section.without.empty()) continue;
      content = fmt::format("<p>{}</p>\n", section.without);
    } else if (!section.how.empty()) {
      how = fmt::format("<p class=\"how\">{}</p>\n", section.how);
      if (section.has_key) how += Key(results.plan);
    }
    sections.contents += fmt::format("<li><a href=\"#{}\">{}</a></li>\n",
                                     section.id, section.title);
    sections.html +=
        fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}{}</section>\n",
                    section.id, section.title, how, content);
  }
  return sections;
}

// A box for each arm, and the rules that hide what belongs to it.
std::string ArmBoxes(const Plan& plan) {
  std::string boxes;
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    boxes += fmt::format(
        R"(<label class="{}"><input type="checkbox" id="show{}" checked>)"
        "{}{}</label>\n",
        ArmClass(arm), arm, MarkerIcon(arm), EscapeHtml(plan.arms[arm].name));
  }
  return boxes;
}

// How each arm looks, and that it does not when it is hidden.
std::string ArmRules(const Plan& plan) {
  std::string rules;
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    rules += fmt::format(
        "{}\nbody:has(#show{}:not(:checked)) main .{} {{ display: none; }}\n",
        ArmStyle(arm), arm, ArmClass(arm));
  }
  return rules;
}

std::string Verdicts(const Plan& plan, const Analysis& analysis) {
  std::string items;
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    items += fmt::format("<li><b>{}</b> {}</li>\n",
                         EscapeHtml(plan.scenarios[i].name),
                         EscapeHtml(ScenarioSentence(plan, analysis, i)));
  }
  return items;
}

// "Server CPU per message: poll and select against epoll-lt"; `name_of` writes
// an arm's name.
template <typename NameOf>
std::string Heading(const Plan& plan, const NameOf& name_of) {
  std::vector<std::string> others;
  for (const Arm& arm : plan.arms) {
    if (arm.name != plan.baseline && arm.name != plan.control) {
      others.push_back(name_of(arm.name));
    }
  }
  const std::string baseline = name_of(plan.baseline);
  return others.empty() ? fmt::format("Server CPU per message of {}", baseline)
                        : fmt::format("Server CPU per message: {} against {}",
                                      Join(others), baseline);
}

std::string PlainHeading(const Plan& plan) { return Heading(plan, EscapeHtml); }

// A name is not broken at its hyphen, unless a phone is too narrow for it.
std::string MarkedHeading(const Plan& plan) {
  constexpr std::size_t kLongestUnbroken = 20;
  return Heading(plan, [](const std::string& name) {
    if (name.size() > kLongestUnbroken) return EscapeHtml(name);
    return fmt::format("<span class=\"name\">{}</span>", EscapeHtml(name));
  });
}

}  // namespace

std::string RenderPage(const Results& results, const Analysis& analysis) {
  const Plan& plan = results.plan;
  std::string alarms;
  for (const std::string& alarm : Alarms(results, analysis)) {
    alarms += fmt::format("<p class=\"alarm\" role=\"alert\">{}</p>\n",
                          EscapeHtml(alarm));
  }
  const Sections sections = RenderSections(results, analysis);
  std::map<std::string_view, std::string> values{
      {"title", PlainHeading(plan)},
      {"style", kReportCss},
      {"arm_rules", ArmRules(plan)},
      {"heading", MarkedHeading(plan)},
      {"alarms", alarms},
      {"verdicts", Verdicts(plan, analysis)},
      {"conditions",
       EscapeHtml(fmt::format(
           "{}. {}. {} of {} per arm.", results.environment.date,
           Describe(results.environment), Counted(RoundsRun(results), "round"),
           LengthText(plan.window)))},
      {"contents", sections.contents},
      {"arms", ArmBoxes(plan)},
      {"sections", sections.html},
      {"data", ""}};
  const std::size_t size = FillTemplate(kReportHtml, values).size();
  values["data"] = EmbeddedData(results, size < kMaxPage ? kMaxPage - size : 0);
  return FillTemplate(kReportHtml, values);
}

}  // namespace polymux::bench
