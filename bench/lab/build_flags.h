#ifndef POLYMUX_BENCH_LAB_BUILD_FLAGS_H_
#define POLYMUX_BENCH_LAB_BUILD_FLAGS_H_

namespace polymux::bench {

// Bazel's mode, then what is added to the flags that belong to that. Written by
// build_flags.bzl.
extern const char* const kCompileFlags;
extern const char* const kLinkFlags;
// Of the library that is linked.
extern const char* const kLiburingVersion;

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_BUILD_FLAGS_H_
