#include "bench/load/proc_reading.h"

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

bool ReadClock(pid_t pid, ProcReading::Process& process) {
  if (clock_getcpuclockid(pid, &process.clock) != 0) return false;
  process.cpu_ns = ReadClockNs(process.clock);
  return true;
}

// cminflt, utime and stime, fields 11, 14 and 15 of proc(5). The second field
// is the program's name in parentheses and may hold anything, so the count
// starts behind the last parenthesis.
bool ReadTimes(pid_t pid, ProcReading::Process& process) {
  std::ifstream file = OpenProc(pid, "stat");
  std::string line;
  if (!std::getline(file, line)) return false;
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 11; ++field) fields >> skipped;
  fields >> process.faults_of_children;
  for (int field = 12; field < 14; ++field) fields >> skipped;
  std::int64_t user = 0;
  std::int64_t system = 0;
  if (!(fields >> user >> system)) return false;
  const std::int64_t tick_ns = 1'000'000'000 / sysconf(_SC_CLK_TCK);
  process.user_ns = user * tick_ns;
  process.system_ns = system * tick_ns;
  return true;
}

// A zombie has a status without memory.
bool ReadStatus(pid_t pid, ProcReading::Process& process) {
  constexpr auto kRestOfLine = std::numeric_limits<std::streamsize>::max();
  std::ifstream file = OpenProc(pid, "status");
  int found = 0;
  for (std::string key; file >> key; file.ignore(kRestOfLine, '\n')) {
    std::int64_t kibibytes = 0;
    if (key == "VmRSS:" && file >> kibibytes) {
      process.rss_bytes = kibibytes * 1024;
      ++found;
    } else if (key == "RssAnon:" && file >> kibibytes) {
      process.rss_anon_bytes = kibibytes * 1024;
      ++found;
    } else if (key == "SigIgn:") {
      std::uint64_t ignored = 0;
      file >> std::hex >> ignored >> std::dec;
      process.ignores_children = (ignored >> (SIGCHLD - 1) & 1) != 0;
    }
  }
  return found == 2;
}

void ReadThread(const std::filesystem::path& task, ProcReading& reading) {
  std::ifstream file(task / "status");
  ProcReading::Switches switches;
  int found = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key;
    std::int64_t count = 0;
    words >> key >> count;
    if (key == "voluntary_ctxt_switches:") {
      switches.voluntary = count;
      ++found;
    } else if (key == "nonvoluntary_ctxt_switches:") {
      switches.involuntary = count;
      ++found;
    }
  }
  if (found != 2) return;
  reading.threads[std::stoi(task.filename().string())] = switches;
}

void ReadThreads(pid_t pid, ProcReading& reading) {
  std::error_code error;
  std::filesystem::directory_iterator task(
      "/proc/" + std::to_string(pid) + "/task", error);
  for (; !error && task != std::filesystem::directory_iterator();
       task.increment(error)) {
    ReadThread(task->path(), reading);
  }
}

}  // namespace

ProcReading ReadProc(std::span<const pid_t> pids) {
  ProcReading reading;
  for (const pid_t pid : pids) {
    ProcReading::Process process;
    if (!ReadClock(pid, process) || !ReadTimes(pid, process) ||
        !ReadStatus(pid, process)) {
      continue;
    }
    reading.processes[pid] = process;
    ReadThreads(pid, reading);
  }
  return reading;
}

}  // namespace polymux::bench
