#include "bench/load/cpu_list.h"

#include <sched.h>

#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <string>
#include <system_error>

namespace polymux::bench {
namespace {

[[noreturn]] void Reject(std::string_view text) {
  throw std::invalid_argument("'" + std::string(text) +
                              "': write CPU numbers, like 1 or 0,2-3");
}

int ParseCpu(std::string_view text) {
  int cpu = -1;
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, cpu);
  if (error != std::errc() || next != end || cpu < 0 || cpu >= CPU_SETSIZE) {
    Reject(text);
  }
  return cpu;
}

void AppendRange(std::string_view text, std::vector<int>& cpus) {
  const std::size_t dash = text.find('-');
  const int first = ParseCpu(text.substr(0, dash));
  const int last = dash == text.npos ? first : ParseCpu(text.substr(dash + 1));
  if (last < first) Reject(text);
  for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
}

}  // namespace

std::vector<int> ParseCpuList(std::string_view text) {
  std::vector<int> cpus;
  while (true) {
    const std::size_t comma = text.find(',');
    AppendRange(text.substr(0, comma), cpus);
    if (comma == text.npos) return cpus;
    text.remove_prefix(comma + 1);
  }
}

void PinToCpus(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (sched_setaffinity(0, sizeof(set), &set) != 0) {
    throw std::system_error(errno, std::system_category(),
                            "cannot run on the CPUs of --cpu");
  }
}

bool HasSeveralCpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) {
    throw std::system_error(errno, std::system_category(), "sched_getaffinity");
  }
  return CPU_COUNT(&set) > 1;
}

}  // namespace polymux::bench
