#ifndef POLYMUX_BENCH_LAB_JSON_FIELDS_H_
#define POLYMUX_BENCH_LAB_JSON_FIELDS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The fields of a JSON object that somebody else may have written: texts come
// out printable (apps/printable_text.h), numbers and lists within bounds.  All
// throw std::runtime_error that names the field, or nlohmann::json::exception.
//
// REQUIRES: JSON_DIAGNOSTICS=1, as here; nlohmann::json is another class
// without.
namespace polymux::bench {

// More cannot have been measured, and sums of a few still fit.
inline constexpr int kMostThings = 100'000'000;
inline constexpr std::int64_t kMostCounted = 1'000'000'000'000'000;

// To be asked before a text is parsed: refuses what is nested deeper than any
// document of ours.
void RequireShallow(std::string_view json_text);

// Whether there is such a field and it is not null.
bool IsGiven(const nlohmann::json& object, const char* key);

// One line; cut off, and marked so, where it is longer than a person reads.
std::string Text(const nlohmann::json& object, const char* key);
// Empty when it is not given.
std::string OptionalText(const nlohmann::json& object, const char* key);
// What other fields refer to: not cut off, refused beyond 200 bytes.
std::string Name(const nlohmann::json& object, const char* key);
// Such a name that is no field, but what stands in `key`.
std::string NameOf(const char* key, const std::string& name);

// The array or object `key`, of at most `most` elements.
const nlohmann::json& List(const nlohmann::json& object, const char* key,
                           std::size_t most);

// From 0 to kMostCounted.
double Number(const nlohmann::json& object, const char* key);
std::optional<double> OptionalNumber(const nlohmann::json& object,
                                     const char* key);

// Whole numbers from `least` to `most`.
int Integer(const nlohmann::json& object, const char* key, int least,
            int most = kMostThings);
std::optional<int> OptionalInteger(const nlohmann::json& object,
                                   const char* key, int least);

// Whole numbers from `least` to `most`, of the list `key`.
std::vector<int> Integers(const nlohmann::json& object, const char* key,
                          int least, int most);

// Any whole number of 64 bits.
std::uint64_t Seed(const nlohmann::json& object, const char* key);

// Whole numbers from 0 to kMostCounted.
std::int64_t Count(const nlohmann::json& object, const char* key);
std::optional<std::int64_t> OptionalCount(const nlohmann::json& object,
                                          const char* key);
std::size_t Size(const nlohmann::json& object, const char* key);
std::chrono::nanoseconds Nanoseconds(const nlohmann::json& object,
                                     const char* key);

// Such a number that is no field, but an element of the array `key`.
std::int64_t CountOf(const char* key, const nlohmann::json& value);

// An array of two.
std::array<std::int64_t, 2> TwoCounts(const nlohmann::json& object,
                                      const char* key);

// More than 0 and less than `most`.
double Share(const nlohmann::json& object, const char* key, double most = 1);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_JSON_FIELDS_H_
