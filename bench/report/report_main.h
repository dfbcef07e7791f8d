#ifndef POLYMUX_BENCH_REPORT_REPORT_MAIN_H_
#define POLYMUX_BENCH_REPORT_REPORT_MAIN_H_

namespace polymux::bench {

// The verb `report`: renders a results file again; measures nothing.  Exit
// codes: 0, 1 when the file cannot be read or the report not be written, 2 for
// a usage error, 3 when a condition is n/a, 4 when a --fail-if condition holds.
int ReportMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_REPORT_MAIN_H_
