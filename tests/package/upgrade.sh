# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# From the packages of before to those of now, on machines whose daemons systemd runs: nothing to do
# by hand, nothing lost. Source it behind service.sh.

# The packages of before, into a folder: those of an older tree, or the same ones with a lower
# version.
packages_before() { # folder-of-packages out
    local deb tree=$2/tree
    mkdir -p "$2"
    for deb in "$1"/ziglan_*.deb "$1"/ziglan-relayd_*.deb; do
        rm -rf "$tree"
        dpkg-deb -R "$deb" "$tree" || return 1
        sed -i 's/^Version: .*/Version: 0.0.1/' "$tree/DEBIAN/control"
        dpkg-deb --root-owner-group -b "$tree" "$2/$(basename "${deb%%_*}")_0.0.1.deb" >/dev/null ||
            return 1
    done
    rm -rf "$tree"
}

# A machine with systemd and the package of before, and that of now in /root/now. In the lab it does
# not reach the archive, so it has what the latter needs besides.
upgrade_machine() { # machine suite folder-of-packages-before folder-of-packages package
    machine_new "$1" "$2"
    mkdir -p "$MACHINES/$1/root/root/now"
    cp "$4/$5"_*.deb "$MACHINES/$1/root/root/now/"
    check "$1 gets what $5 of now needs" machine_install "$1" --download-only "/root/now/$5_*.deb"
    packages_copy "$1" "$3"
    check "$1 installs $5 of before" machine_install "$1" systemd-sysv dbus systemd-resolved \
        libnss-resolve iputils-ping "./$5_*.deb"
    check "$1 boots" machine_start "$1" systemd
}

daemon_pid() { machine "$1" systemctl show --value -p MainPID "$2"; } # machine unit

package_version() { machine "$1" dpkg-query -W -f '${Version}' "$2"; } # machine package

# The package in /root/now, with a question of dpkg's answered by none: there must be none.
upgrades() { # machine package unit
    local pid version
    pid=$(daemon_pid "$1" "$3")
    version=$(package_version "$1" "$2")
    machine "$1" sh -c "DEBIAN_FRONTEND=noninteractive apt-get -q -y install /root/now/$2_*.deb" \
        >"$MACHINES/$1/upgrade.log" 2>&1 || { tail -20 "$MACHINES/$1/upgrade.log"; return 1; }
    [ "$version" != "$(package_version "$1" "$2")" ] &&
        wait_for 20 unit_says "$1" "$3" ActiveState active &&
        [ "$pid" -gt 0 ] && [ "$pid" != "$(daemon_pid "$1" "$3")" ]
}

keys_of() { # machine: what must not change
    machine "$1" sh -c 'cd / && sha256sum var/lib/relayd/*.key var/lib/relayd/relayd.yaml \
        var/lib/ziglan/zig0/key etc/ziglan/zig0.yaml 2>/dev/null'
}

upgrade_hosts() {
    local name before
    for name in laptop nas; do
        before=$(keys_of "$name")
        check "$name upgrades, and its daemon goes on with the new program" \
            upgrades "$name" ziglan ziglan@zig0
        check "$name has the key that it had" [ "$before" = "$(keys_of "$name")" ]
        check "$name is connected" wait_for 20 connected "$name"
    done
    check "laptop still pings nas.zignet" wait_for 20 machine laptop ping -c 1 -W 1 nas.zignet
}

# The hosts talk over the relay, on a lane, which is kept by systemd while relayd starts anew.
upgrade_lane_begin() {
    lab_cut 198.51.100.11 203.0.113.12
    machine laptop sh -c \
        'setsid ping -q -i 0.1 nas.zignet >/root/pings 2>&1 & echo $! >/root/pinging'
    check "laptop and nas talk on a lane" wait_for 30 upgrade_on_lane
}
upgrade_on_lane() { says '"used": true' machine laptop ziglan status --json; }

upgrade_lane_end() { # folder-of-packages-before
    if [ "$1" = "$MACHINES/before" ]; then # older ones may not know of it
        check "relayd goes on with their lane" says 'lanes\.kept count=1' \
            machine vps journalctl --no-pager -u relayd
        check "they are on it" upgrade_on_lane
    fi
    machine laptop sh -c 'kill -INT $(cat /root/pinging)'
    lab_heal
    machine laptop tail -3 /root/pings
}

# At last both, old and new, talk to each other at all times: first the relay is new, then one host.
upgrade() { # suite folder-of-packages-before folder-of-packages
    local name before members
    for name in vps laptop nas; do
        machine_end "$name"
    done
    upgrade_machine vps "$1" "$2" "$3" ziglan-relayd
    upgrade_machine laptop "$1" "$2" "$3" ziglan
    upgrade_machine nas "$1" "$2" "$3" ziglan
    check "the relay of before has a folder" machine vps su -s /bin/sh relayd -c \
        'relayd init /var/lib/relayd --name home --public 192.0.2.10'
    check "it starts" machine vps systemctl enable --now relayd
    RELAY_URL=$(machine vps relayd invite --uses 2)
    service_host laptop
    service_host nas
    check "laptop pings nas.zignet" wait_for 20 machine laptop ping -c 1 -W 1 nas.zignet
    upgrade_lane_begin
    before=$(keys_of vps)
    members=$(machine vps relayd members | awk '{ print $1 }')
    check "vps upgrades, and relayd goes on with the new program" \
        upgrades vps ziglan-relayd relayd
    upgrade_lane_end "$2"
    check "the relay has its keys and configuration" [ "$before" = "$(keys_of vps)" ]
    check "the relay has its members" [ "$members" = "$(machine vps relayd members |
        awk '{ print $1 }')" ]
    for name in laptop nas; do
        check "$name of before is connected again" wait_for 20 connected "$name"
    done
    upgrade_hosts
}
