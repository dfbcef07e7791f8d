#ifndef POLYMUX_BENCH_REPORT_WHY_COLUMNS_H_
#define POLYMUX_BENCH_REPORT_WHY_COLUMNS_H_

#include <array>
#include <string_view>

namespace polymux::bench {

// A column of figures that say what a server did.
struct WhyColumn {
  std::string_view heading;
  std::string_view metric;
};

// Those of the second table of a scenario, in all formats.
inline constexpr std::array kWhyColumns{
    WhyColumn{"waits / message", "waits_per_message"},
    WhyColumn{"changes / message", "changes_per_message"},
    WhyColumn{"reads / message", "reads_per_message"},
    WhyColumn{"EAGAIN / message", "eagain_reads_per_message"},
    WhyColumn{"writes / message", "writes_per_message"},
    WhyColumn{"events / wait", "events_per_wait"},
    WhyColumn{"bytes / read", "bytes_per_read"},
    WhyColumn{"user µs / message", "user_us_per_message"},
    WhyColumn{"system µs / message", "system_us_per_message"},
    WhyColumn{"voluntary switches / 1000", "voluntary_switches_per_1000"},
    WhyColumn{"involuntary switches / 1000", "involuntary_switches_per_1000"},
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_WHY_COLUMNS_H_
