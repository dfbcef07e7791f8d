#include "reactor/loop_counters.h"

namespace polymux {

std::vector<Counter> LoopCounters::List() const {
  return {{"reads", true, reads},
          {"writes", true, writes},
          {"accepts", true, accepts},
          {"closes", true, closes},
          {"wakeup_reads", true, wakeup_reads},
          {"timer_sets", true, timer_sets},
          {"timer_reads", true, timer_reads},
          {"signal_reads", true, signal_reads},
          {"eagain_reads", false, eagain_reads},
          {"eagain_writes", false, eagain_writes},
          {"short_writes", false, short_writes},
          {"eagain_accepts", false, eagain_accepts},
          {"bytes_read", false, bytes_read},
          {"bytes_written", false, bytes_written},
          {"tasks", false, tasks},
          {"requeues", false, requeues},
          {"exceptions", false, exceptions},
          {"opened", false, opened},
          {"closed", false, closed},
          {"closed_exception", false, closed_exception},
          {"closed_malformed", false, closed_malformed},
          {"closed_output_limit", false, closed_output_limit},
          {"closed_first_byte", false, closed_first_byte},
          {"closed_frame_timeout", false, closed_frame_timeout},
          {"closed_idle", false, closed_idle},
          {"closed_write_timeout", false, closed_write_timeout},
          {"lost", false, lost},
          {"rejected_limit", false, rejected_limit},
          {"rejected_peer_limit", false, rejected_peer_limit},
          {"rejected_descriptors", false, rejected_descriptors}};
}

}  // namespace polymux
