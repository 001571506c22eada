#!/usr/bin/env bash
# Makes this machine (Debian 12 with Node 20) ready to build, test and run nvgate: Debian packages,
# npm packages, build. Does what is missing and nothing else, so it may run before every command.
#
#   docker/setup.sh [--quiet] [--runtime]
#
#   --quiet    prints only what goes wrong
#   --runtime  installs what the gateway needs to run, builds nothing (dist/ is there already)
#
# Without root it names the Debian packages that are missing and goes on with the rest.
set -euo pipefail

quiet=false
runtime=false
for argument in "$@"; do
  case $argument in
    --quiet) quiet=true ;;
    --runtime) runtime=true ;;
    *)
      echo "usage: docker/setup.sh [--quiet] [--runtime]" >&2
      exit 2
      ;;
  esac
done

cd "$(dirname "$0")/.."

say() {
  $quiet || echo "setup: $*"
}

complain() {
  echo "setup: $*" >&2
}

# Runs a command; what it prints is shown only when that is wanted or when it fails.
run() {
  if ! $quiet; then
    "$@"
    return
  fi
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  [ "$status" -eq 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# --- Debian packages ---------------------------------------------------------------------------

package_lists() {
  if $runtime; then echo docker/packages.txt; else echo docker/packages.txt docker/packages-dev.txt; fi
}

# The first choice of every line none of whose choices is installed.
missing_packages() {
  local lists installed line choice choices found
  read -r -a lists <<<"$(package_lists)"
  installed=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' 2>/dev/null) "
  while IFS= read -r line; do
    line=${line%%#*}
    read -r -a choices <<<"${line//|/ }"
    [ "${#choices[@]}" -gt 0 ] || continue
    found=false
    for choice in "${choices[@]}"; do
      [[ $installed != *" installed:$choice "* ]] || found=true
    done
    $found || echo "${choices[0]}"
  done < <(cat "${lists[@]}")
}

# The service that a new package would start at every boot, for the machine's own network.
disable_service() {
  local service
  case $1 in
    charon-systemd) service=strongswan.service ;;
    openvswitch-switch | pptpd | xl2tpd) service=$1.service ;;
    *) return 0 ;;
  esac
  systemctl disable "$service" >/dev/null 2>&1 || true
}

# Debian starts the daemons of a new package at once and at every boot; nvgate and its tests start
# what they need themselves, each in its own network namespace.
install_packages() {
  local policy=/usr/sbin/policy-rc.d ours=false status=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    ours=true
  fi
  apt_install "$@" || status=$?
  if $ours; then rm -f "$policy"; fi
  [ "$status" -eq 0 ] || return "$status"
  if command -v systemctl >/dev/null; then
    for package in "$@"; do disable_service "$package"; done
  fi
}

apt_install() {
  local install=(apt-get install -y -q --no-install-recommends "$@")
  export DEBIAN_FRONTEND=noninteractive
  # Package lists that are there are mostly good enough; if not, fetch them and try again.
  if apt-cache show "$@" >/dev/null 2>&1 && run "${install[@]}" 2>/dev/null; then return; fi
  run apt-get update -q
  run "${install[@]}"
}

ensure_packages() {
  local missing
  if ! command -v dpkg-query >/dev/null; then
    complain "this is not Debian: install by yourself what $(package_lists) name"
    return
  fi
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    complain "missing Debian packages: ${missing[*]}"
    complain "install them as root: apt-get install --no-install-recommends ${missing[*]}"
    return
  fi
  say "installing ${missing[*]}"
  install_packages "${missing[@]}"
}

# --- Node and npm packages ---------------------------------------------------------------------

check_node() {
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    complain "Node.js is missing: install version 20.19 or newer, with npm (https://nodejs.org)"
    exit 1
  fi
  if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a === 20 && +b >= 19) ? 0 : 1)'; then
    complain "Node.js $(node --version) is too old: install version 20.19 or newer"
    exit 1
  fi
}

# A copy of the lock file that node_modules was made from tells whether it is still right. A full
# installation serves to run as well.
ensure_npm_packages() {
  local stamp=node_modules/.nvgate-lock runtime_stamp=node_modules/.nvgate-runtime-lock
  if cmp -s package-lock.json "$stamp"; then return; fi
  if $runtime; then
    if cmp -s package-lock.json "$runtime_stamp"; then return; fi
    say "npm ci --omit=dev"
    run npm ci --omit=dev --no-audit --no-fund --loglevel=error
    cp package-lock.json "$runtime_stamp"
  else
    say "npm ci"
    run npm ci --no-audit --no-fund --loglevel=error
    cp package-lock.json "$stamp"
  fi
}

# --- Build -------------------------------------------------------------------------------------

ensure_typescript() {
  local stamp=dist/.built newer=
  if [ -e "$stamp" ]; then
    newer=$(find src provider test tsconfig.json tsconfig.build.json package-lock.json \
      -newer "$stamp" \( -type d -o -name '*.ts' -o -name '*.json' \) -print -quit)
    [ -n "$newer" ] || return 0
  fi
  say "building TypeScript"
  mkdir -p dist
  # As of now: what changes while the compiler runs is newer than the stamp.
  touch dist/.building
  run node node_modules/typescript/bin/tsc -p tsconfig.build.json
  chmod 755 dist/src/cli/main.js
  mv dist/.building "$stamp"
}

ensure_bpf() {
  if src/dataplane/bpf/build.sh --check; then return; fi
  if ! command -v clang >/dev/null && ! command -v clang-14 >/dev/null; then
    complain "clang is missing: the BPF programs are not built, the gateway cannot run"
    return
  fi
  say "building BPF"
  run src/dataplane/bpf/build.sh
}

ensure_packages
check_node
# One set-up at a time in this directory.
exec 9<package-lock.json
flock 9
ensure_npm_packages
if ! $runtime; then
  ensure_typescript
  ensure_bpf
fi
say "ready"
