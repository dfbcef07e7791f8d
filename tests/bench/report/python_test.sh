#!/usr/bin/env bash
# Usage: python_test.sh TEST.PY ARGUMENT...
set -euo pipefail

exec python3 -B "$@"
