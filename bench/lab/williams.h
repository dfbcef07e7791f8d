#ifndef POLYMUX_BENCH_LAB_WILLIAMS_H_
#define POLYMUX_BENCH_LAB_WILLIAMS_H_

#include <cstddef>
#include <vector>

namespace polymux::bench {

// Orders of 0 to `count` - 1 in which each comes to each place equally often
// and directly after each other one equally often, so that neither a place nor
// a neighbour favours anybody: `count` orders for an even count, twice as many
// for an odd one, of which the second half are the first ones backwards
// (E. J. Williams, Australian Journal of Scientific Research A 2, 1949).
std::vector<std::vector<std::size_t>> WilliamsDesign(std::size_t count);

// How many orders that are.
std::size_t WilliamsSize(std::size_t count);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_WILLIAMS_H_
