#include "bench/lab/arm.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "bench/lab/usage_error.h"
#include "bench/peers/peers.h"
#include "poller/backends.h"

namespace polymux::bench {
namespace {

// So that a table with long names still fits 100 columns.
constexpr std::size_t kMaxNameLength = 20;
constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

Arm ParseNamed(std::string_view flag, std::string_view text, ArmKind kind) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals + 1 == text.size()) {
    throw UsageError(
        fmt::format("{} takes NAME=VALUE, not \"{}\"", flag, text));
  }
  const std::string_view name = text.substr(0, equals);
  if (name.empty() || name.size() > kMaxNameLength ||
      name.find_first_not_of(kNameCharacters) != std::string_view::npos) {
    throw UsageError(fmt::format(
        "{}: \"{}\" is no name: 1 to {} letters, digits, '.', '_' and '-'",
        flag, name, kMaxNameLength));
  }
  return Arm{.name = std::string(name),
             .kind = kind,
             .target = std::string(text.substr(equals + 1))};
}

std::vector<std::string> Names(std::span<const Arm> arms) {
  std::vector<std::string> names;
  std::ranges::transform(arms, std::back_inserter(names), &Arm::name);
  return names;
}

void RequireDistinct(std::span<const Arm> arms) {
  std::vector<std::string> names = Names(arms);
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  if (twice != names.end()) {
    throw UsageError(fmt::format("there are two arms named \"{}\"", *twice));
  }
}

}  // namespace

std::string_view ToString(ArmKind kind) {
  switch (kind) {
    case ArmKind::kBackend:
      return "backend";
    case ArmKind::kServer:
      return "server";
    case ArmKind::kPeer:
      return "peer";
    case ArmKind::kForeign:
      break;
  }
  return "foreign";
}

std::vector<Arm> BuiltInArms() {
  std::vector<Arm> arms;
  for (const Backend& backend : Backends()) {
    arms.push_back({.name = std::string(backend.name),
                    .kind = ArmKind::kBackend,
                    .target = std::string(backend.name),
                    .max_fd = backend.max_fd,
                    .unavailable = backend.probe()});
  }
  for (const Peer& peer : Peers()) {
    arms.push_back({.name = std::string(peer.name),
                    .kind = ArmKind::kPeer,
                    .target = std::string(peer.name),
                    .max_fd = peer.max_fd,
                    .unavailable = peer.probe(),
                    .by_default = peer.by_default});
  }
  return arms;
}

Arm ParseServerArm(std::string_view text) {
  return ParseNamed("--server", text, ArmKind::kServer);
}

Arm ParseForeignArm(std::string_view text) {
  Arm arm = ParseNamed("--arm", text, ArmKind::kForeign);
  if (arm.target.find("{port}") == std::string::npos) {
    throw UsageError(
        fmt::format("--arm {}: the command must contain {{port}}, the port of "
                    "127.0.0.1 to listen on",
                    arm.name));
  }
  return arm;
}

std::vector<Arm> SelectArms(std::span<const std::string> names,
                            std::span<const Arm> built_in,
                            std::span<const Arm> own) {
  std::vector<Arm> known(built_in.begin(), built_in.end());
  known.insert(known.end(), own.begin(), own.end());
  RequireDistinct(known);
  if (names.size() == 1 && names.front() == "all") return known;

  std::vector<Arm> selected;
  if (names.empty()) {
    std::ranges::copy_if(built_in, std::back_inserter(selected),
                         &Arm::by_default);
  }
  std::map<std::string, int> copies;
  for (const std::string& name : names) {
    const auto arm = std::ranges::find(known, name, &Arm::name);
    if (arm == known.end()) {
      throw UsageError(fmt::format("no arm \"{}\"; there are {}", name,
                                   fmt::join(Names(known), ", ")));
    }
    selected.push_back(*arm);
    const int copy = ++copies[name];
    if (copy > 1) selected.back().name += fmt::format("#{}", copy);
  }
  std::ranges::copy_if(own, std::back_inserter(selected), [&](const Arm& arm) {
    return !copies.contains(arm.name);
  });
  return selected;
}

}  // namespace polymux::bench
