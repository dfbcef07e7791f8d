// main() of every micro-benchmark.

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <cstdio>

namespace {

#if defined(NDEBUG)
constexpr const char* kBuild = "optimised";
#else
constexpr const char* kBuild = "DEBUG: do not quote these figures";
#endif

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  RaiseDescriptorLimit();
  // The library's own "library_build_type" is about the library alone.
  benchmark::AddCustomContext("polymux_build", kBuild);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
