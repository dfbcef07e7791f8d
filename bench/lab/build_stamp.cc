// Compiled when a program is linked, after Bazel's status file: the macros are
// those of its keys that Bazel 4 knows, see tools/workspace_status.sh. "0" is
// the commit where there is no status.

#include "bench/lab/build_stamp.h"

namespace polymux::bench {

#ifdef BUILD_SCM_REVISION
namespace {

constexpr bool kIsStamped =
    BUILD_SCM_REVISION[0] != '0' || BUILD_SCM_REVISION[1] != '\0';

}  // namespace

const char* BuildCommit() { return kIsStamped ? BUILD_SCM_REVISION : ""; }
const char* BuildCommitState() { return kIsStamped ? BUILD_SCM_STATUS : ""; }
#else
const char* BuildCommit() { return ""; }
const char* BuildCommitState() { return ""; }
#endif

}  // namespace polymux::bench
