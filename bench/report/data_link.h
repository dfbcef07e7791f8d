#ifndef POLYMUX_BENCH_REPORT_DATA_LINK_H_
#define POLYMUX_BENCH_REPORT_DATA_LINK_H_

#include <string>
#include <string_view>

namespace polymux::bench {

// `data` as gzip makes it; the same bytes at every call.
std::string Gzip(std::string_view data);

std::string Base64(std::string_view data);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_DATA_LINK_H_
