#!/bin/sh
# Becomes a booted systemd: PID 1 of fresh namespaces, on a throw-away overlay over this machine's
# root that ends with it. machine.py calls it under `unshare`:
#   boot.sh ROOT PYTHON SITE REPOSITORY
# ROOT is an empty folder. The other three are shown inside, read-only, as /opt/machine/python, site and
# repository: a sandboxed unit could not see them under /root, /home or /tmp.
set -eu

mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/merged"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/merged"
cd "$1/merged"

mkdir -p opt/machine/python opt/machine/site opt/machine/repository
mount --bind -o ro "$2" opt/machine/python
mount --bind -o ro "$3" opt/machine/site
mount --bind -o ro "$4" opt/machine/repository

mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount --rbind /dev dev
ip link set lo up

# Only what the unit under test needs: nothing of this machine's own services, nothing that sets the kernel.
units=etc/systemd/system
for name in systemd-sysctl systemd-modules-load systemd-binfmt systemd-udevd systemd-random-seed; do
    ln -sf /dev/null "$units/$name.service"
done
cat >"$units/machine.target" <<UNIT
[Unit]
Requires=basic.target dbus.service
After=basic.target dbus.service
AllowIsolate=yes
UNIT
: >etc/machine-id

# Not chroot: the kernel makes no user namespace (PrivateUsers=) below one.
mkdir -p host
pivot_root . host
exec chroot . sh -c 'umount -l /host && mount --make-rshared / && exec /lib/systemd/systemd --system --unit=machine.target' <dev/null
