#include "bench/report/embedded_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "bench/report/data_link.h"
#include "bench/report/latencies.h"

namespace polymux::bench {
namespace {

// No document of ours is compressed better than that, so that it need not be
// tried.
constexpr std::size_t kBestCompression = 40;

// Beside the data.
constexpr std::size_t kMaxText = 600;

// Buckets per doubling of the latency, as exponents of 2, the finest first.
constexpr std::array kResolutions{6, 5, 4, 3};

// The results compressed; empty when they take more than `most` bytes.
std::optional<std::string> Compressed(const Results& results,
                                      std::size_t most) {
  const std::string document = ToJson(results);
  if (document.size() > kBestCompression * most) return std::nullopt;
  std::string data = Gzip(document);
  if (data.size() > most) return std::nullopt;
  return data;
}

Results WithoutHistograms(Results results) {
  for (Trial& trial : results.trials) {
    trial.load.histogram.clear();
    trial.load.histograms.clear();
  }
  results.latencies.clear();
  return results;
}

std::vector<MergedLatencies> MergeAll(const Results& results) {
  std::vector<MergedLatencies> all;
  for (std::size_t i = 0; i < results.plan.scenarios.size(); ++i) {
    for (std::size_t arm = 0; arm < results.plan.arms.size(); ++arm) {
      const auto counts = MergeLatencies(results, i, arm);
      if (counts.empty()) continue;
      all.push_back({i, arm, {counts.begin(), counts.end()}});
    }
  }
  return all;
}

void CoarsenAll(std::vector<MergedLatencies>& all, int resolution) {
  for (MergedLatencies& merged : all) {
    const auto counts =
        Coarsen({merged.histogram.begin(), merged.histogram.end()}, resolution);
    merged.histogram.assign(counts.begin(), counts.end());
  }
}

std::string_view Remark(const Results& results) {
  if (std::ranges::any_of(results.trials, [](const Trial& trial) {
        return !trial.load.histogram.empty();
      })) {
    return "every trial with its histogram";
  }
  return results.latencies.empty()
             ? "every trial, but no latency histograms: those are in the "
               "original results.json"
             : "every trial, but the latency histograms of each arm added up, "
               "lest this file become too large: those of the trials are in "
               "the original results.json";
}

std::string Link(const Results& results, const std::string& data) {
  return fmt::format(
      "<p><a download=\"results.json.gz\" "
      "href=\"data:application/gzip;base64,{}\">results.json.gz</a> ({} KiB): "
      "{}. <code>gunzip</code> it; <code>polymux report results.json</code> "
      "makes this page from it.</p>\n",
      Base64(data), (data.size() + 1023) / 1024, Remark(results));
}

}  // namespace

std::string EmbeddedData(const Results& results, std::size_t room) {
  const std::size_t most = room > kMaxText ? (room - kMaxText) / 4 * 3 : 0;
  if (const auto data = Compressed(results, most)) return Link(results, *data);
  Results light = WithoutHistograms(results);
  light.latencies = MergeAll(results);
  if (const auto data = Compressed(light, most)) return Link(light, *data);
  for (const int resolution : kResolutions) {
    CoarsenAll(light.latencies, resolution);
    if (const auto data = Compressed(light, most)) return Link(light, *data);
  }
  light.latencies.clear();
  if (const auto data = Compressed(light, most)) return Link(light, *data);
  return "<p>The data is too large for this page: see the original "
         "<code>results.json</code>.</p>\n";
}

}  // namespace polymux::bench
