#ifndef POLYMUX_BENCH_LAB_READ_RESULTS_H_
#define POLYMUX_BENCH_LAB_READ_RESULTS_H_

#include <filesystem>
#include <string_view>

#include "bench/lab/results.h"

namespace polymux::bench {

// The results that ToJson wrote, also those of an interrupted run: ToJson gives
// the same document again.  Throws std::runtime_error that says what is wrong
// and where, for instance that the document is of another schema_version.
Results ParseResults(std::string_view json_text);

// The same of a file.  Throws std::runtime_error that also names the file.
Results ReadResults(const std::filesystem::path& path);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_READ_RESULTS_H_
