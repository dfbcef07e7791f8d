#ifndef POLYMUX_BENCH_LAB_TEXT_FILE_H_
#define POLYMUX_BENCH_LAB_TEXT_FILE_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace polymux::bench {

// All of a file that the user has named, which may be a pipe or have no end.
// Throws std::system_error that names it: "x.json: Is a directory", "File too
// large" beyond `most` bytes.
std::string ReadTextFile(const std::filesystem::path& path,
                         std::uintmax_t most);

// Each writes `text` to `path` in one step: a reader, also after a crash, sees
// all of it or what was there before.  Throws std::system_error that names the
// file, with errc::file_exists when CreateTextFile finds one of that name (a
// link too).
void CreateTextFile(const std::filesystem::path& path, std::string_view text);
void ReplaceTextFile(const std::filesystem::path& path, std::string_view text);

// Writes so many bytes to `directory`, and removes them again.  Throws
// std::system_error that names it when they cannot be written there.
void TryWriting(const std::filesystem::path& directory, std::size_t bytes);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_TEXT_FILE_H_
