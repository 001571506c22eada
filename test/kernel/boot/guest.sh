#!/bin/bash
# Process 1 of the guest: mounts what a system has, runs the tests and switches the machine off.
# What it leaves in /run/share is seen by the host: `output` of the tests, and `status`.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
set -a
. /run/share/environment
set +a

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
# By their first use the kernel loads the module behind them, as on a system with systemd.
mkdir -p /dev/net
mknod -m 666 /dev/net/tun c 10 200
mknod -m 600 /dev/ppp c 108 0
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup

release=$(uname -r)
mkdir -p "/lib/modules/$release"
mount --bind "$NVGATE_KERNEL_ROOT/lib/modules/$release" "/lib/modules/$release"

# What processes of the host left there is not the guest's; the repository may be there, too.
case $NVGATE_REPOSITORY in
  /tmp/*) ;;
  *) mount -t tmpfs -o mode=1777 tmpfs /tmp ;;
esac

ip link set lo up
cd "$NVGATE_REPOSITORY" || exit
read -r uptime _ </proc/uptime
echo "guest: up after $uptime s"
bash /run/share/job >/run/share/output 2>&1 </dev/null
echo $? >/run/share/status
echo o >/proc/sysrq-trigger
# The machine goes off meanwhile: process 1 must not end.
sleep 60
