#ifndef POLYMUX_BENCH_LAB_BUILD_STAMP_H_
#define POLYMUX_BENCH_LAB_BUILD_STAMP_H_

namespace polymux::bench {

// The commit that was checked out when this program was linked, and whether the
// source tree then was "clean" or "modified"; empty in a program without a
// stamp, or when Git could not tell.  A program that is built again from the
// same sources is not linked again and keeps its stamp.
const char* BuildCommit();
const char* BuildCommitState();

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_BUILD_STAMP_H_
