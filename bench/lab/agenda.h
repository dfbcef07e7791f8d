#ifndef POLYMUX_BENCH_LAB_AGENDA_H_
#define POLYMUX_BENCH_LAB_AGENDA_H_

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// What an experiment runs next: the schedule of its plan round by round, and
// between the rounds those again in which a trial was invalid or tainted.  A
// round is run again after the next one, near enough for the machine to be in
// the same state and late enough for a short disturbance to be over.
class Agenda {
 public:
  // `plan` must outlive this.
  explicit Agenda(const Plan& plan);

  // The trials to run next, where `trials` are all that have been run; empty at
  // the end.  Each scenario ends with a whole block (see ScenarioRounds), also
  // when the plan's precision is reached before all of its rounds are run.
  std::vector<Slot> Next(std::span<const Trial> trials);

  // All first attempts, if no precision ends them early.
  const std::vector<Slot>& schedule() const { return schedule_; }

 private:
  std::vector<Slot> TakeRound();
  bool HasEnded(const Slot& slot) const;

  const Plan& plan_;
  const std::vector<Slot> schedule_;
  const int rounds_;
  std::size_t taken_ = 0;  // of the schedule
  int round_ = 0;          // the next one
  // After how many rounds the results were precise enough.
  std::optional<int> precise_after_ = {};
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_AGENDA_H_
