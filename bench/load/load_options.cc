#include "bench/load/load_options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "apps/flag_values.h"
#include "bench/load/cpu_list.h"
#include "bench/load/load_limits.h"

namespace polymux::bench {
namespace {

constexpr std::size_t kMaxMessagesPerConnection = 1'000'000'000;

constexpr char kDescription[] =
    "Sends messages to a TCP server that echoes, checks every byte that comes\n"
    "back and tells the rate and the latency. Each connection keeps --depth\n"
    "messages on the way: an answered one is replaced at once. With --rate "
    "the\n"
    "messages are sent at times that do not depend on the server.";

constexpr char kFooter[] =
    "Examples:\n"
    "  polymux load 127.0.0.1:7000 -c 100 -d 3s\n"
    "  polymux load '[::1]:7000' -c 10 --idle 900 --size 4k --depth 16\n"
    "\n"
    "Exit code: 0 all echoes came back right; 1 an error; 2 usage; 130\n"
    "interrupted.";

// The conversion of a text by `parse`, whose std::invalid_argument becomes a
// usage error that names the flag.
template <typename Value, typename Parse>
CLI::callback_t Converter(const char* name, Value& value, Parse parse) {
  return [name, &value, parse](const CLI::results_t& texts) {
    try {
      value = parse(texts.front());
    } catch (const std::invalid_argument& error) {
      throw CLI::ValidationError(name, error.what());
    }
    return true;
  };
}

// Throws std::invalid_argument with a message for the user.
double ParseRate(std::string_view text) {
  double rate = 0;
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, rate);
  if (error != std::errc() || next != end) {
    throw std::invalid_argument("'" + std::string(text) +
                                "': write messages per second, like 20000");
  }
  return rate;
}

// Throws like ParseRate.
HostPort ParseTarget(std::string_view text) {
  if (auto target = ParseHostPort(text)) return *std::move(target);
  throw std::invalid_argument(
      "'" + std::string(text) +
      "': write HOST:PORT, like 127.0.0.1:7000 or [::1]:7000");
}

// Throws like ParseRate.
Arrivals ParseArrivals(std::string_view text) {
  if (const auto arrivals = FindArrivals(text)) return *arrivals;
  throw std::invalid_argument("'" + std::string(text) +
                              "': write constant or poisson");
}

// A whole number within bounds, which --help does not repeat.
CLI::Validator Whole(std::size_t min, std::size_t max) {
  return CLI::Range(min, max).description("");
}

void AddShape(CLI::App& app, LoadShape& shape) {
  app.add_option("-c,--connections", shape.connections, "Active connections")
      ->capture_default_str()
      ->type_name("N")
      ->check(Whole(0, kMaxConnections));
  app.add_option("--idle", shape.idle,
                 "Further connections: one message at the start,\n"
                 "then silent")
      ->capture_default_str()
      ->type_name("N")
      ->check(Whole(0, kMaxConnections));
  AddSize(app, "-s,--size", shape.size, "Bytes of a message");
  app.add_option("-p,--depth", shape.depth,
                 "Messages on the way per connection")
      ->capture_default_str()
      ->type_name("N")
      ->check(Whole(1, kMaxDepth));
  AddDuration(app, "-d,--duration", shape.duration, "How long to measure");
  AddDuration(app, "-w,--warm-up", shape.warm_up,
              "How long to exchange messages before that");
  app.add_option("--threads", shape.threads,
                 "Threads that share the connections")
      ->capture_default_str()
      ->type_name("N")
      ->check(Whole(1, kMaxLoadThreads));
  app.add_option("--seed", shape.seed,
                 "Chooses the bytes that are sent, and when")
      ->capture_default_str()
      ->type_name("N");
}

void AddTraffic(CLI::App& app, LoadShape& shape) {
  CLI::Option* const rate =
      app.add_option("--rate", Converter("--rate", shape.rate, ParseRate),
                     "Send so many messages per second in all, and\n"
                     "count their latency from when they were due")
          ->type_name("R");
  app.add_option("--arrivals",
                 Converter("--arrivals", shape.arrivals, ParseArrivals),
                 "When they are due: constant or poisson")
      ->default_str("poisson")
      ->type_name("NAME")
      ->needs(rate);
  app.add_option("--messages-per-connection", shape.messages_per_connection,
                 "Replace a connection after so many messages")
      ->type_name("N")
      ->check(Whole(1, kMaxMessagesPerConnection));
  app.add_option("--slow-readers", shape.slow_readers,
                 "Further connections: they send all they can\n"
                 "and read next to nothing")
      ->capture_default_str()
      ->type_name("N")
      ->check(Whole(0, kMaxSlowReaders));
  app.add_flag("--burst", shape.burst,
               "All connections send at once, and again when\n"
               "all have been answered");
  app.add_flag("--fan-out", shape.fan_out,
               "One connection sends, and all must receive it: for\n"
               "servers like 'polymux serve --fan-out'");
}

void RequireLoadTime(const char* flag, std::chrono::nanoseconds time) {
  if (time <= kMaxLoadTime) return;
  throw CLI::ValidationError(flag, "at most " + FormatDuration(kMaxLoadTime) +
                                       ", not " + FormatDuration(time));
}

// What no single flag can check, or not before its text is converted.
void CheckShape(const LoadShape& shape) {
  if (shape.connections + shape.idle == 0) {
    throw CLI::ValidationError("--connections, --idle", "both are zero");
  }
  if (shape.size == 0 || shape.size > kMaxMessageSize) {
    throw CLI::ValidationError("--size", "must be from 1 to 1g");
  }
  if (shape.duration.count() == 0) {
    throw CLI::ValidationError("--duration", "must be above zero");
  }
  RequireLoadTime("--duration", shape.duration);
  RequireLoadTime("--warm-up", shape.warm_up);
  if (shape.connections > kMaxOnTheWay / shape.depth) {
    throw CLI::ValidationError(
        "--connections, --depth",
        "more than " + std::to_string(kMaxOnTheWay) + " messages on the way");
  }
}

// Which kinds of traffic go together.
void CheckTraffic(const LoadShape& shape) {
  const auto refuse = [](const char* flags, const char* why) {
    throw CLI::ValidationError(flags, why);
  };
  if (shape.connections == 0 &&
      (shape.rate || shape.messages_per_connection || shape.burst)) {
    refuse("--connections", "there is none that could send");
  }
  if (shape.rate && shape.messages_per_connection) {
    refuse("--rate, --messages-per-connection",
           "a message that is due cannot wait for a connection");
  }
  if (shape.rate && shape.burst) {
    refuse("--rate, --burst", "each says when messages are sent");
  }
  if (shape.rate && shape.depth != 1) {
    refuse("--rate, --depth",
           "an open loop sends what is due, whatever is on the way");
  }
  if (shape.burst && shape.depth != 1) {
    refuse("--burst, --depth", "a burst is one message per connection");
  }
  if (shape.burst && shape.messages_per_connection) {
    refuse("--burst, --messages-per-connection",
           "the connections of a burst stay");
  }
  if (shape.burst && shape.threads != 1) {
    refuse("--burst, --threads", "one thread sends a burst");
  }
  if (shape.messages_per_connection &&
      *shape.messages_per_connection < shape.depth) {
    refuse("--messages-per-connection, --depth",
           "a connection has fewer messages than are to be on the way");
  }
}

// What a fan-out goes without.
void CheckFanOut(const LoadShape& shape) {
  if (!shape.fan_out) return;
  const auto refuse = [](const char* flags, const char* why) {
    throw CLI::ValidationError(flags, why);
  };
  if (shape.connections == 0) {
    refuse("--connections", "there is none that could send");
  }
  if (shape.idle != 0) {
    refuse("--fan-out, --idle", "all connections receive, none is silent");
  }
  if (shape.rate || shape.burst || shape.messages_per_connection) {
    refuse("--fan-out",
           "goes neither with --rate nor --burst nor "
           "--messages-per-connection");
  }
  if (shape.slow_readers != 0) {
    refuse("--fan-out, --slow-readers",
           "what they send would reach the others");
  }
  if (shape.threads != 1) {
    refuse("--fan-out, --threads", "one thread sends and receives");
  }
}

void CheckRate(const LoadShape& shape) {
  if (!shape.rate) return;
  if (!(*shape.rate > 0)) {
    throw CLI::ValidationError("--rate", "must be above zero");
  }
  const std::string obstacle =
      ScheduleObstacle(*shape.rate, shape.warm_up, shape.duration);
  if (!obstacle.empty()) throw CLI::ValidationError("--rate", obstacle);
}

}  // namespace

