#ifndef POLYMUX_BENCH_REPORT_WRITE_REPORTS_H_
#define POLYMUX_BENCH_REPORT_WRITE_REPORTS_H_

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/lab/analysis.h"
#include "bench/lab/output_directory.h"
#include "bench/lab/plan.h"
#include "bench/lab/results.h"

namespace polymux::bench {

inline constexpr const char* kResultsFile = "results.json";
inline constexpr const char* kPageFile = "report.html";

// A file that tells of a comparison.
struct ReportFile {
  std::filesystem::path name;            // relative to the directory of all
  std::function<std::string()> content;  // empty when there is nothing to tell
};

// Everything that can be read of a comparison: results.json, results.csv,
// report.md, report.html, and latency/SCENARIO.ARM.hgrm of all valid trials
// together.  REQUIRES: the arguments outlive what is returned.
std::vector<ReportFile> ReportFiles(const Results& results,
                                    const Analysis& analysis);

// Their names, for any results of this plan.  No two are equal, also where
// upper and lower case are the same, and none has more than 150 bytes.
std::vector<std::filesystem::path> ReportNames(const Plan& plan);

struct UnwrittenFile {
  std::filesystem::path name;
  std::string why;  // "/there/report.md: No space left on device"
};

// Writes each of them for itself.  Returns what could not be written.
std::vector<UnwrittenFile> WriteReports(const Results& results,
                                        OutputDirectory& directory);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_WRITE_REPORTS_H_
