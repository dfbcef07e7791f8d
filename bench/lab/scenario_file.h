#ifndef POLYMUX_BENCH_LAB_SCENARIO_FILE_H_
#define POLYMUX_BENCH_LAB_SCENARIO_FILE_H_

#include <filesystem>
#include <string_view>
#include <vector>

#include "bench/lab/scenario.h"

namespace polymux::bench {

// The workloads that a TOML text describes, a [[scenario]] each, in its order;
// docs/scenarios.schema.json says of what fields.  What is not given is as in
// Scenario.  Throws UsageError "NAME:LINE: what is wrong".
std::vector<Scenario> ParseScenarios(std::string_view toml_text,
                                     std::string_view name);

// The same of a file.  Throws UsageError also when it cannot be read.
std::vector<Scenario> ReadScenarioFile(const std::filesystem::path& path);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_SCENARIO_FILE_H_
