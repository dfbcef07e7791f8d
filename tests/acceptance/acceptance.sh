#!/usr/bin/env bash
# Runs the script with the interpreter of packages.txt.
exec python3 -B tests/acceptance/acceptance.py "$@"
