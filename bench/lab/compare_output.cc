#include "bench/lab/compare_output.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

#include "apps/printable_text.h"
#include "apps/user_path.h"
#include "bench/lab/console.h"
#include "bench/lab/table.h"
#include "bench/lab/text_file.h"
#include "bench/lab/usage_error.h"
#include "bench/report/write_reports.h"

namespace polymux::bench {
namespace {

std::unique_ptr<OutputDirectory> NewDirectory(
    std::span<const std::filesystem::path> names) {
  constexpr int kMostInASecond = 100;
  const std::string date =
      UserPath(fmt::format("polymux-results/{:%Y%m%d-%H%M%S}",
                           fmt::localtime(std::time(nullptr))))
          .string();
  for (int i = 1;; ++i) {
    try {
      return std::make_unique<OutputDirectory>(
          i == 1 ? date : fmt::format("{}-{}", date, i), names);
    } catch (const UsageError&) {
      if (i == kMostInASecond) throw;
    }
  }
}

template <typename Action>
auto NamingTheFlag(Action action) {
  try {
    return action();
  } catch (const std::system_error& error) {
    throw std::runtime_error(
        fmt::format("--out: cannot write to {}", error.what()));
  }
}

// Where there may be room when there is none beside the other files.
void Rescue(const Results& results) {
  try {
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() /
        fmt::format("polymux-results-{}.json", getpid());
    CreateTextFile(file, ToJson(results));
    TellUser("{} has been written in its place\n", file.string());
  } catch (const std::exception& error) {
    TellUser("cannot write in its place {}\n", PrintableLines(error.what()));
  }
}

void Show(const Results& results, const OutputDirectory& directory,
          std::span<const UnwrittenFile> unwritten) {
  PrintResult("{}\n", RenderTable(results, ColourOfStdout()));
  for (const std::filesystem::path name : {kResultsFile, kPageFile}) {
    const bool is_old =
        std::ranges::count(unwritten, name, &UnwrittenFile::name) > 0;
    if (is_old || !directory.Has(name)) continue;
    PrintResult("{}\n", PrintableLine((directory.path() / name).string()));
  }
}

}  // namespace

std::vector<std::filesystem::path> OutputNames(const Plan& plan) {
  auto names = ReportNames(plan);
  names.emplace_back(kCapacityFile);
  return names;
}

void RequireFreeOutput(const std::filesystem::path& out,
                       std::span<const std::filesystem::path> names) {
  NamingTheFlag([&] { RequireFree(out, names); });
}

std::unique_ptr<OutputDirectory> MakeOutputDirectory(
    const std::filesystem::path& out,
    std::span<const std::filesystem::path> names) {
  return NamingTheFlag([&] {
    return out.empty() ? NewDirectory(names)
                       : std::make_unique<OutputDirectory>(out, names);
  });
}

void Save(const Results& results, const char* name,
          OutputDirectory& directory) {
  if (results.trials.empty()) return;
  try {
    directory.Write(name, ToJson(results));
  } catch (const std::exception& error) {
    TellUser("cannot write yet: {}\n", PrintableLines(error.what()));
  }
}

bool Publish(const Results& results, OutputDirectory& directory) {
  std::vector<UnwrittenFile> unwritten;
  if (results.trials.empty()) {
    TellUser("nothing has been measured, and nothing is written\n");
  } else {
    unwritten = WriteReports(results, directory);
  }
  for (const UnwrittenFile& file : unwritten) {
    TellUser("cannot write {}\n", PrintableLines(file.why));
    if (file.name == kResultsFile) Rescue(results);
  }
  Show(results, directory, unwritten);
  return unwritten.empty();
}

}  // namespace polymux::bench
