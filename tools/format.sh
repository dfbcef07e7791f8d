#!/usr/bin/env bash
#
# Checks that C++ and BUILD files are formatted: clang-format 14, buildifier.
#
#     tools/format.sh          # names what is not; exit status 1
#     tools/format.sh --fix    # formats it
#
# Wants the packages of [ci] in packages.txt, which .ci/run installs.

set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

clang_format=(clang-format-14 --dry-run --Werror)
buildifier=(tools/node_modules/.bin/buildifier --mode=check --lint=warn)
if [[ ${1:-} == --fix ]]; then
  clang_format=(clang-format-14 -i)
  buildifier=(tools/node_modules/.bin/buildifier --mode=fix --lint=fix)
elif (($# > 0)); then
  echo "usage: tools/format.sh [--fix]" >&2
  exit 2
fi

if [[ ! -x ${buildifier[0]} ]]; then
  npm --prefix tools ci --silent
fi

# sources PATTERN...: the files of the checkout that match, also new ones.
sources() {
  git ls-files -z --cached --others --exclude-standard -- "$@"
}

status=0
sources '*.cc' '*.h' | xargs -0r "${clang_format[@]}" || status=1
sources BUILD WORKSPACE MODULE.bazel '*/BUILD' '*/WORKSPACE' '*.bzl' |
  xargs -0r "${buildifier[@]}" || status=1
exit "$status"
