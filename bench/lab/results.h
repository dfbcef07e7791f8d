#ifndef POLYMUX_BENCH_LAB_RESULTS_H_
#define POLYMUX_BENCH_LAB_RESULTS_H_

#include <string>
#include <vector>

#include "bench/lab/environment.h"
#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// The latencies of an arm's trials in a scenario, added up.
struct MergedLatencies {
  std::size_t scenario;  // index into the plan
  std::size_t arm;       // index into the plan
  LoadOutcome::Histogram histogram;
};

// All that a comparison knows; the analysis and every report derive from it.
struct Results {
  Environment environment;
  Plan plan;
  std::vector<Trial> trials = {};
  // Whether all trials of the plan have been run.
  bool complete = false;
  // In place of the histograms of the trials, when these are left out: see
  // bench/report/embedded_data.h.
  std::vector<MergedLatencies> latencies = {};
};

// In which a trial was run: fewer than planned when the run was interrupted, or
// precise enough.
int RoundsRun(const Results& results);

// Of the document; a change that a reader of an older one would misunderstand
// increases it.
inline constexpr int kSchemaVersion = 2;

// The document of results.json, as docs/results.schema.json describes it.  What
// is derived from the trials ("analysis", "controls", "models", "crossovers",
// "unmodelled") is there for other readers; read_results.h computes it anew.
std::string ToJson(const Results& results);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_RESULTS_H_
