#!/bin/sh
# Entry point of the container: the arguments are those of `nvgate run`.
set -eu

# compose.yaml brings the host's. One of the container's own works too, but what is pinned there
# goes with the container, and the packets with it.
if ! mountpoint -q /sys/fs/bpf; then
  mount -t bpf bpf /sys/fs/bpf
  echo "entrypoint: /sys/fs/bpf is the container's own; traffic will stop when it is restarted" >&2
fi
mkdir -p /run/netns

exec nvgate run "$@"
