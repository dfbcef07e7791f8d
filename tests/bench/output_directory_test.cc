#include "bench/lab/output_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "bench/lab/usage_error.h"

namespace polymux::bench {
namespace {

using std::filesystem::exists;
using std::filesystem::path;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;

const std::vector<path> kNames{"a.json", "sub/b.txt"};

std::string Text(const path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class OutputDirectoryTest : public testing::Test {
 protected:
  OutputDirectoryTest() {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directory(root_);
  }

  // What it says when it is refused.
  std::string Refusal() const {
    try {
      OutputDirectory directory(path_, kNames);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "taken";
  }

  const path root_ = path(testing::TempDir()) / "output";
  const path path_ = root_ / "made" / "too";
};

TEST_F(OutputDirectoryTest, IsMadeAndGoesWhenNothingIsWritten) {
  {
    const OutputDirectory directory(path_, kNames);
    EXPECT_TRUE(exists(path_ / "sub"));
    EXPECT_FALSE(exists(path_ / "a.json"));
  }
  EXPECT_FALSE(exists(root_ / "made"));
  EXPECT_TRUE(exists(root_));
}

TEST_F(OutputDirectoryTest, StaysWithWhatIsWritten) {
  {
    OutputDirectory directory(path_, kNames);
    EXPECT_FALSE(directory.Has("a.json"));
    directory.Write("a.json", "1");
    EXPECT_TRUE(directory.Has("a.json"));
    directory.Write("a.json", "2");
  }
  EXPECT_EQ(Text(path_ / "a.json"), "2");
  EXPECT_FALSE(exists(path_ / "sub"));
}

TEST_F(OutputDirectoryTest, IsRefusedWhereSomethingIsThere) {
  std::filesystem::create_directories(path_ / "sub");
  std::ofstream(path_ / "of another one") << "x";
  std::ofstream(path_ / "sub" / "b.txt") << "mine";
  EXPECT_THAT(Refusal(),
              AllOf(HasSubstr((path_ / "sub/b.txt").string() +
                              " is there already, and nothing is replaced"),
                    EndsWith("--out " + path_.string() + "-2")));
  std::filesystem::create_directory(path_.string() + "-2");
  EXPECT_THAT(Refusal(), EndsWith("--out " + path_.string() + "-3"));
  std::filesystem::remove(path_ / "sub" / "b.txt");
  EXPECT_EQ(Refusal(), "taken");
  // A link to nothing is something.
  std::filesystem::create_symlink("nowhere", path_ / "a.json");
  EXPECT_THAT(Refusal(), HasSubstr("a.json is there already"));
  EXPECT_TRUE(exists(path_ / "of another one"));
}

TEST_F(OutputDirectoryTest, WhatComesBetweenIsNotReplaced) {
  OutputDirectory directory(path_, kNames);
  std::ofstream(path_ / "a.json") << "of another one";
  EXPECT_THROW(directory.Write("a.json", "mine"), std::system_error);
  EXPECT_EQ(Text(path_ / "a.json"), "of another one");
  EXPECT_FALSE(directory.Has("a.json"));
}

TEST_F(OutputDirectoryTest, TwoRunsDoNotWriteToTheSame) {
  auto first = std::make_unique<OutputDirectory>(path_, kNames);
  EXPECT_EQ(Refusal(), "another run is writing to " + path_.string());
  EXPECT_TRUE(exists(path_));
  first.reset();
  EXPECT_EQ(Refusal(), "taken");
}

TEST_F(OutputDirectoryTest, ErrorsNameWhatCannotBe) {
  const auto error_of = [](const path& path) -> std::string {
    try {
      const OutputDirectory directory(path, kNames);
    } catch (const std::system_error& error) {
      return error.what();
    }
    return "none";
  };
  std::ofstream(root_ / "file") << "x";
  EXPECT_EQ(error_of(root_ / "file"),
            (root_ / "file/a.json").string() + ": Not a directory");
  std::ofstream(root_ / "sub") << "x";
  EXPECT_EQ(error_of(root_),
            (root_ / "sub/b.txt").string() + ": Not a directory");
  EXPECT_THAT(error_of(root_ / std::string(300, 'x')),
              EndsWith(": File name too long"));
  EXPECT_EQ(error_of("/proc/none"), "/proc/none: No such file or directory");
  if (geteuid() == 0) return;  // who may write everywhere
  std::filesystem::create_directory(root_ / "closed");
  chmod((root_ / "closed").c_str(), 0500);
  EXPECT_EQ(error_of(root_ / "closed" / "x"),
            (root_ / "closed/x").string() + ": Permission denied");
}

}  // namespace
}  // namespace polymux::bench
