#ifndef POLYMUX_BENCH_REPORT_MARKDOWN_H_
#define POLYMUX_BENCH_REPORT_MARKDOWN_H_

#include <string>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// The report as GitHub's Markdown: for an issue, or a pull request.
// REQUIRES: `analysis` is that of `results`.
std::string RenderMarkdown(const Results& results, const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_MARKDOWN_H_
