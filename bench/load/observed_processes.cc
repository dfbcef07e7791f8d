#include "bench/load/observed_processes.h"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <system_error>

#include "bench/load/clock.h"

namespace polymux::bench {
namespace {

std::ifstream OpenProc(pid_t pid, const char* file) {
  return std::ifstream("/proc/" + std::to_string(pid) + "/" + file);
}

// Adds utime and stime, fields 14 and 15 of proc(5). The second field is the
// program's name in parentheses and may hold anything, so the count starts
// behind the last parenthesis.
bool AddTimes(pid_t pid, ObservedUsage& usage) {
  std::ifstream file = OpenProc(pid, "stat");
  std::string line;
  if (!std::getline(file, line)) return false;
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  std::int64_t user = 0;
  std::int64_t system = 0;
  if (!(fields >> user >> system)) return false;
  const std::int64_t tick_ns = 1'000'000'000 / sysconf(_SC_CLK_TCK);
  usage.user_ns += user * tick_ns;
  usage.system_ns += system * tick_ns;
  return true;
}

// A zombie has a status without memory; that counts as ended.
bool AddMemory(pid_t pid, ObservedUsage& usage) {
  constexpr auto kRestOfLine = std::numeric_limits<std::streamsize>::max();
  std::ifstream file = OpenProc(pid, "status");
  int found = 0;
  for (std::string key; file >> key; file.ignore(kRestOfLine, '\n')) {
    std::int64_t kibibytes = 0;
    if (key == "VmRSS:" && file >> kibibytes) {
      usage.rss_bytes += kibibytes * 1024;
      ++found;
    } else if (key == "RssAnon:" && file >> kibibytes) {
      usage.rss_anon_bytes += kibibytes * 1024;
      ++found;
    }
  }
  return found == 2;
}

void AddSwitchesOfThread(const std::filesystem::path& task,
                         ObservedUsage& usage) {
  std::ifstream file(task / "status");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key;
    std::int64_t count = 0;
    words >> key >> count;
    if (key == "voluntary_ctxt_switches:") usage.voluntary_switches += count;
    if (key == "nonvoluntary_ctxt_switches:") {
      usage.involuntary_switches += count;
    }
  }
}

// A thread that ends meanwhile is left out.
bool AddSwitches(pid_t pid, ObservedUsage& usage) {
  std::error_code error;
  std::filesystem::directory_iterator task(
      "/proc/" + std::to_string(pid) + "/task", error);
  for (; !error && task != std::filesystem::directory_iterator();
       task.increment(error)) {
    AddSwitchesOfThread(task->path(), usage);
  }
  return !error;
}

}  // namespace

ObservedProcesses::ObservedProcesses(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) {
    Process process{pid, {}};
    const int error = clock_getcpuclockid(pid, &process.clock);
    if (error != 0) {
      throw std::system_error(error, std::system_category(),
                              "--observe " + std::to_string(pid));
    }
    processes_.push_back(process);
  }
}

std::int64_t ObservedProcesses::CpuNs() const {
  std::int64_t sum = 0;
  for (const Process& process : processes_) sum += ReadClockNs(process.clock);
  return sum;
}

std::optional<ObservedUsage> ObservedProcesses::ReadProc() const {
  ObservedUsage usage;
  for (const Process& process : processes_) {
    if (!AddTimes(process.pid, usage) || !AddMemory(process.pid, usage) ||
        !AddSwitches(process.pid, usage)) {
      return std::nullopt;
    }
  }
  return usage;
}

void ObservedProcesses::SignalFirst(int signal) const {
  if (!processes_.empty()) kill(processes_.front().pid, signal);
}

}  // namespace polymux::bench
