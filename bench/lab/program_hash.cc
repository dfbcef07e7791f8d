#include "bench/lab/program_hash.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sodium.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

namespace polymux::bench {
namespace {

// What a shell would not take literally.
constexpr std::string_view kOfShell = "'\"\\$`*?[]{}()<>|&;~#!";

// Whether a shell takes the word for a variable of the command's environment.
bool IsAssignment(const std::string& word) {
  const std::size_t equals = word.find('=');
  return equals != std::string::npos && word.find('/') > equals;
}

// The first word of a simple command that is a program; empty: not known.
std::string ProgramWord(const std::string& command) {
  std::istringstream words(command);
  for (std::string word; words >> word;) {
    if (word == "exec" || IsAssignment(word)) continue;
    if (word.find_first_of(kOfShell) != std::string::npos) return {};
    return word;
  }
  return {};
}

std::filesystem::path FindInPath(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "/bin:/usr/bin" : path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    std::filesystem::path candidate = std::filesystem::path(directory) / name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

// Empty when it is not known.
std::filesystem::path ProgramOf(const Arm& arm,
                                const std::filesystem::path& directory) {
  switch (arm.kind) {
    case ArmKind::kBackend:
    case ArmKind::kPeer:
      return "/proc/self/exe";
    case ArmKind::kServer:
      return directory / arm.target;
    case ArmKind::kForeign:
      break;
  }
  const std::string word = ProgramWord(arm.target);
  if (word.empty()) return {};
  return word.find('/') == std::string::npos ? FindInPath(word)
                                             : directory / word;
}

}  // namespace

std::string HashFile(const std::filesystem::path& path) {
  // A pipe or a device has no end.
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {};
  std::ifstream file(path, std::ios::binary);
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  std::vector<char> chunk(std::size_t{1} << 20);
  if (!file) return {};
  while (file) {
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    const auto count = static_cast<std::size_t>(file.gcount());
    crypto_hash_sha256_update(
        &state, reinterpret_cast<const unsigned char*>(chunk.data()), count);
  }
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash;
  crypto_hash_sha256_final(&state, hash.data());
  return fmt::format("{:02x}", fmt::join(hash, ""));
}

void HashPrograms(const std::filesystem::path& directory, std::span<Arm> arms) {
  std::map<std::filesystem::path, std::string> hashes;
  for (Arm& arm : arms) {
    const std::filesystem::path program = ProgramOf(arm, directory);
    auto known = hashes.find(program);
    if (known == hashes.end()) {
      known = hashes.emplace(program, HashFile(program)).first;
    }
    arm.sha256 = known->second;
  }
}

}  // namespace polymux::bench
