#ifndef POLYMUX_TESTS_APPS_BANK_SCRATCH_FILE_H_
#define POLYMUX_TESTS_APPS_BANK_SCRATCH_FILE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace polymux {

// A file name in a directory of its own, which is removed with all that is in
// it at the end: SQLite puts files beside its own.
class ScratchFile {
 public:
  ScratchFile()
      : directory_(testing::TempDir() + "/bank-" + std::to_string(::getpid()) +
                   "-" + std::to_string(++last)) {
    std::filesystem::create_directory(directory_);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() { std::filesystem::remove_all(directory_); }

  std::string path() const { return directory_ + "/bank.db"; }

 private:
  static inline int last = 0;
  const std::string directory_;
};

}  // namespace polymux

#endif  // POLYMUX_TESTS_APPS_BANK_SCRATCH_FILE_H_
