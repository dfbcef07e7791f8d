#include "bench/lab/kernel_config.h"

#include <sys/utsname.h>
#include <zlib.h>

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string_view>

namespace polymux::bench {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

struct CloseGz {
  void operator()(gzFile_s* file) const { gzclose(file); }
};

// Of the lines "OPTION=value".  zlib reads what is not compressed as well.
Values ReadConfig(const std::string& path) {
  Values values;
  const std::unique_ptr<gzFile_s, CloseGz> file(gzopen(path.c_str(), "rbe"));
  if (!file) return values;
  std::array<char, 4096> buffer;
  while (gzgets(file.get(), buffer.data(), static_cast<int>(buffer.size())) !=
         nullptr) {
    std::string_view line(buffer.data());
    while (line.ends_with('\n')) line.remove_suffix(1);
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    values.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return values;
}

}  // namespace

std::string KernelConfig(std::span<const char* const> options) {
  Values values = ReadConfig("/proc/config.gz");
  if (values.empty()) {
    utsname name{};
    uname(&name);
    values = ReadConfig(std::string("/boot/config-") + name.release);
  }
  if (values.empty()) return {};
  std::string text;
  for (const char* option : options) {
    const auto found = values.find(option);
    text += text.empty() ? "" : " ";
    text += option;
    text += "=" + (found == values.end() ? "n" : found->second);
  }
  return text;
}

}  // namespace polymux::bench
