// Writes the page of the rich sample, and with a second argument that of an
// unsound one, for the tests in a browser.  Usage: sample_page FILE UNSOUND

#include <fstream>

#include "bench/report/page.h"
#include "tests/bench/report/report_samples.h"

int main(int argc, char** argv) {
  using polymux::bench::Analysis;
  using polymux::bench::RenderPage;
  using polymux::bench::Results;
  if (argc != 3) return 2;
  const Results results = polymux::bench::RichResults(12);
  Analysis analysis = polymux::bench::RichAnalysis(results);
  std::ofstream sound(argv[1]);
  sound << RenderPage(results, analysis);
  analysis.controls[0].sound = false;
  std::ofstream unsound(argv[2]);
  unsound << RenderPage(results, analysis);
  return sound && unsound ? 0 : 1;
}
