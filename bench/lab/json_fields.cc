#include "bench/lab/json_fields.h"

#include <fmt/format.h>

#include <stdexcept>

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

}  // namespace

bool IsGiven(const Json& object, const char* key) {
  const auto value = object.find(key);
  return value != object.end() && !value->is_null();
}

std::string OptionalText(const Json& object, const char* key) {
  if (!IsGiven(object, key)) return {};
  return object.at(key).get<std::string>();
}

std::optional<double> OptionalNumber(const Json& object, const char* key) {
  if (!IsGiven(object, key)) return std::nullopt;
  return object.at(key).get<double>();
}

int Integer(const Json& object, const char* key, int least, int most) {
  return static_cast<int>(Whole(key, object.at(key), least, most));
}

std::optional<int> OptionalInteger(const Json& object, const char* key,
                                   int least) {
  if (!IsGiven(object, key)) return std::nullopt;
  return Integer(object, key, least);
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
