# shellcheck shell=bash
#
# Debian packages: which are missing, and how to get them. Sourced, not run.

# Exit status of a script that needs a package and cannot get it
# (EX_UNAVAILABLE of sysexits.h; none of Bazel's own).
readonly exit_unavailable=69

# packages_in FILE SECTION...: fills the array `packages`.
packages_in() {
  local file=$1 line section=''
  local wanted=" ${*:2} "
  packages=()
  while read -r line; do
    case $line in
      '' | '#'*) ;;
      '['*']') section=${line:1:-1} ;;
      *) if [[ $wanted == *" $section "* ]]; then packages+=("$line"); fi ;;
    esac
  done < "$file"
}

# missing_packages PACKAGE...: fills the array `missing`.
missing_packages() {
  local installed name
  missing=()
  (($# > 0)) || return 0
  # An unknown name makes dpkg-query fail after it has answered for the others.
  installed=$(dpkg-query -W -f=' ${db:Status-Status}:${Package} ' "$@" \
    2> /dev/null || true)
  for name; do
    if [[ $installed != *" installed:$name "* ]] && ! is_provided "$name"; then
      missing+=("$name")
    fi
  done
}

# is_provided NAME: whether an installed package stands in for NAME, as
# nodesource's nodejs does for npm.
is_provided() {
  local provides
  provides=$(dpkg-query -W -f=', ${Provides},' 2> /dev/null || true)
  [[ $provides == *", $1,"* || $provides == *", $1 ("* ]]
}

# ensure_packages WHO WHY PACKAGE...: installs what is missing, or exits.
ensure_packages() {
  local who=$1 why=$2 sudo=()
  shift 2
  missing_packages "$@"
  if ((${#missing[@]} == 0)); then
    return
  fi
  if ! type -P apt-get > /dev/null; then
    give_up "$who" "there is no apt-get here to install them"
  fi
  if [[ $(id -u) != 0 ]]; then
    if ! type -P sudo > /dev/null; then
      give_up "$who" "installing them takes root or sudo"
    fi
    sudo=(sudo)
  fi
  echo "$who: installing what it takes $why: ${missing[*]}" >&2
  if ! apt_install >&2; then
    give_up "$who" "apt-get could not install them"
  fi
}

# Installs the packages in `missing`, with fresh package lists when the present
# ones do not know them or are out of date.
apt_install() {
  local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get -o DPkg::Lock::Timeout=600)
  local install=(install -y --no-install-recommends "${missing[@]}")
  if ! "${apt[@]}" --simulate "${install[@]}" &> /dev/null; then
    "${apt[@]}" update || return
  fi
  "${apt[@]}" "${install[@]}" ||
    { "${apt[@]}" update && "${apt[@]}" "${install[@]}"; }
}

# give_up WHO REASON: names what is missing and exits.
give_up() {
  echo "$1: missing Debian packages: ${missing[*]}" >&2
  echo "$1: $2; on Debian 12, as root:" \
    "apt-get install --no-install-recommends ${missing[*]}" >&2
  exit "$exit_unavailable"
}
