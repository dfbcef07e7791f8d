#ifndef POLYMUX_BENCH_LAB_PROGRAM_HASH_H_
#define POLYMUX_BENCH_LAB_PROGRAM_HASH_H_

#include <filesystem>
#include <span>
#include <string>

#include "bench/lab/arm.h"

namespace polymux::bench {

// SHA-256 of a file in hexadecimal; empty when it cannot be read.
std::string HashFile(const std::filesystem::path& path);

// Fills in the hash of the program that each arm runs: this one, another
// build's, or the first program of a foreign command, as far as that can be
// told without a shell.  Commands start in `directory`.
void HashPrograms(const std::filesystem::path& directory, std::span<Arm> arms);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_PROGRAM_HASH_H_
