#include "bench/lab/exit_code.h"

#include <exception>
#include <new>
#include <stdexcept>

#include "apps/printable_text.h"
#include "bench/lab/console.h"
#include "bench/lab/interrupt.h"
#include "bench/lab/usage_error.h"

namespace polymux::bench {
namespace {

int OutOfMemory(std::string_view verb) {
  TellUser("{}: out of memory\n", verb);
  return kExitRunTimeError;
}

}  // namespace

int ExitCodeOf(std::string_view verb, const std::function<int()>& work) {
  try {
    return work();
  } catch (const Interrupted&) {
    return kExitInterrupted;
  } catch (const UsageError& error) {
    TellUser("{}: {}\n", verb, PrintableLines(error.what()));
    return kExitUsage;
  } catch (const std::bad_alloc&) {
    return OutOfMemory(verb);
  } catch (const std::length_error&) {
    // More than a container can have; its words are the library's.
    return OutOfMemory(verb);
  } catch (const std::exception& error) {
    TellUser("{}: {}\n", verb, PrintableLines(error.what()));
    return kExitRunTimeError;
  }
}

}  // namespace polymux::bench
