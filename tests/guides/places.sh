# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# What is there before the reader of a guide begins: place_GUIDE makes the machines of that guide,
# with the user `me`, who may use sudo, and the packages in the home folder. Source it behind
# tests/interop/router_common.sh and tests/package/machine.sh. $suite and $packages are those of
# tests/guides/run.
# shellcheck disable=SC2154

# Nothing of it must outlive a power cut.
GUIDE_INSTALL="apt-get -q -y -o Dpkg::Options::=--force-unsafe-io --no-install-recommends install"
GUIDE_BASE="systemd-sysv dbus sudo iproute2 iputils-ping"

# The bare root with what every installed system has; made once.
guide_base() {
    local root=$BARE-$suite.guide base=$GUIDE_BASE
    if [ "$suite" != bookworm ]; then # from Debian 13 on a user may ping by a setting of the kernel
        base+=" linux-sysctl-defaults"
    fi
    [ "$(cat "$root.base" 2>/dev/null)" != "$base" ] || return 0
    rm -rf --one-file-system "$root.new" "$root" "$root.base"
    cp -a "$BARE-$suite" "$root.new"
    mkdir -p "$MACHINES/base/root"
    mount --bind "$root.new" "$MACHINES/base/root"
    machine_prepare base sh -c "apt-get -q update && $GUIDE_INSTALL $base" \
        >"$MACHINES/base.log" 2>&1 || { tail -20 "$MACHINES/base.log"; return 1; }
    umount "$MACHINES/base/root"
    mv -T "$root.new" "$root"
    echo "$base" >"$root.base"
}

