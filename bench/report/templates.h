#ifndef POLYMUX_BENCH_REPORT_TEMPLATES_H_
#define POLYMUX_BENCH_REPORT_TEMPLATES_H_

namespace polymux::bench {

// The files report.html and report.css, as the build embeds them.
extern const char kReportHtml[];
extern const char kReportCss[];

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_TEMPLATES_H_
