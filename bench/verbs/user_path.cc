#include "bench/verbs/user_path.h"

#include <cstdlib>

namespace polymux::bench {

std::filesystem::path UserPath(const std::string& text) {
  const char* directory = std::getenv("BUILD_WORKING_DIRECTORY");
  if (directory == nullptr) return text;
  return std::filesystem::path(directory) / text;
}

}  // namespace polymux::bench
