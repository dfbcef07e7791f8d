#!/usr/bin/env bash
#
# The program that README.md shows is docs/echo.cc, which the build compiles.

set -euo pipefail

# shellcheck disable=SC2016  # The backticks are Markdown's.
diff <(sed -n '/^```cpp$/,/^```$/p' README.md | sed '1d;$d') docs/echo.cc
