#include "bench/lab/text_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <system_error>

namespace polymux::bench {
namespace {

std::string ErrorOf(const std::filesystem::path& path) {
  try {
    ReadTextFile(path);
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
  EXPECT_EQ(ReadTextFile(path), text);
  std::ofstream(path) << "";
  EXPECT_EQ(ReadTextFile(path), "");
}

TEST(TextFileTest, ErrorsNameTheFile) {
  EXPECT_EQ(ErrorOf("/no/such/file"),
            "/no/such/file: No such file or directory");
  EXPECT_EQ(ErrorOf(testing::TempDir()),
            testing::TempDir() + ": Is a directory");
}

}  // namespace
}  // namespace polymux::bench
