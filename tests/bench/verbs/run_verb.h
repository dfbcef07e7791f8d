#ifndef POLYMUX_TESTS_BENCH_VERBS_RUN_VERB_H_
#define POLYMUX_TESTS_BENCH_VERBS_RUN_VERB_H_

#include <string>
#include <vector>

namespace polymux::bench {

struct VerbOutcome {
  int exit_code = -1;  // -1: killed, or it did not end
  std::string output;
  std::string errors;
};

// Runs `polymux ARGUMENTS` to its end.  REQUIRES: //bench:polymux in `data`.
VerbOutcome RunVerb(const std::vector<std::string>& arguments);

// The same of a bash script that finds the program in $POLYMUX.
VerbOutcome RunInShell(const std::string& script);

}  // namespace polymux::bench

#endif  // POLYMUX_TESTS_BENCH_VERBS_RUN_VERB_H_
