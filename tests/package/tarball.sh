# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The static programs on machines whose libraries are older than those that they were built with, or
# that have none. Source it behind machine.sh.
#
# Machines of the suite "busybox" have nothing but that program and its names: no libc, no
# nsswitch.conf, no services.

busybox_ensure() {
    local dir=$BARE-busybox
    [ ! -e "$dir" ] || return 0
    rm -rf --one-file-system "$dir.new"
    mkdir -p "$dir.new"/{bin,dev,etc,proc,root,run,sys,tmp,usr/bin,usr/sbin,sbin,var}
    (cd "$MACHINES" && apt-get -qq -o APT::Sandbox::User=root download busybox-static &&
        dpkg-deb --fsys-tarfile busybox-static_*.deb | tar -C "$dir.new" -xf - ./bin/busybox) ||
        return 1
    chroot "$dir.new" /bin/busybox --install -s
    echo 'root:x:0:0:root:/root:/bin/sh' >"$dir.new/etc/passwd"
    mv -T "$dir.new" "$dir"
}

static_machine() { # name suite tarball
    machine_end "$1"
    machine_new "$1" "$2"
    cp "$3" "$MACHINES/$1/root/root/ziglan.tar.gz"
    check "$1 starts" machine_start "$1"
    check "$1 unpacks the archive" machine "$1" sh -c \
        'mkdir -p /usr/local && tar -C /usr/local -xzf /root/ziglan.tar.gz --strip-components=1'
    check "both programs run there" machine "$1" sh -c 'relayd --version && ziglan --version'
}

# One host asks a DNS server; the other one has a file, and libraries named that it cannot have.
names_give() { # suite
    echo 'nameserver 192.0.2.10' >"$MACHINES/laptop/root/etc/resolv.conf"
    lab_spawn vps "$LAB_DIR/names.log" tests/package/names.py 192.0.2.10 192.0.2.10 >/dev/null
    check "a DNS server runs" wait_for 20 says '192.0.2.10:53 ' lab_in vps ss -Hlun
    rm -f "$MACHINES/nas/root/etc/resolv.conf"
    echo '192.0.2.10 vps.example.org' >"$MACHINES/nas/root/etc/hosts"
    echo 'hosts: mymachines resolve' >"$MACHINES/nas/root/etc/nsswitch.conf"
}

static_start() { # suite tarball
    local name address url init
    for name in vps laptop nas; do
        static_machine "$name" "$1" "$2"
    done
    names_give "$1"
    init=$(machine vps relayd init /root/relay --name home --public vps.example.org)
    url=$(sed -n 's,.*\(ziglan://[^ ]*\).*,\1,p' <<<"$init" | sed -n 1p)
    check "relayd init prints a URL" [ -n "$url" ]
    machine vps relayd -c /root/relay/relayd.yaml >"$LAB_DIR/vps.log" 2>&1 </dev/null &
    check "relayd runs" wait_for 20 machine vps relayd status -c /root/relay/relayd.yaml
    for name in laptop nas; do
        check "$name joins" machine "$name" ziglan join - <<<"$url"
        check "$name is up" machine "$name" ziglan up --detach
        check "$name is connected" wait_for 20 says '"state": *"connected"' \
            machine "$name" ziglan relays --json
    done
    check "laptop reaches nas" wait_for 20 machine laptop ziglan ping nas -n 1
    check "laptop sees nas directly" wait_for 20 says 'nas .* direct ' machine laptop ziglan peers
    address=$(machine nas ziglan whoami --json | sed -n 's/.*"ipv6": *"\([^"]*\)".*/\1/p')
    if machine laptop sh -c 'command -v ping' >/dev/null; then
        check "packets of the kernel's come through" machine laptop ping -c 2 -W 2 "$address"
    fi
    check "the operator sees both" says nas machine vps relayd members -c /root/relay/relayd.yaml
    for name in laptop nas; do
        check "$name goes down" machine "$name" ziglan down
    done
}
