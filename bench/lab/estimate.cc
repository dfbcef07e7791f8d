#include "bench/lab/estimate.h"

#include <algorithm>
#include <cstddef>

namespace polymux::bench {

Estimate MakeEstimate(double value, std::vector<double> drawn) {
  std::ranges::sort(drawn);
  const auto cut = static_cast<std::size_t>(static_cast<double>(drawn.size()) *
                                            (1 - kModelConfidence) / 2);
  return {.value = value,
          .low = std::min(value, drawn[cut]),
          .high = std::max(value, drawn[drawn.size() - 1 - cut])};
}

}  // namespace polymux::bench
