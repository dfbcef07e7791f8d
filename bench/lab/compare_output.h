#ifndef POLYMUX_BENCH_LAB_COMPARE_OUTPUT_H_
#define POLYMUX_BENCH_LAB_COMPARE_OUTPUT_H_

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "bench/lab/output_directory.h"
#include "bench/lab/plan.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// What finds the rates of an open loop.
inline constexpr const char* kCapacityFile = "capacity.json";

// All files that `polymux compare` may write for this plan.
std::vector<std::filesystem::path> OutputNames(const Plan& plan);

// Throws as MakeOutputDirectory would, as far as it can be known without making
// anything.
void RequireFreeOutput(const std::filesystem::path& out,
                       std::span<const std::filesystem::path> names);

// The directory `out`, or when that is empty a new one that no other run has,
// polymux-results/DATE.  Throws UsageError when one of `names` is there
// already, std::runtime_error when the directory cannot be written.
std::unique_ptr<OutputDirectory> MakeOutputDirectory(
    const std::filesystem::path& out,
    std::span<const std::filesystem::path> names);

// While measuring: writes what there is so far to the file `name`.  What fails
// will be tried again, so it is no more than news.
void Save(const Results& results, const char* name, OutputDirectory& directory);

// At the end: writes all that is known, each file for itself, and shows it.
// Without any trial, nothing is written.  Returns whether all could be written;
// what could not has been told.
bool Publish(const Results& results, OutputDirectory& directory);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_COMPARE_OUTPUT_H_
