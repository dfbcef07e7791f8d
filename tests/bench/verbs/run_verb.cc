#include "tests/bench/verbs/run_verb.h"

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "bench/lab/process.h"

namespace polymux::bench {

namespace {

std::string Polymux() {
  return std::filesystem::absolute("bench/polymux").string();
}

VerbOutcome Run(const std::vector<std::string>& command) {
  const Deadline deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(50);
  Process process({.command = command});
  VerbOutcome outcome;
  outcome.output = process.ReadToEnd(deadline).value_or("");
  const auto status = process.WaitForExit(deadline);
  outcome.errors = process.ErrorOutput();
  if (!status) return outcome;
  const std::string how = status->Describe();
  std::sscanf(how.c_str(), "exited with status %d", &outcome.exit_code);
  return outcome;
}

}  // namespace

VerbOutcome RunVerb(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{Polymux()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return Run(command);
}

VerbOutcome RunInShell(const std::string& script) {
  return Run({"env", "POLYMUX=" + Polymux(), "bash", "-c", script});
}

}  // namespace polymux::bench
