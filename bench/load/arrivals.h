#ifndef POLYMUX_BENCH_LOAD_ARRIVALS_H_
#define POLYMUX_BENCH_LOAD_ARRIVALS_H_

#include <optional>
#include <string_view>

namespace polymux::bench {

// How the messages of an open loop are spread over time: at equal distances,
// or at random like the requests of many independent clients.
enum class Arrivals { kConstant, kPoisson };

// "constant" and "poisson", as in flags and files.
constexpr std::string_view ToString(Arrivals arrivals) {
  return arrivals == Arrivals::kConstant ? "constant" : "poisson";
}

// Empty for any other name.
constexpr std::optional<Arrivals> FindArrivals(std::string_view name) {
  for (const Arrivals arrivals : {Arrivals::kConstant, Arrivals::kPoisson}) {
    if (ToString(arrivals) == name) return arrivals;
  }
  return std::nullopt;
}

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_ARRIVALS_H_
