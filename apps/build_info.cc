#include "apps/build_info.h"

namespace polymux {
namespace {

#ifdef NDEBUG
constexpr bool kNdebug = true;
#else
constexpr bool kNdebug = false;
#endif

#ifdef __clang__
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "gcc " __VERSION__;
#endif

#if defined(POLYMUX_ASAN)
constexpr const char* kSanitizer = "address";
#elif defined(POLYMUX_TSAN)
constexpr const char* kSanitizer = "thread";
#elif defined(POLYMUX_UBSAN)
constexpr const char* kSanitizer = "undefined";
#else
constexpr const char* kSanitizer = "";
#endif

}  // namespace

BuildInfo ThisBuild() {
  return {.ndebug = kNdebug, .compiler = kCompiler, .sanitizer = kSanitizer};
}

}  // namespace polymux
