#ifndef POLYMUX_BENCH_LAB_TEXT_FILE_H_
#define POLYMUX_BENCH_LAB_TEXT_FILE_H_

#include <filesystem>
#include <string>

namespace polymux::bench {

// All of a file that the user has named.  Throws std::system_error that names
// it: "x.json: Is a directory".
std::string ReadTextFile(const std::filesystem::path& path);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_TEXT_FILE_H_
