#include "bench/lab/text_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

#include "apps/printable_text.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {
namespace {

using std::filesystem::path;

[[noreturn]] void Throw(const path& path) {
  throw std::system_error(errno, std::generic_category(),
                          PrintableLine(path.string()));
}

path DirectoryOf(const path& file) {
  return file.has_parent_path() ? file.parent_path() : path(".");
}

// A file with a name that nobody knows, in the directory of the one that it is
// to become; removed unless it has become that.
class UnfinishedFile {
 public:
  // Errors name `target`.
  explicit UnfinishedFile(path target)
      : target_(std::move(target)), directory_(DirectoryOf(target_)) {
    for (int i = 0; !fd_; ++i) {
      name_ = directory_ / (".polymux-" + std::to_string(getpid()) + "-" +
                            std::to_string(i));
      fd_ = UniqueFd(
          open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
      // Of a process that was killed and had the same number.
      if (!fd_ && errno != EEXIST) Throw(target_);
    }
  }
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;
  ~UnfinishedFile() {
    if (!name_.empty()) unlink(name_.c_str());
  }

  // To the disk.
  void Write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = write(fd_.get(), text.data(), text.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) Throw(target_);
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    if (fsync(fd_.get()) != 0) Throw(target_);
  }

  void BecomeNew() {
    if (renameat2(AT_FDCWD, name_.c_str(), AT_FDCWD, target_.c_str(),
                  RENAME_NOREPLACE) == 0) {
      name_.clear();
    } else if (errno != EINVAL || link(name_.c_str(), target_.c_str()) != 0) {
      // EINVAL: some file systems, such as NFS, have but the other way.
      Throw(target_);
    }
    SyncDirectory();
  }

  void Replace() {
    if (rename(name_.c_str(), target_.c_str()) != 0) Throw(target_);
    name_.clear();
    SyncDirectory();
  }

 private:
  // The name, too, is to outlast a crash.  Not every file system can say so.
  void SyncDirectory() {
    const UniqueFd directory(
        open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory) fsync(directory.get());
  }

  const path target_;
  const path directory_;
  path name_;
  UniqueFd fd_;
};

}  // namespace

// Not by a stream: what it throws for a directory names no file.
std::string ReadTextFile(const path& path, std::uintmax_t most) {
  const auto check = [&path](ssize_t result) {
    if (result < 0) Throw(path);
    return static_cast<std::size_t>(result);
  };
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  check(file.get());
  std::string text;
  std::array<char, 65'536> chunk;
  while (const std::size_t count =
             check(read(file.get(), chunk.data(), chunk.size()))) {
    if (count > most - text.size()) {
      errno = EFBIG;
      Throw(path);
    }
    text.append(chunk.data(), count);
  }
  return text;
}

void CreateTextFile(const path& path, std::string_view text) {
  UnfinishedFile file(path);
  file.Write(text);
  file.BecomeNew();
}

void ReplaceTextFile(const path& path, std::string_view text) {
  UnfinishedFile file(path);
  file.Write(text);
  file.Replace();
}

void TryWriting(const path& directory, std::size_t bytes) {
  UnfinishedFile file(directory / "");
  file.Write(std::string(bytes, '\n'));
}

}  // namespace polymux::bench
