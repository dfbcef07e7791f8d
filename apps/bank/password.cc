#include "apps/bank/password.h"

#include <sodium.h>

#include <array>
#include <cstddef>
#include <new>

#include "poller/check.h"

namespace polymux {
namespace {

constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemory = std::size_t{19} * 1024 * 1024;

void Initialize() {
  static const bool kInitialized = ::sodium_init() >= 0;
  POLYMUX_CHECK(kInitialized, "libsodium has no source of random numbers");
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

bool VerifyPassword(const std::string& hash, std::string_view password) {
  Initialize();
  return ::crypto_pwhash_str_verify(hash.c_str(), password.data(),
                                    password.size()) == 0;
}

}  // namespace polymux
