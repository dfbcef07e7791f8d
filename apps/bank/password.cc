#include "apps/bank/password.h"

#include <sodium.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <system_error>

namespace polymux {
namespace {

constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemory = std::size_t{19} * 1024 * 1024;
// Of a stored hash; a file that asks for more is wrong.
constexpr unsigned kMostKibibytes = 1024 * 1024;

// What libsodium's text form of a hash holds.
constexpr std::size_t kHashSize = 32;

struct Parts {
  unsigned kibibytes = 0;
  unsigned passes = 0;
  std::array<unsigned char, crypto_pwhash_SALTBYTES> salt{};
  std::array<unsigned char, kHashSize> hash{};
};

// Whether `text` is the base64 of just as many bytes as `bytes` holds.
template <std::size_t kSize>
bool Decode(std::string_view text, std::array<unsigned char, kSize>* bytes) {
  std::size_t size = 0;
  const char* end = nullptr;
  return ::sodium_base642bin(bytes->data(), bytes->size(), text.data(),
                             text.size(), nullptr, &size, &end,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
         size == bytes->size() && end == text.data() + text.size();
}

// Takes `prefix` and the number behind it off the front of `text`; whether they
// were there.
bool TakeNumber(std::string_view prefix, std::string_view* text,
                unsigned* number) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  const auto [end, error] =
      std::from_chars(text->data(), text->data() + text->size(), *number);
  text->remove_prefix(static_cast<std::size_t>(end - text->data()));
  return error == std::errc();
}

// Throws std::invalid_argument when `text` is no hash of ours, whatever its
// costs.
Parts PartsOf(std::string_view text) {
  Parts parts;
  unsigned lanes = 0;
  const bool begins_well =
      TakeNumber("$argon2id$v=19$m=", &text, &parts.kibibytes) &&
      TakeNumber(",t=", &text, &parts.passes) &&
      TakeNumber(",p=", &text, &lanes) && lanes == 1 && text.starts_with('$');
  const std::size_t mark = text.rfind('$');
  if (!begins_well || mark == 0 ||
      !Decode(text.substr(1, mark - 1), &parts.salt) ||
      !Decode(text.substr(mark + 1), &parts.hash) ||
      parts.passes < crypto_pwhash_OPSLIMIT_MIN ||
      parts.kibibytes < crypto_pwhash_MEMLIMIT_MIN / 1024 ||
      parts.kibibytes > kMostKibibytes) {
    throw std::invalid_argument("what is stored is no hash of a password");
  }
  return parts;
}

void Initialize() {
  static const bool kInitialized = ::sodium_init() >= 0;
  if (!kInitialized) {
    throw std::runtime_error("libsodium has no source of random numbers");
  }
}

}  // namespace

std::string HashPassword(std::string_view password) {
  Initialize();
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (::crypto_pwhash_str(hash.data(), password.data(), password.size(),
                          kPasses, kMemory) != 0) {
    throw std::bad_alloc();
  }
  return hash.data();
}

// Computes the hash anew instead of asking crypto_pwhash_str_verify, which
// calls a password wrong when there is no memory to look at it.
bool VerifyPassword(const std::string& hash, std::string_view password) {
  Initialize();
  const Parts parts = PartsOf(hash);
  std::array<unsigned char, kHashSize> again{};
  if (::crypto_pwhash(again.data(), again.size(), password.data(),
                      password.size(), parts.salt.data(), parts.passes,
                      std::size_t{parts.kibibytes} * 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw std::bad_alloc();
  }
  return ::sodium_memcmp(again.data(), parts.hash.data(), again.size()) == 0;
}

}  // namespace polymux
