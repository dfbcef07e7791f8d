// A results file: each text is refused with a message, or can be analysed,
// rendered in every way and written again, whatever its numbers.

#include "bench/lab/results.h"

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bench/lab/analysis.h"
#include "bench/lab/read_results.h"
#include "bench/lab/table.h"
#include "bench/lab/text.h"
#include "bench/report/csv.h"
#include "bench/report/latencies.h"
#include "bench/report/markdown.h"
#include "bench/report/page.h"
#include "bench/verbs/advice.h"
#include "bench/verbs/difference.h"
#include "poller/check.h"

namespace polymux::bench {
namespace {

void CheckPrintable(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    POLYMUX_CHECK(byte == '\n' || (byte >= 0x20 && byte != 0x7f),
                  "a control character in the output");
  }
}

void RenderLatencies(const Results& results) {
  for (std::size_t i = 0; i < results.plan.scenarios.size(); ++i) {
    for (std::size_t arm = 0; arm < results.plan.arms.size(); ++arm) {
      const LatencyCounts counts = MergeLatencies(results, i, arm);
      if (!counts.empty()) RenderHgrm(counts);
    }
  }
}

void TryAdvice(const Results& results, const Analysis& analysis) {
  for (const int connections : {1, 5000}) {
    Workload workload;
    workload.connections = connections;
    workload.active = 1;
    try {
      Advise(results, analysis, workload);
    } catch (const std::runtime_error& error) {
      POLYMUX_CHECK(*error.what() != '\0', "refused without a word");
    }
  }
}

void Try(std::string_view text) {
  Results results;
  try {
    results = ParseResults(text);
  } catch (const std::runtime_error& error) {
    POLYMUX_CHECK(*error.what() != '\0', "refused without a word");
    return;
  }
  const std::string written = ToJson(results);
  POLYMUX_CHECK(ToJson(ParseResults(written)) == written,
                "results are read otherwise than written");
  const Analysis analysis = Analyze(results.plan, results.trials);
  CheckPrintable(RenderTable(results, Colour::kNone));
  CheckPrintable(RenderMarkdown(results, analysis));
  CheckPrintable(RenderCsv(results));
  CheckPrintable(RenderPage(results, analysis));
  RenderLatencies(results);
  TryAdvice(results, analysis);
  const std::vector<Results> runs{results};
  Compare(runs, runs, results.plan.margin);
}

}  // namespace
}  // namespace polymux::bench

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  polymux::bench::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
