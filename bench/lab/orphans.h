#ifndef POLYMUX_BENCH_LAB_ORPHANS_H_
#define POLYMUX_BENCH_LAB_ORPHANS_H_

namespace polymux::bench {

// What a command of the user's has started and, ending by itself, left behind
// becomes a child of this process from now on, not of init.  (What descends
// from a command that still runs ends with its Process.)
void AdoptOrphans();

// Ends the children of this process, and theirs, when it goes out of scope.
// Nothing before AdoptOrphans.
//
// REQUIRES: then no child of this process is needed any more, and no other
// thread waits for one.
class OrphansEnd {
 public:
  OrphansEnd() = default;
  OrphansEnd(const OrphansEnd&) = delete;
  OrphansEnd& operator=(const OrphansEnd&) = delete;
  ~OrphansEnd();
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_ORPHANS_H_
