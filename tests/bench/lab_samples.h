#ifndef POLYMUX_TESTS_BENCH_LAB_SAMPLES_H_
#define POLYMUX_TESTS_BENCH_LAB_SAMPLES_H_

#include <filesystem>

#include "bench/lab/plan.h"
#include "bench/lab/results.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// Two scenarios ("small", "crowd") of 100-byte messages; arms "base", "low"
// (which can watch descriptors up to 100 only, so that it has no part in
// "crowd") and the control "raw"; 3 rounds.
Plan SamplePlan();

// A valid trial of `slot`: 1000 messages in a second, which cost the server
// `cpu_us` each.  It has counters unless the arm is "raw".
Trial SampleTrial(const Plan& plan, const Slot& slot, double cpu_us);

// All trials of the plan.  A message costs "base" 10, 11 and 12 us in the
// rounds, "low" half as much, "raw" as much as "base".
Results SampleResults();

// Makes `path` the results file of `results`.
void WriteResults(const Results& results, const std::filesystem::path& path);

}  // namespace polymux::bench

#endif  // POLYMUX_TESTS_BENCH_LAB_SAMPLES_H_
