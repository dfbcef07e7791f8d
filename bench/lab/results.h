#ifndef POLYMUX_BENCH_LAB_RESULTS_H_
#define POLYMUX_BENCH_LAB_RESULTS_H_

#include <filesystem>
#include <string>
#include <vector>

#include "bench/lab/environment.h"
#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// All that a comparison knows; the analysis and every report derive from it.
struct Results {
  Environment environment;
  Plan plan;
  std::vector<Trial> trials = {};
  // Whether all trials of the plan have been run.
  bool complete = false;
};

// The document of results.json: schema_version, tool, environment, plan,
// trials, analysis, complete.
std::string ToJson(const Results& results);

// Writes the document to `path` in one step: a reader sees the old one or the
// new one.  Throws std::system_error.
void WriteResults(const Results& results, const std::filesystem::path& path);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_RESULTS_H_
