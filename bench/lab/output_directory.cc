#include "bench/lab/output_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "apps/printable_text.h"
#include "bench/lab/text_file.h"
#include "bench/lab/usage_error.h"

namespace polymux::bench {
namespace {

using std::filesystem::path;

// What a page of a long run needs; the results of a short one need less.
constexpr std::size_t kTriedBytes = std::size_t{1} << 20;

// Of free names that are looked for, and in vain if there is none.
constexpr int kMostNumbers = 1000;

// Whether there is something of that name, be it a link to nothing.
bool Exists(const path& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT) return false;
  throw std::system_error(errno, std::generic_category(),
                          PrintableLine(path.string()));
}

// `directory` with the first number that is free; empty if none is.
std::string FreeOneLike(const path& directory) {
  std::string like = directory.string();
  while (like.size() > 1 && like.ends_with('/')) like.pop_back();
  for (int number = 2; number < kMostNumbers; ++number) {
    std::string candidate = fmt::format("{}-{}", like, number);
    std::error_code error;
    const auto status = std::filesystem::symlink_status(candidate, error);
    if (status.type() == std::filesystem::file_type::not_found) {
      return candidate;
    }
  }
  return {};
}

}  // namespace

std::string AlreadyThere(const path& directory, const path& name) {
  const std::string free = FreeOneLike(directory);
  return fmt::format(
      "{} is there already, and nothing is replaced{}",
      PrintableLine((directory / name).string()),
      free.empty() ? "" : "; free would be: --out " + PrintableLine(free));
}

void RequireFree(const path& directory, std::span<const path> names) {
  for (const path& name : names) {
    if (Exists(directory / name)) {
      throw UsageError(AlreadyThere(directory, name));
    }
  }
}

OutputDirectory::OutputDirectory(std::filesystem::path path,
                                 std::span<const std::filesystem::path> names)
    : path_(std::move(path)) {
  RequireFree(path_, names);
  try {
    std::set<std::filesystem::path> directories{path_};
    for (const auto& name : names) {
      directories.insert((path_ / name).parent_path());
    }
    for (const auto& directory : directories) {
      Make(directory);
      TryWriting(directory, kTriedBytes);
    }
    Lock();
    RequireFree(path_, names);  // as the one who has the lock
  } catch (...) {
    RemoveEmpty();
    throw;
  }
}

OutputDirectory::~OutputDirectory() { RemoveEmpty(); }

void OutputDirectory::Write(const std::filesystem::path& name,
                            std::string_view text) {
  if (written_.contains(name)) {
    ReplaceTextFile(path_ / name, text);
    return;
  }
  CreateTextFile(path_ / name, text);
  written_.insert(name);
}

// Like std::filesystem::create_directories, which does not tell which of them
// it has made.
void OutputDirectory::Make(const std::filesystem::path& directory) {
  std::filesystem::path so_far;
  for (const auto& part : directory) {
    so_far /= part;
    if (mkdir(so_far.c_str(), 0777) == 0) {
      made_.push_back(so_far);
      continue;
    }
    const int error = errno == EEXIST ? ENOTDIR : errno;
    struct stat status {};
    if (stat(so_far.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
      throw std::system_error(error, std::generic_category(),
                              PrintableLine(so_far.string()));
    }
  }
}

// Against runs that begin while the other one has not written anything yet.
void OutputDirectory::Lock() {
  lock_ = UniqueFd(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (flock(lock_.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
    return;  // Not every file system has locks.
  }
  throw UsageError(fmt::format("another run is writing to {}",
                               PrintableLine(path_.string())));
}

void OutputDirectory::RemoveEmpty() {
  for (; !made_.empty(); made_.pop_back()) rmdir(made_.back().c_str());
}

}  // namespace polymux::bench
