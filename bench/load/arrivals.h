#ifndef POLYMUX_BENCH_LOAD_ARRIVALS_H_
#define POLYMUX_BENCH_LOAD_ARRIVALS_H_

namespace polymux::bench {

// How the messages of an open loop are spread over time: at equal distances,
// or at random like the requests of many independent clients.
enum class Arrivals { kConstant, kPoisson };

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_ARRIVALS_H_
