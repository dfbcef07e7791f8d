#!/usr/bin/env bash
#
# echo_server rebuilt with one backend: no other backend is linked in, it is the
# default, and another name is an error that says so.
#
#     backend_flag_test.sh BACKEND=SERVER...

set -euo pipefail

# What tells the code of each backend, as an nm line ends: its system call
# wrappers, of which those of io_uring are linked statically. A server may call
# poll(2) itself, before it speaks to a pipe that may be full: that backend is
# known by its class.
declare -rA wrappers=(
  [select]=' p?select(@.*)?$'
  [poll]=' polymux::.*::PollPoller::Collect\(.*$'
  [epoll-lt]=' epoll_[a-z0-9_]+(@.*)?$'
  [epoll-et]=' epoll_[a-z0-9_]+(@.*)?$'
  [uring-lt]=' io_uring_[a-z0-9_]+$'
  [uring-et]=' io_uring_[a-z0-9_]+$'
)
failures=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

links_only_its_own_wrapper() { # BACKEND SERVER
  local symbols other
  symbols=$(nm -D "$2"; nm -C "$2" | grep -E ' io_uring_|PollPoller' || true)
  grep -qE "${wrappers[$1]}" <<< "$symbols" || fail "$2 does not call its own"
  for other in "${!wrappers[@]}"; do
    if [[ ${wrappers[$other]} != "${wrappers[$1]}" ]] &&
      grep -E "${wrappers[$other]}" <<< "$symbols"; then
      fail "$2 calls what $other calls"
    fi
  done
}

refuses_other_names() { # BACKEND SERVER
  local other message status
  for other in "${!wrappers[@]}"; do
    if [[ $other == "$1" ]]; then continue; fi
    status=0
    message=$("$2" "--backend=$other" --port=0 2>&1 < /dev/null) || status=$?
    [[ $status == 2 ]] || fail "$2 --backend=$other exits with $status"
    [[ $message == *"--//poller:backend=$1"* ]] ||
      fail "$2 --backend=$other says: $message"
  done
}

serves_with_its_own_by_default() { # BACKEND SERVER
  local line status=0
  coproc exec "$2" --port=0
  # bash forgets COPROC_PID when the server has ended.
  local pid=$COPROC_PID
  read -r line <&"${COPROC[0]}"
  [[ $line == "listening "*" backend=$1 "* ]] || fail "$2 says: $line"
  kill -TERM "$pid"
  wait "$pid" || status=$?
  [[ $status == 0 ]] || fail "$2 exits with $status on SIGTERM"
}

for argument; do
  backend=${argument%%=*}
  server=${argument#*=}
  links_only_its_own_wrapper "$backend" "$server"
  refuses_other_names "$backend" "$server"
  serves_with_its_own_by_default "$backend" "$server"
done
exit "$((failures > 0))"
