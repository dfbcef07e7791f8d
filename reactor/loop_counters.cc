#include "reactor/loop_counters.h"

namespace polymux {

std::vector<Counter> LoopCounters::List() const {
#define POLYMUX_LIST_COUNTER(name, is_system_call) \
  {#name, is_system_call, name},
  return {POLYMUX_LOOP_COUNTERS(POLYMUX_LIST_COUNTER)};
#undef POLYMUX_LIST_COUNTER
}

}  // namespace polymux
