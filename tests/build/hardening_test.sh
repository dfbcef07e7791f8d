#!/usr/bin/env bash
#
# The hardening flags of .bazelrc as they show in a program.
#
#     hardening_test.sh PROGRAM

set -euo pipefail

readonly program=$1
failures=0

expect() { # expect WHAT PATTERN TEXT
  if ! grep -qE "$2" <<< "$3"; then
    printf 'FAILED: %s; no %s in\n%s\n' "$1" "$2" "$3"
    failures=$((failures + 1))
  fi
}

segments=$(readelf -lW "$program")
dynamic=$(readelf -dW "$program")
symbols=$(nm -D "$program")
expect 'position-independent executable' 'FLAGS_1.* PIE' "$dynamic"
expect 'bound at start-up' 'FLAGS_1.* NOW' "$dynamic"
expect 'relocations read-only' 'GNU_RELRO' "$segments"
expect 'stack not executable' 'GNU_STACK .* RW +0x' "$segments"
expect 'stack protector' '__stack_chk_fail' "$symbols"
expect 'fortified library calls' '_chk@' "$(grep -v __stack_chk_fail \
  <<< "$symbols")"
expect 'checked standard library' '__glibcxx_assert_fail' "$symbols"
exit "$((failures > 0))"