std::optional<int> ParseLoadOptions(int argc, const char* const* argv,
                                    LoadOptions& options) {
  CLI::App app(kDescription);
  app.footer(kFooter);
  app.get_formatter()->column_width(30);
  app.add_option("target", Converter("HOST:PORT", options.target, ParseTarget),
                 "The server, like 127.0.0.1:7000 or [::1]:7000")
      ->required()
      ->option_text("HOST:PORT");
  AddShape(app, options.shape);
  AddTraffic(app, options.shape);
  app.add_flag("--json", options.json, "Print the result as JSON");
  app.add_option("--cpu", Converter("--cpu", options.cpus, ParseCpuList),
                 "Run on these CPUs only, like 1 or 0,2-3")
      ->type_name("LIST");
  CLI::Option* const observe =
      app.add_option("--observe", options.observe,
                     "Tell what these processes and their children use\n"
                     "while it measures")
          ->delimiter(',')
          ->option_text("PID[,PID...]")
          ->check(Whole(1, std::numeric_limits<pid_t>::max()));
  app.add_option("--observe-cgroup", options.observe_cgroup,
                 "The directory of the control group that they are\n"
                 "in: what ends meanwhile is counted too")
      ->type_name("DIR")
      ->needs(observe);
  app.add_flag("--signal-window", options.signal_window,
               "Send SIGUSR1 to the first of them when the\n"
               "measuring begins and when it ends")
      ->needs(observe);
  app.callback([&options] {
    CheckShape(options.shape);
    CheckTraffic(options.shape);
    CheckFanOut(options.shape);
    CheckRate(options.shape);
  });
  return ParseFlags(app, argc, argv);
}

}  // namespace polymux::bench
