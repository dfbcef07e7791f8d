// What `polymux compare` and `polymux report` write, and what becomes of it
// where that is in the way or does not go: real servers, real streams.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/bench/lab_samples.h"
#include "tests/bench/verbs/run_verb.h"

namespace polymux::bench {
namespace {

using std::filesystem::exists;
using std::filesystem::path;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::string Text(const path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// All files below a directory, with what they contain.
std::map<std::string, std::string> FilesIn(const path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_directory()) continue;
    files[entry.path().lexically_relative(directory)] = Text(entry.path());
  }
  return files;
}

class OutputTest : public testing::Test {
 protected:
  OutputTest() {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directory(directory_);
  }

  // A comparison of two rounds whose files go to `out`. On a busy machine no
  // message may come back in a short window.
  std::vector<std::string> Command(const path& out) const {
    return {"compare",       "--allow-debug",
            "--arms",        "raw-epoll",
            "--rounds",      "2",
            "--connections", "2",
            "--out",         out.string(),
            "--duration",    "300ms",
            "--warm-up",     "20ms",
            "--max-invalid", "99%"};
  }

  VerbOutcome Compare(const path& out,
                      const std::vector<std::string>& more = {}) const {
    std::vector<std::string> command = Command(out);
    command.insert(command.end(), more.begin(), more.end());
    return RunVerb(command);
  }

  // The same with the streams redirected by a shell.
  VerbOutcome CompareInShell(const path& out, const std::string& rest) const {
    std::string line;
    for (const std::string& word : Command(out)) line += " '" + word + "'";
    // Descriptor 3 is a pipe that is full and that nobody reads.
    const std::string pipe = "'" + directory_.string() + "/pipe'";
    return RunInShell("rm -f " + pipe + "; mkfifo " + pipe + "; exec 3<>" +
                      pipe + "; head -c 65536 /dev/zero >&3; \"$POLYMUX\"" +
                      line + " " + rest);
  }

