#ifndef POLYMUX_BENCH_LAB_PROVENANCE_H_
#define POLYMUX_BENCH_LAB_PROVENANCE_H_

#include <map>
#include <span>
#include <string>

namespace polymux::bench {

// Something about the program or the machine that may explain a result, or is
// needed to repeat it.
struct Fact {
  const char* key;    // in results.json
  const char* title;  // for people
  // In words; empty: not known.
  std::string (*observe)();
};

// All that there are, in the order in which they are shown.
std::span<const Fact> Facts();

// By key, those that are known: one line of at most 4096 bytes each.
using Provenance = std::map<std::string, std::string>;

// Looks around.
Provenance ObserveProvenance();

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_PROVENANCE_H_
