#include <array>
#include <iostream>
#include <string>
#include <string_view>

#include "apps/echo.h"
#include "apps/printable_text.h"
#include "apps/program.h"
#include "bench/lab/compare_main.h"
#include "bench/lab/list_main.h"
#include "bench/load/load_main.h"
#include "bench/peers/peers.h"
#include "bench/report/report_main.h"
#include "bench/verbs/advise_main.h"
#include "bench/verbs/diff_main.h"
#include "bench/verbs/doctor_main.h"
#include "bench/verbs/trace_main.h"

namespace polymux::bench {
namespace {

constexpr int kUsageError = 2;

struct Verb {
  std::string_view name;
  std::string_view help;
  int (*main)(int argc, char** argv);
};

constexpr std::array kVerbs = {
    Verb{"compare", "Measure one server over every multiplexer", CompareMain},
    Verb{"report", "Render the results of a comparison again", ReportMain},
    Verb{"advise", "Tell from results which backend suits a workload",
         AdviseMain},
    Verb{"diff", "Compare two results files", DiffMain},
    Verb{"doctor", "Tell whether this machine is fit to measure", DoctorMain},
    Verb{"trace", "Show the system calls of one request, explained", TraceMain},
    Verb{"list", "Show what can be compared", ListMain},
    Verb{"serve", "Run the echo server", EchoServerMain},
    Verb{"peer", "Run an echo server without the reactor, as a control",
         PeerMain},
    Verb{"load", "Put load on a server that echoes and check every byte",
         LoadMain},
};

void PrintHelp(std::ostream& out) {
  out << "Which I/O multiplexer should this server use, and how much does it "
         "matter?\n\nUsage: polymux VERB [OPTIONS]\n\n";
  for (const Verb& verb : kVerbs) {
    out << "  " << verb.name << std::string(10 - verb.name.size(), ' ')
        << verb.help << "\n";
  }
  out << "\npolymux VERB --help tells more of each.\n";
}

int Main(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "--help";
  if (name == "--help" || name == "-h" || name == "help") {
    PrintHelp(std::cout);
    return 0;
  }
  for (const Verb& verb : kVerbs) {
    if (verb.name != name) continue;
    std::string program = "polymux " + std::string(name);
    argv[1] = program.data();
    return verb.main(argc - 1, argv + 1);
  }
  std::cerr << "polymux: no verb '" << PrintableLine(name) << "'\n\n";
  PrintHelp(std::cerr);
  return kUsageError;
}

}  // namespace
}  // namespace polymux::bench

int main(int argc, char** argv) {
  return polymux::RunProgram(argc, argv, polymux::bench::Main);
}
