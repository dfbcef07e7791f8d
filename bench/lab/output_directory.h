#ifndef POLYMUX_BENCH_LAB_OUTPUT_DIRECTORY_H_
#define POLYMUX_BENCH_LAB_OUTPUT_DIRECTORY_H_

#include <filesystem>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "reactor/unique_fd.h"

namespace polymux::bench {

// Throws UsageError if one of the files `names`, relative to `directory`, is
// there already; std::system_error naming one that can never be.  Changes
// nothing.
void RequireFree(const std::filesystem::path& directory,
                 std::span<const std::filesystem::path> names);

// The message of that UsageError; names another directory that is free.
std::string AlreadyThere(const std::filesystem::path& directory,
                         const std::filesystem::path& name);

// A directory that one run writes to.  What this object has not written there
// is never replaced.
class OutputDirectory {
 public:
  // Makes it, and those that `names` need within it, and writes to all of them
  // for a try.  Throws as RequireFree does; UsageError too if another run is
  // writing there.
  OutputDirectory(std::filesystem::path path,
                  std::span<const std::filesystem::path> names);
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;

  // Removes the directories that it has made and left empty.
  ~OutputDirectory();

  const std::filesystem::path& path() const { return path_; }

  // Whether this object has written the file `name`.
  bool Has(const std::filesystem::path& name) const {
    return written_.contains(name);
  }

  // Writes all of the file, or nothing: see CreateTextFile.  It replaces one
  // that this object has written.  Throws std::system_error.
  void Write(const std::filesystem::path& name, std::string_view text);

 private:
  void Make(const std::filesystem::path& directory);
  void Lock();
  void RemoveEmpty();

  const std::filesystem::path path_;
  std::vector<std::filesystem::path> made_;  // parents first
  std::set<std::filesystem::path> written_;  // names
  UniqueFd lock_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_OUTPUT_DIRECTORY_H_
