# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Machines of the lab that are a Debian release of their own: a bare root folder, of which each has
# a copy that is written to (overlayfs), in mount, process and control group namespaces. Source it
# behind tests/lab/check.sh; then:
#
#   bare_ensure SUITE           make the bare root by debootstrap, once; it stays in the cache
#   machine_new NAME SUITE      a root for the machine NAME of the lab
#   machine_prepare NAME command...
#                               run a command in it with this machine's network, as to install
#   machine_start NAME [systemd]
#                               start it, with systemd as its first process or nothing
#   machine NAME command...     run a command on it
#   machine_stop NAME           end all that runs there
#   machine_end NAME            and take its root away, as for another one of that name
#
# Roots and what is mounted on them are below $MACHINES and go with the script.

MACHINES= # a temporary folder
BARE=${XDG_CACHE_HOME:-$HOME/.cache}/ziglan/bare
declare -A machine_init=() # the pid of each machine's first process, as seen from here

machines_end() {
    local name
    for name in "${!machine_init[@]}"; do
        machine_stop "$name"
    done
    for name in "$MACHINES"/*/root; do
        umount -l "$name" 2>/dev/null || true
    done
    umount "$MACHINES/groups" 2>/dev/null || true
    rm -rf --one-file-system "$MACHINES"
}

mirror() { # the archive that apt has for the running release
    apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' |
        awk '$2 == "main" { print $1; exit }'
}

bare_ensure() {
    local dir=$BARE-$1
    if [ ! -e "$dir" ]; then
        rm -rf --one-file-system "$dir.new"
        mkdir -p "$dir.new"
        debootstrap --variant=minbase "$1" "$dir.new" "$(mirror)" >"$MACHINES/bare.log" 2>&1 ||
            { tail -5 "$MACHINES/bare.log"; return 1; }
        # An archive whose lists are older than they should be is taken where this machine takes it.
        apt-config dump | grep -E '^Acquire::Check-(Valid-Until|Date) ' \
            >"$dir.new/etc/apt/apt.conf.d/90-as-here" || true
        # No machine here outlives a power cut, so that dpkg need not wait for the disk.
        echo force-unsafe-io >"$dir.new/etc/dpkg/dpkg.cfg.d/unsafe-io"
        mv -T "$dir.new" "$dir"
    fi
}

machine_new() {
    local dir=$MACHINES/$1
    mkdir -p "$dir"/{root,upper,work}
    mount -t overlay "$1" \
        -o "lowerdir=$BARE-$2,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
}

# What every machine has below /dev, /proc and /run. Runs in the machine's own namespaces.
machine_mounts() { # root
    local name
    mount -t proc proc "$1/proc"
    mount -t sysfs sysfs "$1/sys"
    mount -t tmpfs -o mode=755 tmpfs "$1/dev"
    mkdir -p "$1"/dev/{net,pts,shm}
    for name in null zero full random urandom tty net/tun; do
        : >"$1/dev/$name"
        mount --bind "/dev/$name" "$1/dev/$name"
    done
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$1/dev/pts"
    ln -s pts/ptmx "$1/dev/ptmx"
    ln -s /proc/self/fd "$1/dev/fd"
    mount -t tmpfs tmpfs "$1/run"
    mount -t tmpfs tmpfs "$1/tmp"
    mkdir -p /run/lock
}

MACHINE_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

machine_prepare() {
    local root=$MACHINES/$1/root
    shift
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    # shellcheck disable=SC2016
    unshare -m -p -f --kill-child bash -c "$(declare -f machine_mounts)"'
        root=$1; shift
        machine_mounts "$root"
        exec chroot "$root" env -i HOME=/root DEBIAN_FRONTEND=noninteractive "$@"' \
        - "$root" PATH="$MACHINE_PATH" "$@"
}

# Run a command in a root of its own mount namespace: not a chroot, out of which a container's
# runtime that runs there would lead. Runs in the machine's own namespaces.
machine_root() { # root command...
    cd "$1" || return
    shift
    mkdir run/before
    pivot_root . run/before
    exec chroot . sh -c 'umount -l /run/before; rmdir /run/before; exec "$@"' - "$@"
}

machine_start() {
    local dir=$MACHINES/$1 holder
    local -a init=(sh -c 'while :; do sleep 1; done')
    if [ "${2:-}" = systemd ]; then
        init=(/lib/systemd/systemd --log-target=console)
    fi
    if ! mountpoint -q "$MACHINES/groups"; then
        mkdir -p "$MACHINES/groups"
        mount -t cgroup2 cgroup2 "$MACHINES/groups"
    fi
    mkdir -p "$MACHINES/groups/$LAB_ID-$1"
    echo "$1" >"$dir/root/etc/hostname"
    # shellcheck disable=SC2016
    holder=$(lab_spawn "$1" "$dir/console" bash -c "$(declare -f machine_mounts machine_root)"'
        echo $$ >"$1/cgroup.procs"
        exec unshare -m -p -u -i -C -f --kill-child bash -c "$(declare -f)
            root=\$1; shift
            hostname \"\$1\"; shift
            machine_mounts \"\$root\"
            mount -t cgroup2 cgroup2 \"\$root/sys/fs/cgroup\"
            machine_root \"\$root\" env -i container=lab \"\$@\"" - "${@:2}"' \
        - "$MACHINES/groups/$LAB_ID-$1" "$dir/root" "$1" PATH="$MACHINE_PATH" "${init[@]}")
    wait_for 60 pgrep -P "$holder" || return 1
    machine_init[$1]=$(pgrep -P "$holder")
    # Before it is in its own root, what runs "on it" would run here: so else there is no machine.
    wait_for 60 test "/proc/${machine_init[$1]}/root/." -ef "$dir/root/." ||
        { machine_stop "$1"; return 1; }
    if [ "${2:-}" = systemd ]; then
        wait_for 60 machine "$1" systemctl is-active -q multi-user.target ||
            { tail -5 "$dir/console"; return 1; }
    fi
}

machine() {
    local pid=${machine_init[$1]:-}
    [ -n "$pid" ] || { echo "$1 does not run"; return 1; }
    shift
    nsenter -t "$pid" -m -p -u -i -C -n -r -w \
        env -i HOME=/root LC_ALL=C PATH="$MACHINE_PATH" TERM=dumb "$@"
}

machine_stop() {
    [ -z "${machine_init[$1]:-}" ] || kill -KILL "${machine_init[$1]}" 2>/dev/null || true
    unset "machine_init[$1]"
    wait_for 5 rmdir "$MACHINES/groups/$LAB_ID-$1" || true
}

machine_end() {
    machine_stop "$1"
    umount -l "$MACHINES/$1/root" 2>/dev/null || true
    rm -rf "${MACHINES:?}/$1"
}
