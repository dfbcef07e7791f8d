#ifndef POLYMUX_BENCH_VERBS_ADVICE_H_
#define POLYMUX_BENCH_VERBS_ADVICE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"
#include "bench/lab/statistics.h"

namespace polymux::bench {

struct Workload {
  int connections = 1;
  int active = 1;
  std::size_t message_size = 100;
};

// Where an estimate comes from, the best first.
enum class Basis {
  kMeasured,      // this very workload
  kInterpolated,  // a cost model, within what it was fitted to
  kExtrapolated,  // a cost model, outside: connections, active ones or size
  kNearest,       // no model: the nearest workload that was measured
};

// "measured", "interpolated", "extrapolated", "nearest measured".
std::string_view ToString(Basis basis);

// What a message would cost a backend.
struct Candidate {
  std::string arm;
  Basis basis = Basis::kNearest;
  // Server CPU per message.  Empty for a message size that was not measured:
  // only how the arms compare is known then.
  std::optional<double> cpu_us = {};
  // Of a cost model; what was measured has an interval for ratios alone.
  std::optional<Interval> cpu_interval = {};
  // Relative to the best of them.
  double ratio = 1;
  // Only where both are known within the same rounds: two models, or two arms
  // of which one is the baseline.
  std::optional<Interval> ratio_interval = {};
  // Whether it can be told from the best: in a workload that was measured, by
  // the verdicts of the run.
  bool distinct = false;
};

struct Advice {
  Basis basis = Basis::kNearest;  // of those recommended, the worst
  // The measured scenario that is nearest to the workload.
  std::string nearest;
  // How the workload differs from what was measured, a sentence each.
  std::vector<std::string> reservations;
  std::vector<Candidate> candidates;  // by cost; the first is the best
  // Backends that cannot do it, and why.
  std::vector<std::string> excluded;
  // The arms that cannot be told from the best, the best among them.  More
  // than one: there is no detectable difference.
  std::vector<std::string> recommended;
  double margin = 0;  // of the plan
  // The command that would settle it, in two lines for a shell; empty when
  // `compare` cannot measure this, and then why.
  std::string command;
  std::string no_command = {};
};

// Which backend for this workload, as far as the results tell.  Considers the
// backends alone, not controls or foreign servers.  `analysis` is that of the
// results.  Throws std::runtime_error when no backend was measured, or when the
// workload has more than kFarthest times the connections, or active ones, that
// were: no line reaches so far.
Advice Advise(const Results& results, const Analysis& analysis,
              const Workload& workload);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_ADVICE_H_
