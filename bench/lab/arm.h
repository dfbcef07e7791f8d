#ifndef POLYMUX_BENCH_LAB_ARM_H_
#define POLYMUX_BENCH_LAB_ARM_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace polymux::bench {

enum class ArmKind {
  kBackend,  // `polymux serve` on one backend of this program
  kServer,   // another build of echo_server
  kPeer,     // `polymux peer`: a server without the reactor
  kForeign,  // any command that echoes on a port
};

// "backend", "server", "peer", "foreign".
std::string_view ToString(ArmKind kind);

// One of the servers that are compared.
struct Arm {
  // Unique in a comparison; a second copy of "poll" is "poll#2".
  std::string name;
  ArmKind kind = ArmKind::kBackend;
  // The backend's or peer's name, the server's path, the shell command.
  std::string target;
  // The highest descriptor number that it can watch; none: no limit of its own.
  std::optional<int> max_fd = {};
  // Why it cannot run on this machine; empty when it can.
  std::string unavailable = {};
  // Whether it is compared when no arms are named.
  bool by_default = true;
  // SHA-256 of its program's file; empty: not known.
  std::string sha256 = {};

  // Whether it understands --reactors and --stats-json, so that its counters
  // can be read.
  bool is_polymux() const {
    return kind == ArmKind::kBackend || kind == ArmKind::kServer;
  }
};

// The backends of this program, then its peers.
std::vector<Arm> BuiltInArms();

// Parse "NAME=PATH" and "NAME=COMMAND", where COMMAND contains "{port}".
// Throw UsageError.
Arm ParseServerArm(std::string_view text);
Arm ParseForeignArm(std::string_view text);

// The arms of a comparison.  `names` chooses among `built_in` and `own`; a name
// given n times makes n copies; the one name "all" stands for each of them.
// Empty: those of `built_in` that are compared by default.  Those of `own` that
// `names` does not mention follow.  Throws UsageError for an unknown name, or
// when two of the known ones are the same.
std::vector<Arm> SelectArms(std::span<const std::string> names,
                            std::span<const Arm> built_in,
                            std::span<const Arm> own);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_ARM_H_
