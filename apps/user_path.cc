#include "apps/user_path.h"

#include <cstdlib>

namespace polymux {

std::filesystem::path UserDirectory() {
  const char* const directory = std::getenv("BUILD_WORKING_DIRECTORY");
  return directory == nullptr ? std::filesystem::current_path() : directory;
}

std::filesystem::path UserPath(const std::filesystem::path& written) {
  // Where the user is may not exist any more, and is not needed for this.
  return written.is_absolute() ? written : UserDirectory() / written;
}

}  // namespace polymux
