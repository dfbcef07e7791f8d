#ifndef POLYMUX_APPS_BANK_PASSWORD_H_
#define POLYMUX_APPS_BANK_PASSWORD_H_

#include <string>
#include <string_view>

namespace polymux {

// Passwords as they are stored: Argon2id with a salt of its own for each, by
// libsodium, in the text form that holds algorithm, costs and salt.
//
// The costs are those that OWASP's Password Storage Cheat Sheet gives as the
// minimum for Argon2id (19 MiB, two passes), so that eight threads that check
// at the same time take 152 MiB and some tens of milliseconds each: too long
// for an event loop, hence work for a worker.

// Throws std::bad_alloc when the memory cannot be had, std::runtime_error when
// there is no source of random numbers.
std::string HashPassword(std::string_view password);

// Whether `hash` was made from `password`. Takes as long as HashPassword.
// Throws like that when it cannot be told, std::invalid_argument when `hash` is
// none. Any thread.
bool VerifyPassword(const std::string& hash, std::string_view password);

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_PASSWORD_H_
