#include "bench/lab/padding.h"

#include <unistd.h>

#include <string_view>
#include <utility>

namespace polymux::bench {
namespace {

constexpr std::string_view kVariable = "POLYMUX_PADDING=";
constexpr std::size_t kRoom = 16384;

// A string of execve with its pointer.
std::size_t Space(std::string_view text) {
  return text.size() + 1 + sizeof(char*);
}

}  // namespace

std::vector<std::string> PaddedEnvironment(std::span<const std::string> command,
                                           std::size_t extra) {
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    // Within another lab there is one already.
    if (std::string_view(*variable).starts_with(kVariable)) continue;
    environment.emplace_back(*variable);
  }
  // The path is there once more, without a pointer.
  std::size_t used = command.front().size() + 1;
  for (const std::string& argument : command) used += Space(argument);
  const std::size_t room = (used / kRoom + 1) * kRoom;
  std::string padding(kVariable);
  padding.append(room - used + extra, 'x');
  environment.push_back(std::move(padding));
  return environment;
}

}  // namespace polymux::bench
