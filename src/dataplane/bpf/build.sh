#!/usr/bin/env bash
# Compiles the BPF programs to dist/bpf/nvgate.bpf.o, if a source is newer than that.
#
#   src/dataplane/bpf/build.sh [--check]
#
#   --check  builds nothing; the exit status says whether the object is up to date
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
object=$root/dist/bpf/nvgate.bpf.o

up_to_date() {
  [ -e "$object" ] || return 1
  [ -z "$(find "$here" \( -name '*.c' -o -name '*.h' -o -name build.sh \) -newer "$object" -print -quit)" ]
}

if up_to_date; then exit 0; fi
if [ "${1:-}" = --check ]; then exit 1; fi

clang=
for candidate in clang clang-19 clang-16 clang-14; do
  if command -v "$candidate" >/dev/null; then
    clang=$candidate
    break
  fi
done
if [ -z "$clang" ]; then
  echo "build.sh: clang is missing; install the Debian package clang" >&2
  exit 1
fi

# linux/types.h includes asm/types.h, which Debian keeps in a directory per architecture.
multiarch=/usr/include/$(uname -m)-linux-gnu
if [ ! -e "$multiarch/asm/types.h" ] || [ ! -e /usr/include/bpf/bpf_helpers.h ]; then
  echo "build.sh: headers are missing; install the Debian packages libbpf-dev and linux-libc-dev" >&2
  exit 1
fi

mkdir -p "$(dirname "$object")"
unfinished=$object.$$
trap 'rm -f "$unfinished"' EXIT
"$clang" -O2 -g -target bpf -mcpu=v3 -Wall -Werror -I "$multiarch" \
  -c "$here/nvgate.bpf.c" -o "$unfinished"
# In one step: a gateway that starts meanwhile reads the old object or the new one.
mv "$unfinished" "$object"
