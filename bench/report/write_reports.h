#ifndef POLYMUX_BENCH_REPORT_WRITE_REPORTS_H_
#define POLYMUX_BENCH_REPORT_WRITE_REPORTS_H_

#include <filesystem>

#include "bench/lab/results.h"

namespace polymux::bench {

// Writes everything that can be read of a comparison into `directory`, which is
// made if need be: results.json, results.csv, report.md, report.html, and
// latency/SCENARIO.ARM.hgrm of all valid trials together.  Returns the path of
// report.html.  Throws std::system_error.
std::filesystem::path WriteReports(const Results& results,
                                   const std::filesystem::path& directory);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_WRITE_REPORTS_H_
