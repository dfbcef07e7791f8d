#!/usr/bin/env bash
#
# Checks the sources: clang-tidy 14 by .clang-tidy, with clang's own warnings and
# the lock annotations, which gcc does not know; shellcheck on the scripts; the
# links of the documents.
#
#     tools/lint.sh                # everything, but for clang-tidy on tests
#     tools/lint.sh poller/*.cc    # clang-tidy on these files alone
#     tools/lint.sh --quick ...    # either without clang's static analyzer
#
# The analyzer takes half of the time: .ci/run goes without it, .ci/long does not.
#
# Those of them that run under a sanitizer, most of them, .ci/run compiles by
# clang with the same warnings.
#
# Wants the packages of [ci] in packages.txt, which .ci/run installs.

set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

# Those of .bazelrc, and what the lock annotations are for.
mapfile -td, warnings < <(
  sed -n '/^build --per_file_copt=.*-Wall/{s/.*@//;s/$/,-Wthread-safety/p}' \
    .bazelrc | tr -d '\n')
warnings+=(-Wno-unknown-warning-option)
if ((${#warnings[@]} < 10)); then
  echo 'tools/lint.sh: .bazelrc has no line with the warnings' >&2
  exit 1
fi

# The flags that change what the compiler sees, as .bazelrc, poller/BUILD and
# third_party/system give them. The analyzer follows every path into headers as
# large as those of CLI11 and googletest, a minute for each file: deep for
# poller and reactor, shallow and briefly above, where it took a third of all
# the time, not at all for tests, which run anyway.
tidy() {
  # In a test, what may make it prove the wrong thing; not what it costs.
  local test_checks='-*,clang-diagnostic-*'
  test_checks+=',bugprone-use-after-move,bugprone-dangling-handle'
  test_checks+=',bugprone-unused-raii,bugprone-infinite-loop'
  test_checks+=',bugprone-assert-side-effect,misc-redundant-expression'
  local flags=(-std=c++20 -I. -DSPDLOG_COMPILED_LIB -DSPDLOG_FMT_EXTERNAL
    -DSPDLOG_SHARED_LIB -DPOLYMUX_WITH_SELECT -DPOLYMUX_WITH_POLL
    -DPOLYMUX_WITH_EPOLL_LT -DPOLYMUX_WITH_EPOLL_ET
    -DPOLYMUX_WITH_URING_LT -DPOLYMUX_WITH_URING_ET)
  flags+=("${warnings[@]}")
  local -r shallow=(-Xclang -analyzer-config -Xclang mode=shallow
    -Xclang -analyzer-config -Xclang max-nodes=2000)
  # Added to those of .clang-tidy.
  local checks=''
  case $1 in
    poller/* | reactor/*) ;;
    tests/*) checks=$test_checks ;;
    # Google Benchmark's library keeps what its header allocates.
    bench/micro/*)
      checks='-clang-analyzer-cplusplus.NewDeleteLeaks'
      flags+=("${shallow[@]}")
      ;;
    *) flags+=("${shallow[@]}") ;;
  esac
  if [[ -n $quick ]]; then checks+=',-clang-analyzer-*'; fi
  # Its standard error only counts the warnings that it does not show.
  local report
  if ! report=$(clang-tidy-14 --quiet --checks="$checks" "$1" -- \
    "${flags[@]}" 2> /dev/null); then
    printf '%s\n' "${report:-$1: clang-tidy-14 failed}"
    return 1
  fi
}

# sources PATTERN...: the files of the checkout that match, also new ones.
sources() {
  git ls-files -z --cached --others --exclude-standard -- "$@"
}

status=0
quick=''
if [[ ${1:-} == --quick ]]; then
  quick=$1
  shift
fi
if (($# > 0)); then
  for file; do
    tidy "$file" || status=1
  done
else
  sources '*.cc' ':!tests' |
    xargs -0r -n 1 -P "$(nproc)" tools/lint.sh ${quick:+"$quick"} || status=1
  sources bazelw '*/run' .ci/long '*.sh' | xargs -0r shellcheck -x || status=1
  sources '*.md' | xargs -0r python3 tools/check_links.py || status=1
fi
exit "$status"
