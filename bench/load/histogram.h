#ifndef POLYMUX_BENCH_LOAD_HISTOGRAM_H_
#define POLYMUX_BENCH_LOAD_HISTOGRAM_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace polymux::bench {

// A log-linear histogram of non-negative integers, here nanoseconds, after
// HdrHistogram: each power of two is cut into 128 buckets of equal width, so
// that a bucket's bounds differ by less than 1/128 of their value. Values
// below 256 have buckets of their own. Constant memory (58 KiB), the whole
// range of 64 bits. Not thread-safe: one per thread, merged afterwards.
class Histogram {
 public:
  struct Bucket {
    std::uint64_t upper;  // the largest value that belongs here
    std::uint64_t count;
  };

  Histogram() : counts_(kBuckets) {}

  void Record(std::uint64_t value) {
    ++counts_[IndexOf(value)];
    ++count_;
    max_ = std::max(max_, value);
  }

  // Adds what `other` recorded.
  void Merge(const Histogram& other);

  std::uint64_t count() const { return count_; }

  // The largest value recorded, exact; empty without values.
  std::optional<std::uint64_t> max() const;

  // A value that at least the share `quantile` of all recorded values does not
  // exceed: the upper bound of the bucket where that share is reached, or the
  // maximum when that is less; at most 1/128 above the exact quantile. Empty
  // when fewer than kMinimumBeyond values lie beyond it: such a quantile is
  // the work of a few stray samples.
  // REQUIRES: 0 < quantile < 1.
  std::optional<std::uint64_t> ValueAtQuantile(double quantile) const;
  static constexpr std::uint64_t kMinimumBeyond = 10;

  // The buckets that hold something, ascending.
  std::vector<Bucket> Buckets() const;

 private:
  static constexpr int kSubBucketBits = 7;
  static constexpr std::size_t kSubBuckets = std::size_t{1} << kSubBucketBits;
  static constexpr std::size_t kBuckets = (64 - kSubBucketBits + 1)
                                          << kSubBucketBits;

  // How many low bits of `value` its bucket disregards.
  static int ShiftOf(std::uint64_t value) {
    const auto width = static_cast<int>(std::bit_width(value));
    return std::max(0, width - (kSubBucketBits + 1));
  }
  static std::size_t IndexOf(std::uint64_t value) {
    const int shift = ShiftOf(value);
    return (static_cast<std::size_t>(shift) << kSubBucketBits) +
           (value >> shift);
  }
  static std::uint64_t UpperBound(std::size_t index);

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_HISTOGRAM_H_
