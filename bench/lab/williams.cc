#include "bench/lab/williams.h"

namespace polymux::bench {

std::vector<std::vector<std::size_t>> WilliamsDesign(std::size_t count) {
  std::vector<std::vector<std::size_t>> orders;
  for (std::size_t row = 0; row < count; ++row) {
    // The first row is 0, 1, n-1, 2, n-2, ...: for an even n each distance
    // between neighbours occurs once.
    std::vector<std::size_t> order;
    for (std::size_t place = 0; place < count; ++place) {
      const std::size_t step =
          place % 2 == 1 ? (place + 1) / 2 : (count - place / 2) % count;
      order.push_back((row + step) % count);
    }
    orders.push_back(order);
  }
  if (count > 1 && count % 2 == 1) {
    for (std::size_t row = 0; row < count; ++row) {
      orders.emplace_back(orders[row].rbegin(), orders[row].rend());
    }
  }
  return orders;
}

std::size_t WilliamsSize(std::size_t count) {
  return count > 1 && count % 2 == 1 ? 2 * count : count;
}

}  // namespace polymux::bench
