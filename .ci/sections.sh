# shellcheck shell=bash
#
# What .ci/run and .ci/long are made of: sections that go on after a failure,
# and a last line that counts test cases. Sourced from the root of a checkout.

# shellcheck source=tools/packages.sh
source tools/packages.sh

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

passed=0
failed=0
skipped=0
outcomes=()

# Options that keep the outcome the same on every machine, and the log short.
bazel() {
  ./bazelw --nohome_rc "$1" --keep_going --color=no \
    --show_progress_rate_limit=60 "${@:2}"
}

# Twice as many tests at a time as processors: they wait more than they compute.
# Compilers still share what there is. None is run again when it has failed: a
# test that fails by chance is a bug, of the test at least.
tests() {
  local -r at_a_time=$((2 * $(nproc)))
  bazel test --jobs="$at_a_time" --local_test_jobs="$at_a_time" "$@"
}

# query EXPRESSION: the tests that a query names, into the array `labels`.
query() {
  mapfile -t labels < <(bazel query --noshow_progress "$1")
  ((${#labels[@]} > 0)) && return
  echo "no test matches $1" >&2
  return 1
}

# Tests that no sanitizer can tell anything about, and those of which
# ThreadSanitizer cannot, for one thread does it all; each says why.
# shellcheck disable=SC2034  # for whom sources this
no_sanitizer="attr(tags, no-sanitizer, tests(//...))"
# shellcheck disable=SC2034
one_thread="attr(tags, one-thread, tests(//...))"

# sanitized_tests QUERY OPTION...: by clang, which takes less time for it than
# gcc, and warns of more (.bazelrc).
sanitized_tests() {
  query "$1" && tests "${@:2}" --config=clang "${labels[@]}"
}

# section NAME COMMAND...: runs it, reports its time, and counts a failure.
section() {
  local start=$SECONDS outcome=ok
  printf '\n==== %s\n' "$1"
  if ! "${@:2}"; then
    outcome=FAILED
    failed=$((failed + 1))
  fi
  outcomes+=("$(printf '%-14s %-6s %5d s' "$1" "$outcome" \
    $((SECONDS - start)))")
}

# test_section NAME COMMAND...: the same for a test command, which gets one more
# option; sets `cases` to its "PASSED FAILED SKIPPED" test cases. One failed case
# does not count twice.
test_section() {
  local before=$failed events="$scratch/events.json"
  rm -f "$events"
  section "$@" --build_event_json_file="$events"
  read -r -a cases < <(python3 tools/count_test_cases.py "$events")
  if ((failed > before && cases[1] > 0)); then
    failed=$before
  fi
  failed=$((failed + cases[1]))
}

# The table of sections, and the line that counts test cases; the exit status is
# 0 only if nothing failed.
summary() {
  printf '\n==== summary\n'
  printf '%s\n' "${outcomes[@]}"
  if ((skipped > 0)); then
    echo "$passed passed, $failed failed, $skipped skipped"
  else
    echo "$passed passed, $failed failed"
  fi
  ((failed == 0))
}
