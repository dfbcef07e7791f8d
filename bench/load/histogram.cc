#include "bench/load/histogram.h"

#include <cmath>

namespace polymux::bench {

void Histogram::Merge(const Histogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::optional<std::uint64_t> Histogram::max() const {
  if (count_ == 0) return std::nullopt;
  return max_;
}

std::optional<std::uint64_t> Histogram::ValueAtQuantile(double quantile) const {
  const auto rank = static_cast<std::uint64_t>(
      std::ceil(quantile * static_cast<double>(count_)));
  if (rank == 0 || rank + kMinimumBeyond > count_) return std::nullopt;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    below += counts_[i];
    if (below >= rank) return std::min(UpperBound(i), max_);
  }
  return max_;
}

std::vector<Histogram::Bucket> Histogram::Buckets() const {
  std::vector<Bucket> buckets;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (counts_[i] != 0) buckets.push_back({UpperBound(i), counts_[i]});
  }
  return buckets;
}

std::uint64_t Histogram::UpperBound(std::size_t index) {
  // The first 2 * kSubBuckets buckets hold one value each; from there on the
  // quotient counts the powers of two and is one ahead of the shift.
  if (index < 2 * kSubBuckets) return index;
  const std::size_t shift = (index >> kSubBucketBits) - 1;
  const std::uint64_t leading = index - (shift << kSubBucketBits);
  return (leading << shift) + ((std::uint64_t{1} << shift) - 1);
}

}  // namespace polymux::bench
