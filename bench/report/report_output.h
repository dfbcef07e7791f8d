#ifndef POLYMUX_BENCH_REPORT_REPORT_OUTPUT_H_
#define POLYMUX_BENCH_REPORT_REPORT_OUTPUT_H_

#include <filesystem>
#include <string>
#include <vector>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// What has become of a report.
struct ReportOutcome {
  std::filesystem::path page;          // report.html; empty: it is not there
  std::vector<std::string> unwritten;  // a sentence for each file
};

// Writes all that can be read of the results into `directory`, but what is
// there already, just so.  Throws UsageError when something else is there.
ReportOutcome WriteReportTo(const std::filesystem::path& directory,
                            const Results& results, const Analysis& analysis);

// The same, but for results.json, beside results that were read from there.
// Where something else is in the way, the report has a directory of its own
// there, "report-2" or the next one that is free.
ReportOutcome WriteReportBeside(const std::filesystem::path& directory,
                                const Results& results,
                                const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_REPORT_OUTPUT_H_
