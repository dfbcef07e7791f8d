// A scenario file: each text is refused with a message, or describes scenarios
// that the lab can run.

#include "bench/lab/scenario_file.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bench/lab/scenario.h"
#include "bench/lab/usage_error.h"
#include "poller/check.h"

namespace polymux::bench {
namespace {

void Try(std::string_view text) {
  try {
    for (const Scenario& scenario : ParseScenarios(text, "fuzz.toml")) {
      scenario.Validate();
      POLYMUX_CHECK(!scenario.name.empty() && scenario.name.size() <= 64,
                    "a name of no use");
      POLYMUX_CHECK(!scenario.Describe().empty(), "not described");
    }
  } catch (const UsageError& error) {
    POLYMUX_CHECK(*error.what() != '\0', "refused without a word");
  }
}

}  // namespace
}  // namespace polymux::bench

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  polymux::bench::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
