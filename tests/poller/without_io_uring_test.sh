#!/usr/bin/env bash
#
# Where io_uring is forbidden, every program says why, none falls back silently,
# and tests are skipped with the reason.
#
#     without_io_uring_test.sh WITHOUT_IO_URING POLYMUX ECHO_SERVER POLLER_TEST

set -euo pipefail

without_io_uring=$1
polymux=$2
echo_server=$3
poller_test=$4
failures=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# expect WORDS TEXT WHAT: TEXT contains WORDS.
expect() {
  [[ $2 == *"$1"* ]] || fail "$3 does not say \"$1\": $2"
}

refused() { # ERRNO WORDS
  local text status
  text=$("$without_io_uring" "$1" "$polymux" list)
  for backend in uring-lt uring-et; do
    expect "unavailable: io_uring_setup: $2" \
      "$(grep "^  $backend " <<< "$text")" 'polymux list'
    expect ' available' "$(grep '^  epoll-lt ' <<< "$text")" 'polymux list'

    status=0
    text2=$("$without_io_uring" "$1" timeout 10 "$echo_server" \
      "--backend=$backend" --port 0 2>&1) || status=$?
    ((status == 1)) || fail "echo_server exits with $status"
    expect "$2" "$text2" "echo_server --backend=$backend"
    expect "$backend" "$text2" "echo_server --backend=$backend"

    status=0
    text2=$("$without_io_uring" "$1" "$polymux" compare --dry-run \
      --arms "$backend,epoll-lt" 2>&1) || status=$?
    expect "$2" "$text2" "polymux compare --arms $backend"
  done
  text=$("$without_io_uring" "$1" "$poller_test" --gtest_filter='*uring*') ||
    fail "the suite fails where it ought to skip: $text"
  expect "$2" "$(grep -A2 'Skipped' <<< "$text" | head -3)" 'a skipped test'
  expect '[  SKIPPED ]' "$text" 'the suite'
  [[ $text != *'[       OK ]'* ]] || fail 'a test of a forbidden backend passes'
}

refused 38 'Function not implemented'
refused 1 'Operation not permitted'
refused 12 'Cannot allocate memory'

((failures == 0))
