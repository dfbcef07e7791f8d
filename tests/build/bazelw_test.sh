#!/usr/bin/env bash
#
# bazelw against fakes of dpkg-query, apt-get, id, sudo and Bazel: PATH holds
# nothing else but the few real tools that bazelw calls.
# shellcheck disable=SC2317  # The cases at the end are called by name.

set -euo pipefail

readonly checkout=$TEST_TMPDIR/checkout
readonly state=$TEST_TMPDIR/state
readonly fakes=$TEST_TMPDIR/fakes
readonly real_tools=(bash cat dirname env grep ln readlink touch)
failures=0

# Writes the program NAME, its text from standard input, into the fake PATH.
fake() {
  { echo '#!/bin/bash'; cat; } > "$fakes/$1"
  chmod +x "$fakes/$1"
}

# fake_bazel NAME VERSION: prints its arguments one by line, exits with the
# contents of $state/bazel_status.
fake_bazel() {
  fake "$1" << END
if [[ \$1 == --version ]]; then echo "bazel $2"; exit; fi
echo "$1 $2 in \$PWD"
printf '<%s>\n' "\$@"
exit "\$(cat "$state/bazel_status")"
END
}

# A machine with every package, apt-get, root and Debian's Bazel.
new_machine() {
  rm -rf "$checkout" "$state" "$fakes"
  mkdir -p "$checkout/tools" "$checkout/poller" "$state" "$fakes"
  cp -L bazelw packages.txt "$checkout"
  cp -L tools/packages.sh "$checkout/tools"
  local tool
  for tool in "${real_tools[@]}"; do
    ln -s "$(type -P "$tool")" "$fakes/$tool"
  done

  echo 0 > "$state/bazel_status"
  echo 0 > "$state/uid"
  touch "$state/apt_calls" "$state/lists" "$state/provides"
  grep '^[a-z]' "$checkout/packages.txt" > "$state/installed"

  fake dpkg-query << END
if (( \$# == 2 )); then echo ", \$(cat "$state/provides"),"; exit; fi
status=0
for name in "\${@:3}"; do
  if grep -qx "\$name" "$state/installed"; then
    printf ' installed:%s ' "\$name"
  else
    status=1
  fi
done
exit \$status
END
  fake apt-get << END
echo "\$*" >> "$state/apt_calls"
echo "noise of apt-get"
[[ ! -e "$state/apt_broken" ]] || exit 100
if [[ \$* == *update* ]]; then touch "$state/lists"; exit; fi
[[ -e "$state/lists" ]] || exit 100
[[ \$* != *--simulate* ]] || exit 0
for name; do echo "\$name" >> "$state/installed"; done
if [[ \$* == *bazel-bootstrap* ]]; then
  ln -s "$state/debian_bazel" "$fakes/bazel"
fi
END
  fake id <<< "cat '$state/uid'"
  fake_bazel bazel no_version
  cp "$fakes/bazel" "$state/debian_bazel"
}

without_packages() {
  local name
  for name; do
    sed -i "/^$name\$/d" "$state/installed"
    if [[ $name == bazel-bootstrap ]]; then rm "$fakes/bazel"; fi
  done
}

# run ARGUMENT...: runs bazelw, sets `status`, `out` and `err`.
run() {
  status=0
  (cd "$checkout/poller" && PATH=$fakes ../bazelw "$@") \
    > "$state/out" 2> "$state/err" < /dev/null || status=$?
  out=$(cat "$state/out")
  err=$(cat "$state/err")
}

expect() { # expect WHAT ACTUAL EXPECTED
  if [[ $2 != "$3" ]]; then
    printf 'FAILED %s: %s is\n  %s\nnot\n  %s\n' "$test_case" "$1" "$2" "$3"
    failures=$((failures + 1))
  fi
}

expect_contains() { # expect_contains WHAT ACTUAL PART
  if [[ $2 != *"$3"* ]]; then
    printf 'FAILED %s: %s is\n  %s\nwithout\n  %s\n' "$test_case" "$1" "$2" \
      "$3"
    failures=$((failures + 1))
  fi
}

# The packages that apt-get was told to install.
installed_now() {
  sed -n 's/.*--no-install-recommends //p' "$state/apt_calls" | tail -n 1
}

nothing_missing_is_silent_and_calls_no_apt() {
  run info
  expect status "$status" 0
  expect stderr "$err" ''
  expect 'apt calls' "$(cat "$state/apt_calls")" ''
}

arguments_directory_and_status_pass_through() {
  echo 37 > "$state/bazel_status"
  run run //x:y -- --flag 'two words' '' '*'
  expect status "$status" 37
  expect stdout "$out" "bazel no_version in $checkout/poller
<run>
<//x:y>
<-->
<--flag>
<two words>
<>
<*>"
}

a_symbolic_link_to_bazelw_serves() {
  ln -s "$checkout/bazelw" "$fakes/polymux-bazel"
  without_packages libfmt-dev
  status=0
  (cd "$checkout" && PATH=$fakes polymux-bazel info) &> /dev/null || status=$?
  expect status "$status" 0
  expect installed "$(installed_now)" libfmt-dev
}

what_is_missing_is_installed_and_said_in_one_line() {
  without_packages libfmt-dev libgtest-dev shellcheck
  run run //:polymux
  expect status "$status" 0
  expect installed "$(installed_now)" libfmt-dev
  expect stdout "${out%%$'\n'*}" "bazel no_version in $checkout/poller"
  expect 'own lines' "$(grep ^bazelw: "$state/err")" \
    'bazelw: installing what it takes to build and run: libfmt-dev'
}

bazel_itself_is_installed() {
  without_packages bazel-bootstrap bazel-rules-java
  run build //:polymux
  expect status "$status" 0
  expect installed "$(installed_now)" 'bazel-bootstrap bazel-rules-java'
  expect stdout "${out%%$'\n'*}" "bazel no_version in $checkout/poller"
}

test_packages_come_only_with_tests() {
  local command
  for command in 'test //...' 'coverage //x' '--output_base /test test //x' \
    'build //...' 'build //poller:all' 'build //tests/poller'; do
    new_machine
    without_packages libgtest-dev
    # shellcheck disable=SC2086
    run $command
    expect "installed for $command" "$(installed_now)" libgtest-dev
  done
  for command in 'run //x -- test' 'run //x test' 'build //:polymux' \
    'build test' 'query //...' 'help test' ''; do
    new_machine
    without_packages libgtest-dev
    # shellcheck disable=SC2086
    run $command
    expect "installed for $command" "$(installed_now)" ''
  done
}

an_installed_package_may_stand_in() {
  without_packages libgtest-dev
  echo 'something, libgtest-dev (= 1)' > "$state/provides"
  run test //...
  expect 'apt calls' "$(cat "$state/apt_calls")" ''
}

unknown_packages_make_apt_update_first() {
  without_packages libfmt-dev
  rm "$state/lists"
  run info
  expect status "$status" 0
  expect_contains 'apt calls' "$(cat "$state/apt_calls")" update
  expect installed "$(installed_now)" libfmt-dev
}

without_root_sudo_is_used() {
  without_packages libfmt-dev
  echo 1000 > "$state/uid"
  # shellcheck disable=SC2016
  fake sudo <<< 'echo "sudo $*" >&2; exec "$@"'
  run info
  expect status "$status" 0
  expect_contains stderr "$err" 'sudo env DEBIAN_FRONTEND=noninteractive'
  expect installed "$(installed_now)" libfmt-dev
}

without_root_and_sudo_the_packages_are_named() {
  without_packages libfmt-dev libspdlog-dev
  echo 1000 > "$state/uid"
  run info
  expect status "$status" 69
  expect stdout "$out" ''
  expect_contains stderr "$err" \
    'missing Debian packages: libfmt-dev libspdlog-dev'
  expect_contains stderr "$err" 'takes root or sudo'
}

without_apt_the_packages_are_named() {
  without_packages libfmt-dev
  rm "$fakes/apt-get"
  run info
  expect status "$status" 69
  expect_contains stderr "$err" 'missing Debian packages: libfmt-dev'
  expect_contains stderr "$err" 'no apt-get here'
}

without_dpkg_every_package_is_named() {
  rm "$fakes/dpkg-query" "$fakes/apt-get" "$fakes/bazel"
  run info
  expect status "$status" 69
  expect_contains stderr "$err" 'bazel-bootstrap bazel-rules-java'
}

when_apt_fails_the_packages_are_named() {
  without_packages libfmt-dev
  touch "$state/apt_broken"
  run info
  expect status "$status" 69
  expect_contains stderr "$err" 'could not install them'
}

a_module_bazel_serves_and_needs_only_a_compiler() {
  without_packages bazel-bootstrap libfmt-dev
  fake_bazel bazel 8.2.1
  ln -s /bin/true "$fakes/cc"
  run info
  expect status "$status" 0
  expect 'apt calls' "$(cat "$state/apt_calls")" ''
  expect stderr "$err" "bazelw: using $fakes/bazel (bazel 8.2.1)"
  expect stdout "${out%%$'\n'*}" "bazel 8.2.1 in $checkout/poller"

  rm "$fakes/cc"
  without_packages g++
  run info
  expect installed "$(installed_now)" g++
}

bazelisk_serves() {
  without_packages bazel-bootstrap
  fake_bazel bazelisk 7.4.0
  ln -s /bin/true "$fakes/cc"
  run info
  expect stderr "$err" "bazelw: using $fakes/bazelisk (bazel 7.4.0)"
}

another_4_2_serves_with_the_libraries() {
  without_packages bazel-bootstrap libfmt-dev
  fake_bazel bazel 4.2.4
  run info
  expect status "$status" 0
  expect installed "$(installed_now)" libfmt-dev
  expect_contains stderr "$err" "bazelw: using $fakes/bazel (bazel 4.2.4)"
}

any_other_bazel_makes_way_for_debians() {
  local version
  for version in 3.7.2 4.1.0 5.4.0 7.3.2; do
    new_machine
    without_packages bazel-bootstrap
    fake_bazel bazelisk "$version"
    run info
    expect status "$status" 0
    expect_contains stderr "$err" \
      "bazelw: not using $fakes/bazelisk (bazel $version)"
    expect installed "$(installed_now)" bazel-bootstrap
    expect stdout "${out%%$'\n'*}" "bazel no_version in $checkout/poller"
  done
}

for test_case in \
  nothing_missing_is_silent_and_calls_no_apt \
  arguments_directory_and_status_pass_through \
  a_symbolic_link_to_bazelw_serves \
  what_is_missing_is_installed_and_said_in_one_line \
  bazel_itself_is_installed \
  test_packages_come_only_with_tests \
  an_installed_package_may_stand_in \
  unknown_packages_make_apt_update_first \
  without_root_sudo_is_used \
  without_root_and_sudo_the_packages_are_named \
  without_apt_the_packages_are_named \
  without_dpkg_every_package_is_named \
  when_apt_fails_the_packages_are_named \
  a_module_bazel_serves_and_needs_only_a_compiler \
  bazelisk_serves \
  another_4_2_serves_with_the_libraries \
  any_other_bazel_makes_way_for_debians; do
  new_machine
  "$test_case"
done
exit "$((failures > 0))"
