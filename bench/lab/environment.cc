#include "bench/lab/environment.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <string_view>

#include "apps/descriptor_limit.h"
#include "apps/printable_text.h"

namespace polymux::bench {
namespace {

std::string FirstLine(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return PrintableLine(line);
}

// The value of the first line "KEY : VALUE" of /proc/cpuinfo.
std::string CpuInfo(std::string_view key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with(key) && colon != std::string::npos) {
      return PrintableLine(line.substr(colon + 2));
    }
  }
  return {};
}

std::string Virtualisation() {
  const std::string flags = " " + CpuInfo("flags") + " ";
  if (flags.find(" hypervisor ") == std::string::npos) return {};
  const std::string product = FirstLine("/sys/class/dmi/id/product_name");
  return product.empty() ? "hypervisor"
                         : fmt::format("hypervisor ({})", product);
}

std::string Kernel() {
  utsname name{};
  uname(&name);
  return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

}  // namespace

Environment ObserveEnvironment() {
  return {
      .date =
          fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))),
      .kernel = Kernel(),
      .cpu_model = CpuInfo("model name"),
      .cpus = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)),
      .memory_bytes = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                      static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)),
      .governor =
          FirstLine("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
      .clock_source = FirstLine("/sys/devices/system/clocksource/clocksource0/"
                                "current_clocksource"),
      .virtualisation = Virtualisation(),
      .somaxconn = FirstLine("/proc/sys/net/core/somaxconn"),
      .descriptor_limit = RaiseDescriptorLimit(),
      .build = ThisBuild(),
      .provenance = ObserveProvenance(),
  };
}

std::string Describe(const Environment& environment) {
  std::string text = fmt::format(
      "{}, {} CPUs, {:.1f} GiB, {}",
      environment.cpu_model.empty() ? "unknown CPU" : environment.cpu_model,
      environment.cpus,
      static_cast<double>(environment.memory_bytes) / (1 << 30),
      environment.kernel);
  if (!environment.virtualisation.empty()) {
    text += ", " + environment.virtualisation;
  }
  return text;
}

}  // namespace polymux::bench
