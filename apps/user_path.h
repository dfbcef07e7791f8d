#ifndef POLYMUX_APPS_USER_PATH_H_
#define POLYMUX_APPS_USER_PATH_H_

#include <filesystem>

namespace polymux {

// Where the user is. `bazel run` starts a program elsewhere, and says it.
std::filesystem::path UserDirectory();

// The absolute path of what the user has written.
std::filesystem::path UserPath(const std::filesystem::path& written);

}  // namespace polymux

#endif  // POLYMUX_APPS_USER_PATH_H_
