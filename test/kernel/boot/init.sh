#!/bin/busybox sh
# Init of the initial RAM disk: makes a root of the host's file system, which is read-only, and an
# overlay in memory, and goes on there with guest.sh as process 1 (a mere chroot would hide the
# modules from the kernel).
b=/bin/busybox

fail() {
  echo "guest: $*"
  $b poweroff -f
}

for module in /modules/*; do $b insmod "$module" || fail "$module does not load"; done

$b mkdir /proc /lower /upper /new
$b mount -t proc proc /proc
options=trans=virtio,version=9p2000.L,msize=512000
$b mount -t 9p -o $options,ro,cache=loose root /lower || fail "no root"
$b mount -t tmpfs tmpfs /upper
$b mkdir /upper/data /upper/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work overlay /new ||
  fail "no overlay"
$b mount -t tmpfs -o mode=755 tmpfs /new/run
$b mkdir /new/run/share
$b mount -t 9p -o $options share /new/run/share || fail "no share"
$b umount /proc

. /new/run/share/environment
exec $b switch_root /new /bin/bash "$NVGATE_REPOSITORY/test/kernel/boot/guest.sh"
