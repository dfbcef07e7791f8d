#include "bench/lab/text_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

namespace polymux::bench {
namespace {

std::string ErrorOf(const std::filesystem::path& path) {
  try {
    ReadTextFile(path, 1000);
  } catch (const std::system_error& error) {
    return error.what();
  }
  return "none";
}

TEST(TextFileTest, ReadsAllOfIt) {
  const auto path = std::filesystem::path(testing::TempDir()) / "text";
  std::string text(200'000, 'x');
  text[70'000] = '\0';
  text.back() = '\n';
  std::ofstream(path) << text;
  EXPECT_EQ(ReadTextFile(path, text.size()), text);
  std::ofstream(path) << "";
  EXPECT_EQ(ReadTextFile(path, 0), "");
}

TEST(TextFileTest, ReadsNoMoreThanItMay) {
  const auto path = std::filesystem::path(testing::TempDir()) / "long";
  std::ofstream(path) << std::string(1001, 'x');
  EXPECT_EQ(ErrorOf(path), path.string() + ": File too large");
  EXPECT_EQ(ErrorOf("/dev/zero"), "/dev/zero: File too large");
}

TEST(TextFileTest, ErrorsNameTheFile) {
  EXPECT_EQ(ErrorOf("/no/such/file"),
            "/no/such/file: No such file or directory");
  EXPECT_EQ(ErrorOf(testing::TempDir()),
            testing::TempDir() + ": Is a directory");
}

class WritingTest : public testing::Test {
 protected:
  WritingTest() {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directory(directory_);
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  const std::filesystem::path directory_ =
      std::filesystem::path(testing::TempDir()) / "writing";
  const std::filesystem::path file_ = directory_ / "text";
};

TEST_F(WritingTest, ANewFileIsAllOfTheText) {
  const std::string text(3'000'000, 'x');
  CreateTextFile(file_, text);
  EXPECT_EQ(ReadTextFile(file_, text.size()), text);
  EXPECT_THAT(Names(), testing::ElementsAre("text"));
  EXPECT_EQ(
      std::filesystem::status(file_).permissions() &
          std::filesystem::perms::owner_all,
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(WritingTest, ANewFileReplacesNothing) {
  const auto create = [this] {
    try {
      CreateTextFile(file_, "new");
    } catch (const std::system_error& error) {
      return error.code() == std::errc::file_exists;
    }
    return false;
  };
  std::ofstream(file_) << "old";
  EXPECT_TRUE(create());
  EXPECT_EQ(ReadTextFile(file_, 3), "old");
  std::filesystem::remove(file_);
  std::filesystem::create_symlink("nowhere", file_);
  EXPECT_TRUE(create());
  EXPECT_THAT(Names(), testing::ElementsAre("text"));
}

TEST_F(WritingTest, WhatIsReplacedIsOldOrNew) {
  std::ofstream(file_) << "old";
  std::ifstream reader(file_);
  ReplaceTextFile(file_, "new");
  EXPECT_EQ(ReadTextFile(file_, 3), "new");
  std::string seen;
  reader >> seen;
  EXPECT_EQ(seen, "old");
  EXPECT_THAT(Names(), testing::ElementsAre("text"));
}

// As on a full disk; the signal is ignored, as by RunProgram.
TEST_F(WritingTest, WhatDoesNotFitLeavesWhatWasThere) {
  std::ofstream(file_) << "old";
  signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit low{1000, limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &low);
  EXPECT_THROW(ReplaceTextFile(file_, std::string(2000, 'x')),
               std::system_error);
  EXPECT_THROW(CreateTextFile(directory_ / "b", std::string(2000, 'x')),
               std::system_error);
  EXPECT_THROW(TryWriting(directory_, 2000), std::system_error);
  TryWriting(directory_, 1000);
  setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_EQ(ReadTextFile(file_, 3), "old");
  EXPECT_THAT(Names(), testing::ElementsAre("text"));
}

}  // namespace
}  // namespace polymux::bench