  const path directory_ = path(testing::TempDir()) / "outputs";
  const path out_ = directory_ / "run";
};

TEST_F(OutputTest, AnEarlierRunIsNotReplaced) {
  ASSERT_EQ(Compare(out_).exit_code, 0);
  const auto before = FilesIn(out_);
  const VerbOutcome second = Compare(out_);
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_THAT(second.errors, AllOf(HasSubstr("results.json is there already"),
                                   EndsWith("--out " + out_.string() + "-2"),
                                   Not(HasSubstr("round 1"))));
  EXPECT_EQ(FilesIn(out_), before);
  EXPECT_EQ(Compare(out_, {"--dry-run"}).exit_code, 2);
}

// Whatever is in the way of any file, a link to a device too.
TEST_F(OutputTest, NothingElseIsReplacedEither) {
  const std::vector<std::string> names{"results.json", "results.csv",
                                       "report.md", "report.html",
                                       "latency/custom.raw-epoll.hgrm"};
  for (const std::string& name : names) {
    const path out = directory_ / path(name).filename();
    std::filesystem::create_directories((out / name).parent_path());
    std::filesystem::create_symlink("/dev/full", out / name);
    const VerbOutcome outcome = Compare(out);
    EXPECT_EQ(outcome.exit_code, 2) << name;
    EXPECT_THAT(outcome.errors, HasSubstr(name + " is there already"));
  }
}

TEST_F(OutputTest, WhatCannotBeWrittenIsToldBeforeTheFirstTrial) {
  std::ofstream(directory_ / "file") << "x";
  for (const path& out : {directory_ / "file" / "run", path("/proc/run"),
                          directory_ / std::string(300, 'x')}) {
    const VerbOutcome outcome = Compare(out);
    EXPECT_EQ(outcome.exit_code, 1) << out;
    EXPECT_THAT(outcome.errors, AllOf(HasSubstr("--out: cannot write to"),
                                      Not(HasSubstr("round 1"))));
    EXPECT_THAT(outcome.output, IsEmpty());
  }
  const VerbOutcome limited = RunInShell(
      "trap '' XFSZ; ulimit -f 100; \"$POLYMUX\" compare --allow-debug --arms "
      "raw-epoll "
      "--rounds 1 --out '" +
      out_.string() + "'");
  EXPECT_EQ(limited.exit_code, 1);
  EXPECT_THAT(limited.errors, HasSubstr("File too large"));
  EXPECT_FALSE(exists(out_));
}

TEST_F(OutputTest, OddNamesOfTheDirectory) {
  for (const char* name : {"a b", "new\nline", "-v", "\xff", "'\"$(x)`"}) {
    const VerbOutcome outcome = Compare(directory_ / name);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_TRUE(exists(directory_ / name / "results.json")) << name;
  }
}

TEST_F(OutputTest, AnOddNameOfAScenarioIsAFileAllTheSame) {
  const std::string file = (directory_ / "scenarios.toml").string();
  std::ofstream(file) << "[[scenario]]\nname = \"-a.b\"\nactive = 1\n"
                         "[[scenario]]\nname = \"-A.b\"\nactive = 1\n";
  const VerbOutcome outcome =
      RunVerb({"compare", "--allow-debug", "--arms", "raw-epoll", "--rounds",
               "2", "--duration", "300ms", "--max-invalid", "99%",
               "--scenario-file", file, "--out", out_.string()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_TRUE(exists(out_ / "latency" / "_a.b.raw-epoll.hgrm"));
  EXPECT_TRUE(exists(out_ / "latency" / "_A.b.raw-epoll~2.hgrm"));
}

// Progress is lost then, and nothing else.
TEST_F(OutputTest, StderrThatTakesNothing) {
  const struct {
    const char* name;
    const char* streams;
  } cases[] = {{"full", "2> /dev/full"},
               {"gone", "2> >(true)"},
               {"unread", "2>&3"},
               {"closed", "2>&-"}};
  for (const auto& [name, streams] : cases) {
    const VerbOutcome outcome = CompareInShell(directory_ / name, streams);
    EXPECT_EQ(outcome.exit_code, 0) << name;
    EXPECT_THAT(outcome.output, StartsWith("Server CPU per message: "));
    EXPECT_TRUE(exists(directory_ / name / "report.html")) << name;
  }
}

// Told, and an error, but the files are there.
TEST_F(OutputTest, StdoutThatTakesNothing) {
  const VerbOutcome full = CompareInShell(directory_ / "full", "> /dev/full");
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_THAT(full.errors, HasSubstr("No space left on device"));
  EXPECT_TRUE(exists(directory_ / "full" / "report.html"));
  const VerbOutcome gone =
      CompareInShell(directory_ / "gone", "| true; exit ${PIPESTATUS[0]}");
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_THAT(gone.errors, HasSubstr("Broken pipe"));
  EXPECT_TRUE(exists(directory_ / "gone" / "report.html"));
}

TEST_F(OutputTest, AFileThatCannotBeWrittenCostsNoOther) {
  // The server puts it in the way when everything has been checked.
  const std::string in_the_way = out_.string() + "/report.md";
  const VerbOutcome outcome = RunInShell(
      "\"$POLYMUX\" compare --allow-debug --arms mine --rounds 2 --duration "
      "300ms --max-invalid 99% --connections 2 --out '" +
      out_.string() + "' --arm \"mine=[ -d '" + out_.string() +
      "' ] && mkdir -p '" + in_the_way +
      "'; exec '$POLYMUX' peer raw-epoll --port {port}\"");
  EXPECT_EQ(outcome.exit_code, 1) << outcome.errors;
  EXPECT_THAT(outcome.errors,
              HasSubstr("cannot write " + in_the_way + ": File exists"));
  EXPECT_THAT(outcome.output,
              AllOf(StartsWith("Server CPU per message: "),
                    EndsWith((out_ / "report.html").string() + "\n")));
  EXPECT_TRUE(exists(out_ / "results.json"));
  EXPECT_TRUE(exists(out_ / "results.csv"));
  EXPECT_TRUE(exists(out_ / "latency" / "custom.mine.hgrm"));
}

// The disk is full from the first trial on: shown and rescued elsewhere.
TEST_F(OutputTest, ResultsThatCannotBeWrittenAreRescued) {
  const std::string in_the_way = out_.string() + "/results.json";
  const VerbOutcome outcome = RunInShell(
      "export TMPDIR='" + directory_.string() +
      "'; "
      "\"$POLYMUX\" compare --allow-debug --arms mine --rounds 2 --duration "
      "300ms --max-invalid 99% --connections 2 --out '" +
      out_.string() + "' --arm \"mine=[ -d '" + out_.string() +
      "' ] && mkdir -p '" + in_the_way +
      "'; exec '$POLYMUX' peer raw-epoll --port {port}\"");
  EXPECT_EQ(outcome.exit_code, 1) << outcome.errors;
  EXPECT_THAT(outcome.errors,
              AllOf(HasSubstr("cannot write yet: " + in_the_way),
                    HasSubstr("has been written in its place")));
  EXPECT_THAT(outcome.output, StartsWith("Server CPU per message: "));
  for (const auto& [name, text] : FilesIn(directory_)) {
    if (!name.starts_with("polymux-results-")) continue;
    EXPECT_EQ(nlohmann::json::parse(text)["complete"], true);
    return;
  }
  ADD_FAILURE() << "nothing was rescued";
}

TEST_F(OutputTest, AReportReplacesNothingAndCanBeRepeated) {
  std::filesystem::create_directory(out_);
  WriteResults(SampleResults(), out_ / "results.json");
  const VerbOutcome first = RunVerb({"report", out_ / "results.json"});
  EXPECT_EQ(first.exit_code, 0) << first.errors;
  EXPECT_THAT(first.output, EndsWith((out_ / "report.html").string() + "\n"));
  const auto files = FilesIn(out_);
  const VerbOutcome again = RunVerb({"report", out_ / "results.json"});
  EXPECT_EQ(again.output, first.output);
  EXPECT_EQ(FilesIn(out_), files);

  // Of another run, or edited.
  std::ofstream(out_ / "report.md", std::ios::app) << "my remarks\n";
  Results results = SampleResults();
  results.trials.pop_back();
  WriteResults(results, out_ / "before.json");
  const auto now = FilesIn(out_);
  for (const char* name : {"results.json", "before.json"}) {
    const VerbOutcome other = RunVerb({"report", out_ / name});
    EXPECT_EQ(other.exit_code, 0) << other.errors;
    EXPECT_THAT(other.output, HasSubstr((out_ / "report-").string()));
  }
  for (const auto& [name, text] : now) EXPECT_EQ(Text(out_ / name), text);
  EXPECT_TRUE(exists(out_ / "report-3" / "report.html"));
  // What `diff` would take for one more run.
  EXPECT_FALSE(exists(out_ / "report-2" / "results.json"));
}

TEST_F(OutputTest, AReportElsewhereIsRefusedWhereSomethingElseIs) {
  std::filesystem::create_directory(out_);
  const path file = directory_ / "results.json";
  WriteResults(SampleResults(), file);
  const auto report = [&] {
    return RunVerb({"report", file, "--out", out_}).exit_code;
  };
  EXPECT_EQ(report(), 0);
  EXPECT_EQ(Text(out_ / "results.json"), Text(file));
  EXPECT_EQ(report(), 0);
  std::ofstream(out_ / "report.md", std::ios::app) << "my remarks\n";
  EXPECT_EQ(report(), 2);
  EXPECT_THAT(Text(out_ / "report.md"), EndsWith("my remarks\n"));
}

// Results on a medium that is only to be read.
TEST_F(OutputTest, AReportThatCannotBeWrittenIsShownAllTheSame) {
  const path file = directory_ / "results.json";
  WriteResults(SampleResults(), file);
  const VerbOutcome outcome = RunVerb({"report", file, "--out", "/proc/run"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("cannot write /proc/run"));
  EXPECT_THAT(outcome.output, StartsWith("Server CPU per message: "));
}

}  // namespace
}  // namespace polymux::bench
