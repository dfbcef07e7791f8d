#include "bench/lab/provenance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "bench/lab/kernel_config.h"
#include "bench/lab/program_hash.h"

namespace polymux::bench {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(ProvenanceTest, TellsWhatEveryLinuxKnows) {
  const Provenance provenance = ObserveProvenance();
  EXPECT_THAT(provenance.at("command_line"), HasSubstr("provenance_test"));
  EXPECT_THAT(provenance.at("libc"), StartsWith("glibc 2."));
  EXPECT_THAT(provenance.at("compile_flags"), HasSubstr("-std=c++20"));
  EXPECT_THAT(provenance.at("compile_flags"), StartsWith("-c "));
  EXPECT_THAT(provenance.at("kernel_version"), StartsWith("Linux version"));
  EXPECT_THAT(provenance.at("load_average"), HasSubstr("/"));
}

TEST(ProvenanceTest, EachFactHasItsKeyAndIsOneBoundedLine) {
  std::set<std::string> keys;
  for (const Fact& fact : Facts()) {
    EXPECT_TRUE(keys.insert(fact.key).second) << fact.key;
  }
  for (const auto& [key, value] : ObserveProvenance()) {
    EXPECT_TRUE(keys.contains(key)) << key;
    EXPECT_LE(value.size(), 4096u) << key;
    EXPECT_EQ(value.find('\n'), std::string::npos) << key;
  }
}

TEST(KernelConfigTest, WhatIsNotMentionedIsOff) {
  constexpr std::array kOptions = {"CONFIG_NO_SUCH_OPTION"};
  EXPECT_THAT(KernelConfig(kOptions),
              testing::AnyOf("", "CONFIG_NO_SUCH_OPTION=n"));
}

class ProgramHashTest : public testing::Test {
 protected:
  // The file's hash is known: "abc" is an example of the standard, FIPS 180-2.
  static constexpr const char* kHash =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  ProgramHashTest() : directory_(testing::TempDir()) {
    const std::filesystem::path file = directory_ / "abc";
    std::ofstream(file) << "abc";
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }

  std::string HashOf(ArmKind kind, const std::string& target) const {
    std::vector<Arm> arms{{.name = "arm", .kind = kind, .target = target}};
    HashPrograms(directory_, arms);
    return arms[0].sha256;
  }

  const std::filesystem::path directory_;
};

TEST_F(ProgramHashTest, IsSha256) {
  EXPECT_EQ(HashFile(directory_ / "abc"), kHash);
  EXPECT_EQ(HashFile("/dev/zero"), "");
  EXPECT_EQ(HashFile("/no/such/file"), "");
  const std::filesystem::path fifo = directory_ / "fifo";
  mkfifo(fifo.c_str(), 0600);
  EXPECT_EQ(HashFile(fifo), "");
  std::filesystem::remove(fifo);
}

TEST_F(ProgramHashTest, FindsTheProgramOfAnArm) {
  EXPECT_EQ(HashOf(ArmKind::kServer, "abc"), kHash);
  EXPECT_EQ(HashOf(ArmKind::kForeign, "exec ./abc --port {port}"), kHash);
  EXPECT_EQ(HashOf(ArmKind::kForeign, "A=1 B=/x ./abc {port}"), kHash);
  EXPECT_EQ(HashOf(ArmKind::kForeign, "sh -c {port}"), HashFile("/bin/sh"));
  EXPECT_EQ(HashOf(ArmKind::kForeign, "'./abc' {port}"), "");
  EXPECT_EQ(HashOf(ArmKind::kForeign, "cd x; ./abc {port}"),
            HashFile("/no/such/file"));
  EXPECT_EQ(HashOf(ArmKind::kBackend, "any"), HashFile("/proc/self/exe"));
}

}  // namespace
}  // namespace polymux::bench
