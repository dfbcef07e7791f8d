#include "bench/report/report_main.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>

#include "apps/flag_values.h"
#include "bench/lab/read_results.h"
#include "bench/lab/table.h"
#include "bench/report/write_reports.h"

namespace polymux::bench {
namespace {

constexpr int kOk = 0;
constexpr int kRunTimeError = 1;

// `bazel run` starts a program elsewhere and says where the user is.
std::filesystem::path UserDirectory() {
  const char* directory = std::getenv("BUILD_WORKING_DIRECTORY");
  return directory == nullptr ? std::filesystem::current_path() : directory;
}

void Report(const std::filesystem::path& file,
            const std::filesystem::path& directory) {
  const Results results = ReadResults(file);
  const auto page = WriteReports(results, directory);
  fmt::print("{}\n{}\n", RenderTable(results), page.string());
}

}  // namespace

int ReportMain(int argc, char** argv) {
  CLI::App app(
      "Renders the results of `polymux compare` again: results.csv, report.md, "
      "report.html and latency/*.hgrm. Measures nothing.",
      argv[0]);
  std::string file;
  std::string directory;
  app.add_option("FILE", file, "results.json of a comparison")->required();
  app.add_option("--out", directory,
                 "Where the report goes\n(default: beside FILE)");
  if (const auto exit_code = ParseFlags(app, argc, argv)) return *exit_code;
  try {
    const auto path = UserDirectory() / file;
    Report(path, directory.empty() ? path.parent_path()
                                   : UserDirectory() / directory);
    return kOk;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return kRunTimeError;
  }
}

}  // namespace polymux::bench
