#!/usr/bin/env bash
# Usage: page_test.sh PAGE_TEST.PY SAMPLE_PAGE
set -euo pipefail

exec python3 -B "$@"
