#!/usr/bin/env bash
#
# Compares echo_server rebuilt for each backend (--//poller:backend=NAME) rather
# than one program told which to use:
#
#     ./bazelw run //bench:compare_rebuilt -- --rounds 5
#
# Arguments are those of `polymux compare`. NAME-only is the server with that
# backend alone. Bazel gives the programs: POLYMUX SERVER...

set -euo pipefail

# `bazel run` starts here, where the programs lie at these relative paths.
readonly polymux=$PWD/$1
shift
servers=()
arms=()
while [[ ${1:-} == */echo_server_* ]]; do
  arm=${1##*/echo_server_}-only
  servers+=(--server "$arm=$PWD/$1")
  arms+=("$arm")
  shift
done
exec "$polymux" compare "${servers[@]}" \
  --arms "$(IFS=,; echo "${arms[*]}")" --baseline epoll-lt-only "$@"
