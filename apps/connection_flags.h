#ifndef POLYMUX_APPS_CONNECTION_FLAGS_H_
#define POLYMUX_APPS_CONNECTION_FLAGS_H_

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reactor/connection.h"

namespace polymux {

// What a command line says of a server's connections: how the stream is cut
// into messages, and what a connection may cost.
class ConnectionFlags {
 public:
  // Adds the flags, with the defaults of Connection::Options and of a framed
  // server's time-outs. This must outlive the parsing.
  void AddTo(CLI::App& app);
  // The same without --codec and --max-frame, for a protocol with a framing of
  // its own.
  void AddTo(CLI::App& app, std::shared_ptr<const Framing> framing);

  // After the parsing, before the rest: throws CLI::ValidationError when the
  // values do not go together.
  void Check() const;

  // After the parsing. Without framing, a time-out that was not given is off:
  // a raw stream has no messages to wait for.
  Connection::Options options() const;

 private:
  void AddLimits(CLI::App& app, const std::string& off);
  void AddTimeout(CLI::App& app, const std::string& name,
                  std::chrono::nanoseconds ConnectionTimeouts::*member,
                  std::chrono::nanoseconds preset, const std::string& help);
  std::shared_ptr<const Framing> framing() const;

  Connection::Options options_;
  std::shared_ptr<const Framing> own_framing_;  // null: what --codec says
  std::string codec_ = "raw";
  std::size_t max_frame_ = std::size_t{1} << 20;
  std::vector<std::pair<const CLI::Option*,
                        std::chrono::nanoseconds ConnectionTimeouts::*>>
      timeouts_;
};

}  // namespace polymux

#endif  // POLYMUX_APPS_CONNECTION_FLAGS_H_