# A machine of the guide: its network is there already. More packages may be named.
guide_machine() { # name [package...]
    local name=$1 home
    guide_base || exit 1
    machine_new "$name" "$suite.guide"
    home=$MACHINES/$name/root/home/me
    {
        machine_prepare "$name" useradd -m -s /bin/bash me
        if [ $# -gt 1 ]; then
            # shellcheck disable=SC2086
            machine_prepare "$name" $GUIDE_INSTALL "${@:2}"
        fi
    } >"$MACHINES/$name/install.log" 2>&1 ||
        { tail -20 "$MACHINES/$name/install.log"; exit 1; }
    echo 'me ALL=(ALL) NOPASSWD: ALL' >"$MACHINES/$name/root/etc/sudoers.d/me"
    cp "$packages"/ziglan_*.deb "$packages"/ziglan-relayd_*.deb "$home/"
    machine_prepare "$name" chown -R me: /home/me
    printf '127.0.0.1 localhost %s\n192.0.2.10 vps.example.org relay.example.net\n' "$name" \
        >"$MACHINES/$name/root/etc/hosts"
}

guide_boots() { # name...
    local name
    for name; do
        check "$name boots" machine_start "$name" systemd
    done
}

# A relay of somebody else, that lets strangers in; its URL is printed.
guide_open_relay() { # name address [relay-to-know]
    local folder=/var/lib/relayd
    {
        machine_prepare "$1" sh -c "apt-get -q -y install /home/me/ziglan-relayd_*.deb"
        machine "$1" runuser -u relayd -- relayd init $folder --name "$1" --public "$2" \
            ${3:+--peer "$3"}
        machine "$1" sh -c "echo 'open_relay: true' >>$folder/relayd.yaml"
        machine "$1" systemctl enable --now relayd
    } >"$MACHINES/$1/relay.log" 2>&1 || { tail "$MACHINES/$1/relay.log" >&2; exit 1; }
    machine "$1" relayd status | grep -o 'relay://[^ ]*'
}

# The relay of the network in which the guide begins.
guide_own_relay() {
    local folder=/var/lib/relayd
    {
        machine_prepare vps sh -c "apt-get -q -y install /home/me/ziglan-relayd_*.deb"
        machine vps runuser -u relayd -- relayd init $folder --name home --public vps.example.org
        machine vps systemctl enable --now relayd
    } >"$MACHINES/vps/relay.log" 2>&1 || { tail "$MACHINES/vps/relay.log"; exit 1; }
}

guide_two_homes() { # name name
    lab_site home1 port-restricted 198.51.100.11 192.168.1
    lab_host "$1" home1 2
    lab_site home2 port-restricted 203.0.113.12 192.168.2
    lab_host "$2" home2 2
}

place_vps() {
    lab_public vps 192.0.2.10
    guide_two_homes laptop nas
    guide_machine vps ufw
    guide_machine laptop systemd-resolved libnss-resolve
    guide_machine nas
    guide_boots vps laptop nas
}

# The router maps ports by a real miniupnpd; no address of the documentation ranges is a public one
# for it.
place_home() {
    local name
    lab_in inet ip addr add 11.9.9.1/24 dev br0
    lab_public friend 192.0.2.10
    lab_public other 203.0.113.77
    lab_site router open 11.9.9.20 192.168.1
    lab_host attic router 2
    lab_site away port-restricted 198.51.100.11 192.168.2
    lab_host laptop away 2
    lab_in inet ip route del 192.168.1.0/24 # as on the internet: nobody outside knows that network
    router_rules pcp
    router_suites
    router_up "${suites[0]}" pcp
    for name in friend other attic laptop; do guide_machine "$name"; done
    guide_boots friend other attic laptop
    guide_open_relay friend relay.example.net >"$MACHINES/attic/root/home/me/friend.url"
    guide_open_relay other 203.0.113.77 "$(cat "$MACHINES/attic/root/home/me/friend.url")" \
        >/dev/null
}

place_raspberry_pi() {
    lab_public vps 192.0.2.10
    lab_site home1 port-restricted 198.51.100.11 192.168.1
    lab_host pi home1 2
    guide_machine vps
    guide_machine pi
    guide_boots vps pi
    guide_own_relay
}

# podman keeps what it makes as plain folders, since the machines' own root is a file system that
# nothing can be laid over, and makes no control groups, for which the lab may lack the right.
podman_of_the_lab() { # folder of its settings
    printf '[storage]\ndriver = "vfs"\n' >"$1/storage.conf"
    printf 'runroot = "/run/containers/storage"\n' >>"$1/storage.conf"
    printf 'graphroot = "/var/lib/containers/storage"\n' >>"$1/storage.conf"
    printf '[containers]\ncgroups = "disabled"\n' >"$1/containers.conf"
}

# With the archive for any Linux in place of packages.
place_containers() {
    local name tarball=("$packages"/ziglan-*-linux-*.tar.gz)
    [ -e "${tarball[0]}" ] || { echo "no archive in $packages; see deploy/tarball"; exit 1; }
    lab_public vps 192.0.2.10
    guide_two_homes laptop nas
    guide_machine vps podman
    guide_machine nas podman
    guide_machine laptop
    for name in vps nas; do
        cp "${tarball[0]}" deploy/container/Containerfile "$MACHINES/$name/root/home/me/"
        machine_prepare "$name" chown -R me: /home/me
        podman_of_the_lab "$MACHINES/$name/root/etc/containers"
    done
    guide_boots vps nas laptop
}

# What another program's configuration and interface look like.
old_configuration() { # machine id private-key name-of-peer
    mkdir -p "$MACHINES/$1/root/etc/mynetwork"
    cat >"$MACHINES/$1/root/etc/mynetwork/ms0.json" <<JSON
{
  "listenAddresses": ["/ip4/0.0.0.0/udp/8001/quic-v1"],
  "peers": [{"name": "$4", "id": "$2", "routes": [{"net": "10.1.1.0/24"}]}],
  "privateKey": "$3"
}
JSON
    chmod 600 "$MACHINES/$1/root/etc/mynetwork/ms0.json"
}

libp2p_key() { # name of the header's constant, without LIBP2P_
    sed -e ':next' -e '/\\$/ { N; s/\\\n//; t next' -e '}' tests/support/libp2p_keys.h |
        sed -n "/define LIBP2P_$1 /p" | grep -o '"[^"]*"' | tr -d '"\n'
}

place_moving() {
    local name
    lab_public vps 192.0.2.10
    guide_two_homes laptop nas
    lab_site home3 port-restricted 198.51.100.30 192.168.3
    lab_host desk home3 2
    lab_public friend 203.0.113.77
    for name in vps laptop nas desk friend; do guide_machine "$name"; done
    guide_boots vps laptop nas desk friend
    guide_own_relay
    guide_open_relay friend 203.0.113.77 >"$LAB_DIR/friend.url"
    cp "$LAB_DIR/friend.url" "$MACHINES/nas/root/home/me/"
    cp "$LAB_DIR/friend.url" "$MACHINES/desk/root/home/me/"
    lab_in laptop ip tuntap add old0 mode tun
    lab_in laptop ip addr add 100.101.102.103/10 dev old0
    lab_in laptop ip link set old0 up
    old_configuration nas "$(libp2p_key B_ID)" "$(libp2p_key A_PRIVATE)" desk
    old_configuration desk "$(libp2p_key A_ID)" "$(libp2p_key B_PRIVATE)" nas
}
