#!/usr/bin/env bash
#
# The programs that docs/tutorial.md shows are those that the build compiles, in
# their order.

set -euo pipefail

# shellcheck disable=SC2016  # The backticks are Markdown's.
diff <(sed -n '/^```cpp$/,/^```$/p' docs/tutorial.md | grep -v '^```') \
  <(cat docs/tutorial/[1-5]_*.cc)
