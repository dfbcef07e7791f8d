#ifndef POLYMUX_BENCH_LAB_TOML_NESTING_H_
#define POLYMUX_BENCH_LAB_TOML_NESTING_H_

#include <cstddef>
#include <string_view>

namespace polymux::bench {

// The line, from 1, on which a TOML text is nested deeper than `most`: so many
// brackets within each other, or parts of a dotted key more than that. 0 when
// there is none. Takes linear time and no stack.
//
// To be asked before toml++, which needs some stack for each level and bounds
// only that of values (TOML_MAX_NESTED_VALUES), not that of keys.
std::size_t FindDeepNesting(std::string_view toml_text, std::size_t most);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_TOML_NESTING_H_
