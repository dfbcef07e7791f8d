#include "bench/lab/json_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "apps/printable_text.h"

namespace polymux::bench {
namespace {

using Json = nlohmann::json;

[[noreturn]] void FailOutOfRange(const char* key, const Json& value) {
  throw std::runtime_error(
      fmt::format("{}: {} is out of range", key, value.dump()));
}

// A whole number.
std::int64_t Whole(const char* key, const Json& value, std::int64_t least,
                   std::int64_t most) {
  // What is a fraction, or too large for std::int64_t, would become another
  // number.
  const bool fits =
      !value.is_number_float() &&
      !(value.is_number_unsigned() &&
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(most));
  const auto whole = fits ? value.get<std::int64_t>() : least;
  if (!fits || whole < least || whole > most) FailOutOfRange(key, value);
  return whole;
}

// Longer texts are of no use to a reader; ours are shorter.
constexpr std::size_t kMostText = 4096;
constexpr std::size_t kMostName = 200;

constexpr int kMostDepth = 32;

// How deep a document is nested; up to an error of syntax, at which the parser
// stops, this sees what the parser sees.  (Its own callback could tell, but
// gcc 12 has a false warning of that.)
int Depth(std::string_view text) {
  int depth = 0;
  int most = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string) {
      if (c == '\\') ++i;
      continue;
    }
    if (c == '[' || c == '{') most = std::max(most, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return most;
}

std::string CutOff(std::string text) {
  if (text.size() <= kMostText) return text;
  return text.substr(0, kMostText) + " [...]";
}

}  // namespace

void RequireShallow(std::string_view json_text) {
  if (Depth(json_text) > kMostDepth) {
    throw std::runtime_error(
        fmt::format("nested more than {} levels deep", kMostDepth));
  }
}

bool IsGiven(const Json& object, const char* key) {
  const auto value = object.find(key);
  return value != object.end() && !value->is_null();
}

std::string Text(const Json& object, const char* key) {
  return PrintableOnOneLine(CutOff(object.at(key).get<std::string>()));
}

std::string OptionalText(const Json& object, const char* key) {
  return IsGiven(object, key) ? Text(object, key) : std::string();
}

std::string Name(const Json& object, const char* key) {
  return NameOf(key, object.at(key).get<std::string>());
}

std::string NameOf(const char* key, const std::string& name) {
  if (name.size() > kMostName) {
    throw std::runtime_error(
        fmt::format("{}: a name of {} bytes; {} are the most", key, name.size(),
                    kMostName));
  }
  return PrintableLine(name);
}

const Json& List(const Json& object, const char* key, std::size_t most) {
  const Json& list = object.at(key);
  if (list.size() > most) {
    throw std::runtime_error(fmt::format("{}: {} elements; {} are the most",
                                         key, list.size(), most));
  }
  return list;
}

double Number(const Json& object, const char* key) {
  const auto number = object.at(key).get<double>();
  const bool fits = number >= 0 && number <= static_cast<double>(kMostCounted);
  if (!fits) FailOutOfRange(key, object.at(key));
  return number;
}

std::optional<double> OptionalNumber(const Json& object, const char* key) {
  if (!IsGiven(object, key)) return std::nullopt;
  return Number(object, key);
}

int Integer(const Json& object, const char* key, int least, int most) {
  return static_cast<int>(Whole(key, object.at(key), least, most));
}

std::optional<int> OptionalInteger(const Json& object, const char* key,
                                   int least) {
  if (!IsGiven(object, key)) return std::nullopt;
  return Integer(object, key, least);
}

std::vector<int> Integers(const Json& object, const char* key, int least,
                          int most) {
  constexpr std::size_t kMostIntegers = 65'536;
  std::vector<int> integers;
  for (const Json& value : List(object, key, kMostIntegers)) {
    integers.push_back(static_cast<int>(Whole(key, value, least, most)));
  }
  return integers;
}

std::uint64_t Seed(const Json& object, const char* key) {
  const Json& value = object.at(key);
  if (!value.is_number_unsigned()) FailOutOfRange(key, value);
  return value.get<std::uint64_t>();
}

std::int64_t Count(const Json& object, const char* key) {
  return CountOf(key, object.at(key));
}

std::optional<std::int64_t> OptionalCount(const Json& object, const char* key) {
  if (!IsGiven(object, key)) return std::nullopt;
  return Count(object, key);
}

std::size_t Size(const Json& object, const char* key) {
  return static_cast<std::size_t>(Count(object, key));
}

std::chrono::nanoseconds Nanoseconds(const Json& object, const char* key) {
  return std::chrono::nanoseconds(Count(object, key));
}

std::int64_t CountOf(const char* key, const Json& value) {
  return Whole(key, value, 0, kMostCounted);
}

std::array<std::int64_t, 2> TwoCounts(const Json& object, const char* key) {
  const Json& both = object.at(key);
  return {CountOf(key, both.at(0)), CountOf(key, both.at(1))};
}

double Share(const Json& object, const char* key, double most) {
  const auto share = object.at(key).get<double>();
  if (!(share > 0 && share < most)) FailOutOfRange(key, object.at(key));
  return share;
}

}  // namespace polymux::bench
