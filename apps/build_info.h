#ifndef POLYMUX_APPS_BUILD_INFO_H_
#define POLYMUX_APPS_BUILD_INFO_H_

#include <string>

namespace polymux {

// How this program was compiled: a measurement of a debug or sanitized build
// says nothing about the code.
struct BuildInfo {
  bool ndebug;
  std::string compiler;   // "gcc 12.2.0"
  std::string sanitizer;  // "address", "thread", "undefined", "" for none
};

BuildInfo ThisBuild();

}  // namespace polymux

#endif  // POLYMUX_APPS_BUILD_INFO_H_
