// Writes pages of the rich sample for other tests: a sound and an unsound one,
// one with many arms, and one of a long run.
// Usage: sample_page SOUND UNSOUND MANY LONG

#include <fstream>
#include <string>

#include "bench/report/page.h"
#include "tests/bench/report/report_samples.h"

namespace {

std::string PageOf(const polymux::bench::Results& results) {
  return RenderPage(results, Analyze(results.plan, results.trials));
}

}  // namespace

int main(int argc, char** argv) {
  using polymux::bench::Analysis;
  using polymux::bench::RenderPage;
  using polymux::bench::Results;
  using polymux::bench::RichResults;
  if (argc != 5) return 2;
  const Results results = RichResults(12);
  Analysis analysis = polymux::bench::RichAnalysis(results);
  std::ofstream sound(argv[1]);
  sound << RenderPage(results, analysis);
  analysis.controls[0].sound = false;
  std::ofstream unsound(argv[2]);
  unsound << RenderPage(results, analysis);
  std::ofstream many(argv[3]);
  many << PageOf(RichResults(1, 12));
  std::ofstream long_run(argv[4]);
  long_run << PageOf(RichResults(28));
  return sound && unsound && many && long_run ? 0 : 1;
}
