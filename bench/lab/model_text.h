#ifndef POLYMUX_BENCH_LAB_MODEL_TEXT_H_
#define POLYMUX_BENCH_LAB_MODEL_TEXT_H_

#include <string>
#include <vector>

#include "bench/lab/models.h"
#include "bench/lab/plan.h"

namespace polymux::bench {

// A sentence for each model that is far from something that was measured.
std::vector<std::string> ModelDoubts(const Plan& plan,
                                     const std::vector<CostModel>& models);

// A table of the fitted costs of a wait, ModelDoubts, a sentence for each arm
// that costs as much as the baseline with some number of connections, and the
// arms without a model; 80 columns unless arms have long names or costs many
// digits.  Empty when nothing was to be fitted.
std::string DescribeModels(const Plan& plan, const Models& models);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_MODEL_TEXT_H_
