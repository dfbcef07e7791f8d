#include "bench/load/load_options.h"

#include <CLI/CLI.hpp>
#include <cstddef>
#include <limits>
#include <stdexcept>

#include "apps/flag_values.h"
#include "bench/load/cpu_list.h"

namespace polymux::bench {
namespace {

constexpr std::size_t kMaxDepth = 65536;
constexpr std::size_t kMaxThreads = 1024;
constexpr std::size_t kMaxSize = std::size_t{1} << 30;

constexpr char kDescription[] =
    "Sends messages to a TCP server that echoes, checks every byte that comes\n"
    "back and tells the rate and the latency. Each connection keeps --depth\n"
    "messages on the way: an answered one is replaced at once.";

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

// A whole number within bounds, which --help does not repeat.
CLI::Validator Whole(std::size_t min, std::size_t max) {
  return CLI::Range(min, max).description("");
}

void AddShape(CLI::App& app, LoadShape& shape) {
  constexpr auto kMax = std::numeric_limits<std::size_t>::max() / 4;
  app.add_option("-c,--connections", shape.connections, "Active connections")
      ->capture_default_str()
      ->type_name("N")
      ->check(Whole(0, kMax));
  app.add_option("--idle", shape.idle,
                 "Further connections: one message at the start,\n"
                 "then silent")
      ->capture_default_str()
      ->type_name("N")
      ->check(Whole(0, kMax));
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
      ->check(Whole(1, kMaxThreads));
  app.add_option("--seed", shape.seed, "Chooses the bytes that are sent")
      ->capture_default_str()
      ->type_name("N");
}

// What no single flag can check, or not before its text is converted.
void CheckShape(const LoadShape& shape) {
  if (shape.connections + shape.idle == 0) {
    throw CLI::ValidationError("--connections, --idle", "both are zero");
  }
  if (shape.size == 0 || shape.size > kMaxSize) {
    throw CLI::ValidationError("--size", "must be from 1 to 1g");
  }
  if (shape.duration.count() == 0) {
    throw CLI::ValidationError("--duration", "must be above zero");
  }
}

}  // namespace

std::optional<int> ParseLoadOptions(int argc, const char* const* argv,
                                    LoadOptions& options) {
  CLI::App app(kDescription);
  app.footer(kFooter);
  app.get_formatter()->column_width(30);
  app.add_option("target",
                 Converter("HOST:PORT", options.target, ParseHostPort),
                 "The server, like 127.0.0.1:7000 or [::1]:7000")
      ->required()
      ->option_text("HOST:PORT");
  AddShape(app, options.shape);
  app.add_flag("--json", options.json, "Print the result as JSON");
  app.add_option("--cpu", Converter("--cpu", options.cpus, ParseCpuList),
                 "Run on these CPUs only, like 1 or 0,2-3")
      ->type_name("LIST");
  CLI::Option* const observe =
      app.add_option("--observe", options.observe,
                     "Tell what these processes use while it measures")
          ->delimiter(',')
          ->option_text("PID[,PID...]")
          ->check(Whole(1, std::numeric_limits<pid_t>::max()));
  app.add_flag("--signal-window", options.signal_window,
               "Send SIGUSR1 to the first of them when the\n"
               "measuring begins and when it ends")
      ->needs(observe);
  app.callback([&options] { CheckShape(options.shape); });
  return ParseFlags(app, argc, argv);
}

}  // namespace polymux::bench
