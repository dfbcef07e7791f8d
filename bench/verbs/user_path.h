#ifndef POLYMUX_BENCH_VERBS_USER_PATH_H_
#define POLYMUX_BENCH_VERBS_USER_PATH_H_

#include <filesystem>
#include <string>

namespace polymux::bench {

// A path as the user wrote it.  `bazel run` starts a program elsewhere and says
// where the user is.
std::filesystem::path UserPath(const std::string& text);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_USER_PATH_H_
