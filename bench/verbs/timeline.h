#ifndef POLYMUX_BENCH_VERBS_TIMELINE_H_
#define POLYMUX_BENCH_VERBS_TIMELINE_H_

#include <string>
#include <string_view>

#include "bench/verbs/recording.h"

namespace polymux::bench {

// What `polymux trace` prints: a sentence, the calls between the client's
// connect and `recording.end` with an explanation each, notes.  80 columns.
std::string RenderTimeline(std::string_view arm, const Recording& recording);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_TIMELINE_H_
