# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# README's quick start on bare machines, and what remains of the packages afterwards. Source it
# behind machine.sh.

packages_copy() { # machine folder
    cp "$2"/ziglan_*.deb "$2"/ziglan-relayd_*.deb "$MACHINES/$1/root/root/"
}

# Install what is in /root of a machine: machine_install NAME FILE-OR-PATTERN...
machine_install() {
    local name=$1
    shift
    machine_prepare "$name" sh -c "cd /root && apt-get -q update && apt -q -y install $*" \
        >"$MACHINES/$name/install.log" 2>&1 ||
        { tail -20 "$MACHINES/$name/install.log"; return 1; }
}

installed() { # machine file
    machine_prepare "$1" test -e "$2"
}

# A user without rights and a relay of theirs; its URL is in RELAY_URL.
quick_relay() {
    machine vps useradd -m -s /bin/bash me
    machine vps su - me -c 'relayd init ~/relay --name home --public 192.0.2.10' >"$LAB_DIR/init"
    RELAY_URL=$(sed -n 's,.*\(ziglan://[^ ]*\).*,\1,p' "$LAB_DIR/init" | sed -n 1p)
    check "relayd init prints a URL" [ -n "$RELAY_URL" ]
    machine vps su - me -c 'relayd -c ~/relay/relayd.yaml' >"$LAB_DIR/vps.log" 2>&1 </dev/null &
    check "relayd runs as a user without rights" \
        wait_for 20 machine vps su - me -c 'relayd status -c ~/relay/relayd.yaml'
}

connected() { says '"state": *"connected"' machine "$1" ziglan relays --json; }

quick_host() { # name
    check "$1 joins" machine "$1" ziglan join - <<<"$RELAY_URL"
    machine "$1" ziglan up >"$LAB_DIR/$1.log" 2>&1 </dev/null &
    check "$1 is connected" wait_for 20 connected "$1"
}

quick_verbs() {
    check "laptop reaches nas" wait_for 20 machine laptop ziglan ping nas -n 1
    check "laptop sees nas directly" wait_for 20 says 'nas .* direct ' machine laptop ziglan peers
    check "the operator sees both" says 'laptop' machine vps su - me -c \
        'relayd members -c ~/relay/relayd.yaml'
    check "the operator makes another invite" says '^ziglan://' machine vps su - me -c \
        'relayd invite -c ~/relay/relayd.yaml'
    check "the operator revokes nas" machine vps su - me -c \
        'relayd revoke nas -c ~/relay/relayd.yaml'
}

quick_remove() {
    local interface=/sys/class/net/zig0 state=/var/lib/ziglan/zig0
    check "nas has an interface" machine nas test -e $interface
    check "nas removes the package" machine nas apt-get -q -y remove ziglan
    check "the interface went with it" machine nas test ! -e $interface
    check "the program went with it" machine nas test ! -e /usr/bin/ziglan
    check "the key stayed" machine nas test -s $state/key
    check "so did what it joined" machine nas test -s $state/store/data.mdb
    check "installed again, nas has its key" machine nas sh -c \
        "cp $state/key /root/key && apt-get -q -y install /root/ziglan_*.deb && ziglan whoami &&
         cmp $state/key /root/key"
    check "nas purges the package" machine nas apt-get -q -y purge ziglan
    check "nothing of it stayed" machine nas sh -c \
        '[ ! -e /var/lib/ziglan ] && [ ! -e /etc/ziglan ] && [ ! -e /run/ziglan ]'
}

relay_remove() {
    local init='relayd init /var/lib/relayd --name home --public 192.0.2.10'
    check "the relay's user fills its folder" machine vps su -s /bin/sh relayd -c "$init"
    check "vps removes the package" machine vps apt-get -q -y remove ziglan-relayd
    check "the keys stayed" machine vps sh -c \
        'test -s /var/lib/relayd/ziglan.key && test -s /var/lib/relayd/relay.key'
    check "vps purges the package" machine vps apt-get -q -y purge ziglan-relayd
    check "nothing of it stayed" machine vps test ! -e /var/lib/relayd
    check "the user's own relay stayed" machine vps test -s /home/me/relay/ziglan.key
}

# A VPS, and two hosts behind NAT.
internet() {
    lab_begin
    home_pair
}

quick_start() { # suite folder-of-packages
    local name
    internet
    for name in vps laptop nas; do
        machine_new "$name" "$1"
        packages_copy "$name" "$2"
    done
    check "a bare machine installs ziglan-relayd" machine_install vps './ziglan-relayd_*.deb'
    for name in laptop nas; do
        check "a bare machine installs ziglan" machine_install "$name" './ziglan_*.deb'
    done
    for name in vps laptop nas; do
        check "$name starts" machine_start "$name"
    done
    quick_relay
    quick_host laptop
    quick_host nas
    quick_verbs
    quick_remove
    relay_remove
}
