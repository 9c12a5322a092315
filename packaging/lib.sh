# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What packaging/quickstart and tests/run share: messages, packages, configure and build. Meant to be sourced.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
policy=/usr/sbin/policy-rc.d
policy_kept=$policy.before-exporter-tests
policy_mark='# Put here by the tests of libexporter while packages are installed; safe to remove.'

say() { printf '\n==> %s\n' "$*" >&2; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
  printf '%s: error: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Runs a command as root, by sudo where we are not.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif [ -t 0 ]; then
    sudo -- "$@"
  else
    sudo -n -- "$@"
  fi
}

# The packages of the named sections of packages.txt.
packages() {
  local section
  for section in "$@"; do
    sed -n "/^\[$section\]/,/^\[/{/^[[:alnum:]]/p}" "$top/packaging/packages.txt"
  done
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

check_system() {
  local id='' version=''
  if [ -r /etc/os-release ]; then
    id=$(. /etc/os-release && printf '%s' "${ID:-}")
    version=$(. /etc/os-release && printf '%s' "${VERSION_ID:-}")
  fi
  [ "$id $version" = 'debian 12' ] || warn "this is '${id:-unknown} ${version}', not Debian 12, for which the package names and the compiler were chosen; going on"
}

# Keeps services of packages from being started while they are installed; the former state comes back at exit.
forbid_services() {
  trap allow_services EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  if [ -e "$policy" ] && ! grep -qF "$policy_mark" "$policy"; then
    as_root mv "$policy" "$policy_kept" || die "could not set $policy aside"
  fi
  printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" | as_root tee "$policy" >/dev/null && as_root chmod 755 "$policy" ||
    die "could not write $policy, which keeps servers from being started"
}

allow_services() {
  trap - EXIT HUP INT TERM
  if [ -e "$policy" ] && grep -qF "$policy_mark" "$policy"; then as_root rm -f "$policy"; fi
  if [ -e "$policy_kept" ]; then as_root mv "$policy_kept" "$policy"; fi
}

names_installed() { dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u; }

# Installs what is missing of the named sections. With a section of servers, none of them is started, now or at boot.
install_packages() {
  local missing=() package before servers=no
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    die "there is no apt here; install these by other means and use --no-install: $(packages "$@" | tr '\n' ' ')"
  for package in $(packages "$@"); do
    installed "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} = 0 ]; then
    say 'All packages are there'
    return
  fi
  say "Installing ${#missing[@]} packages with apt: ${missing[*]}"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
    die "installing packages needs root: run this as root, or install sudo, or have these installed: ${missing[*]}"
  case " $* " in *' integration '*) servers=yes ;; esac
  before=$(names_installed)
  [ $servers = no ] || forbid_services
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Acquire::Retries=2)
  as_root "${apt[@]}" -o APT::Update::Error-Mode=any update </dev/null >&2 ||
    warn 'the package lists could not be refreshed; trying with those that are here'
  as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >&2 ||
    die "apt could not install the packages above (is there a network, and are Debian's main sources enabled?)"
  if [ $servers = yes ]; then
    disable_services "$before"
    allow_services
  fi
}

# Services of packages that are not in the list of names given are kept from starting at boot.
disable_services() {
  local package file unit
  for package in $(comm -13 <(printf '%s\n' "$1") <(names_installed)); do
    for file in $(dpkg -L "$package" | grep -E '^(/usr)?/lib/systemd/system/[^/]*\.(service|socket|timer)$|^/etc/init\.d/.'); do
      unit=${file##*/}
      case $file in
        /etc/init.d/*) as_root update-rc.d "$unit" disable ;;
        *) if command -v systemctl; then as_root systemctl disable "$unit"; else
             as_root env DPKG_MAINTSCRIPT_PACKAGE="$package" deb-systemd-helper disable "$unit"; fi ;;
      esac </dev/null >/dev/null 2>&1 || true
    done
  done
}

# build <preset> [target...]
build() {
  local preset=$1 tool
  shift
  for tool in cmake ninja c++; do
    command -v "$tool" >/dev/null || die "$tool is missing; run without --no-install, or install: $(packages build | tr '\n' ' ')"
  done
  cd "$top" || die "cannot enter $top"
  say "Configuring the preset '$preset' into build/$preset"
  cmake --preset "$preset" >&2 || die "configuring the preset '$preset' failed; the reason stands above"
  say "Building it ($(nproc) jobs)"
  cmake --build --preset "$preset" --parallel "$(nproc)" ${1:+--target "$@"} >&2 || die "building the preset '$preset' failed; the reason stands above"
}
