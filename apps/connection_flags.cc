#include "apps/connection_flags.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "apps/codec.h"
#include "apps/flag_values.h"
#include "reactor/check_options.h"

namespace polymux {
namespace {

// Options are named like members, flags with dashes.
std::string AsFlags(std::string text) {
  std::ranges::replace(text, '_', '-');
  return text;
}

std::string FlagOf(std::string_view option) {
  return "--" + AsFlags(std::string(option));
}

}  // namespace

void ConnectionFlags::AddTo(CLI::App& app) {
  AddSize(app, "--max-frame", max_frame_, "largest payload of a frame");
  app.add_option(
         "--codec", codec_,
         "how the stream is cut into messages: " + std::string(kCodecNames))
      ->type_name("CODEC")
      ->capture_default_str();
  AddLimits(app, "; 0s: for ever, as without a codec");
}

void ConnectionFlags::AddTo(CLI::App& app,
                            std::shared_ptr<const Framing> framing) {
  own_framing_ = std::move(framing);
  AddLimits(app, "; 0s: for ever");
}

void ConnectionFlags::AddLimits(CLI::App& app, const std::string& off) {
  using std::chrono_literals::operator""s;
  AddSize(app, "--high-water", options_.high_water,
          "reading pauses with more output pending");
  AddSize(app, "--low-water", options_.low_water,
          "reading goes on with no more than this pending");
  AddSize(app, "--max-output", options_.max_output,
          "with more output pending a connection is closed");
  AddTimeout(app, "--first-byte-timeout", &ConnectionTimeouts::first_byte, 10s,
             "from the connect to the first byte" + off);
  AddTimeout(app, "--frame-timeout", &ConnectionTimeouts::frame, 10s,
             "from the first byte of a frame to its last" + off);
  AddTimeout(app, "--idle-timeout", &ConnectionTimeouts::idle, 60s,
             "from one message to the next" + off);
  AddTimeout(app, "--write-timeout", &ConnectionTimeouts::write, 30s,
             "of pending output that the peer takes nothing of" + off);
  AddDuration(app, "--linger-timeout", options_.timeouts.linger,
              "how long to wait for the peer's end after ours");
  AddSize(app, "--linger-bytes", options_.max_discarded,
          "what is read and dropped meanwhile after a malformed frame");
}

void ConnectionFlags::Check() const {
  if (max_frame_ > Framing::kLargestPayload) {
    throw CLI::ValidationError(
        "--max-frame",
        "more than " + FormatSize(Framing::kLargestPayload) + " is not legal");
  }
  try {
    framing();
  } catch (const std::invalid_argument& error) {
    throw CLI::ValidationError("--codec", error.what());
  }
  if (const auto bad = CheckOptions(options())) {
    throw CLI::ValidationError(FlagOf(bad->name), AsFlags(bad->why));
  }
}

void ConnectionFlags::AddTimeout(
    CLI::App& app, const std::string& name,
    std::chrono::nanoseconds ConnectionTimeouts::*member,
    std::chrono::nanoseconds preset, const std::string& help) {
  options_.timeouts.*member = preset;
  timeouts_.emplace_back(
      AddDuration(app, name, options_.timeouts.*member, help), member);
}

std::shared_ptr<const Framing> ConnectionFlags::framing() const {
  return own_framing_ ? own_framing_ : MakeFraming(codec_, max_frame_);
}

Connection::Options ConnectionFlags::options() const {
  Connection::Options options = options_;
  options.framing = framing();
  if (!options.framing) {
    for (const auto& [flag, member] : timeouts_) {
      if (flag->count() == 0) options.timeouts.*member = {};
    }
  }
  return options;
}

}  // namespace polymux
