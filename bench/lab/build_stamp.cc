// Compiled when a program is linked, after Bazel's status file: the macros are
// its keys, see tools/workspace_status.sh.

#include "bench/lab/build_stamp.h"

namespace polymux::bench {

#ifdef POLYMUX_COMMIT
const char* BuildCommit() { return POLYMUX_COMMIT; }
const char* BuildCommitState() { return POLYMUX_COMMIT_STATE; }
#else
const char* BuildCommit() { return ""; }
const char* BuildCommitState() { return ""; }
#endif

}  // namespace polymux::bench
