#ifndef POLYMUX_BENCH_LOAD_LOAD_REPORT_H_
#define POLYMUX_BENCH_LOAD_LOAD_REPORT_H_

#include <nlohmann/json.hpp>
#include <string>

#include "bench/load/run_load.h"

namespace polymux::bench {

// Whether more than 1 % of an open loop's messages were sent late by the
// generator itself (OpenLoop::kLateNs), so that their latency is not the
// server's.
bool IsGeneratorLate(const LoadResult& result);

// Why the run as a whole is a failure, for the user; empty when it is none.
// Also when connections were to send and nothing came back, error or not.
std::string FailureOf(const LoadShape& shape, const LoadResult& result);

// The result for programs: what `polymux load --json` prints. Absent values
// are null.
nlohmann::ordered_json LoadJson(const LoadShape& shape,
                                const LoadResult& result);

// The result for people: some lines of at most 80 columns.
std::string LoadSummary(const LoadShape& shape, const LoadResult& result);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_LOAD_REPORT_H_
