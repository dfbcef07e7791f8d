#!/usr/bin/env bash
#
# Unpacks the archive into an empty folder and uses it as an outsider would:
# plain g++ and pkg-config, the shared library, then the static one.
#
#     dist_test.sh ARCHIVE

set -euo pipefail

readonly prefix=$TEST_TMPDIR/prefix
failures=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

expect() { # expect WHAT ACTUAL EXPECTED
  [[ $2 == "$3" ]] || fail "$1 is '$2', not '$3'"
}

echoes() { # echoes PROGRAM BACKEND
  local port reply status=0
  coproc exec "$1" "$2"
  local pid=$COPROC_PID
  read -r -t 30 port <&"${COPROC[0]}"
  exec {connection}<> "/dev/tcp/127.0.0.1/$port"
  printf 'hello, %s\n' "$2" >&"$connection"
  read -r -t 30 reply <&"$connection"
  exec {connection}>&-
  expect "the reply of $1 over $2" "$reply" "hello, $2"
  kill -TERM "$pid"
  wait "$pid" || status=$?
  expect "the exit status of $1 over $2" "$status" 0
}

mkdir "$prefix"
tar -xzf "$1" -C "$prefix"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
read -ra cflags <<< "$(pkg-config --cflags polymux)"
read -ra libs <<< "$(pkg-config --libs polymux)"
read -ra static_libs <<< "$(pkg-config --static --libs polymux)"
version=$(pkg-config --modversion polymux)
shared=$prefix/lib/libpolymux.so

# No header includes one that is not there.
(cd "$prefix/include/polymux" && find . -name '*.h' -printf '#include "%P"\n') |
  g++ -std=c++20 -Wall -Wextra -Werror -fsyntax-only "${cflags[@]}" -x c++ - ||
  fail 'the headers'

g++ -std=c++20 "${cflags[@]}" tests/dist/echo.cc -o "$TEST_TMPDIR/shared" \
  "${libs[@]}" -Wl,-rpath,"$prefix/lib"
g++ -std=c++20 "${cflags[@]}" tests/dist/echo.cc -o "$TEST_TMPDIR/static" \
  -static "${static_libs[@]}"
for backend in select poll epoll-lt epoll-et; do
  echoes "$TEST_TMPDIR/shared" "$backend"
  echoes "$TEST_TMPDIR/static" "$backend"
done

soname=libpolymux.so.${version%%.*}
expect 'the link libpolymux.so' "$(readlink "$shared")" "$soname"
expect "the link $soname" "$(readlink "$prefix/lib/$soname")" \
  "libpolymux.so.$version"
dynamic=$(readelf -dW "$shared")
grep -qF "Library soname: [$soname]" <<< "$dynamic" || fail "soname: $dynamic"
grep -qF "Shared library: [$soname]" <<< "$(readelf -dW "$TEST_TMPDIR/shared")" ||
  fail 'the program does not ask for the soname'
if grep TEXTREL <<< "$dynamic"; then fail 'relocations in the code'; fi
if readelf -dW "$TEST_TMPDIR/static" | grep NEEDED; then
  fail 'the static program needs a shared library'
fi

exported=$(nm -DC --defined-only "$shared" | cut -d' ' -f3-)
if grep -vE '^((typeinfo|typeinfo name|vtable) for )?polymux::[A-Z]' \
  <<< "$exported"; then
  fail 'exported, but not public'
fi
grep -q '^polymux::TcpServer::Start()' <<< "$exported" ||
  fail "TcpServer::Start is not exported; these are: $exported"
exit "$((failures > 0))"
