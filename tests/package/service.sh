# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The units under the systemd of a release, as first process of a machine. Source it behind
# quick_start.sh.

unit_says() { # machine unit property pattern
    says "^$4\$" machine "$1" systemctl show --value -p "$3" "$2"
}

exposed_at_most() { # machine unit limit
    local level
    level=$(machine "$1" systemd-analyze security --no-pager "$2" |
        sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
    say "$2: exposure $level"
    [ -n "$level" ] && awk -v level="$level" -v limit="$3" 'BEGIN { exit !(level <= limit) }'
}

# The service manager ends a daemon that stands still, and starts it anew.
watched() { # machine unit
    local dir=/run/systemd/system/$2.d
    machine "$1" mkdir -p "$dir"
    machine "$1" sh -c "printf '[Service]\nWatchdogSec=2\n' >$dir/watchdog.conf"
    machine "$1" systemctl daemon-reload
    machine "$1" systemctl restart "$2" || return 1
    unit_says "$1" "$2" NRestarts 0 || return 1
    machine "$1" systemctl kill -s STOP "$2"
    wait_for 30 unit_says "$1" "$2" NRestarts 1 &&
        wait_for 10 unit_says "$1" "$2" ActiveState active
}

reloads() { # machine unit status
    machine "$1" systemctl reload "$2" && unit_says "$1" "$2" ActiveState active &&
        wait_for 5 unit_says "$1" "$2" StatusText "$3"
}

udp_sockets() { # machine; its ports with their inodes
    machine "$1" awk '$2 ~ /:(1151|01BB)$/ { print $2, $10 }' /proc/net/udp /proc/net/udp6 | sort
}

# systemd keeps the ports over a restart: at each, one of the sockets is the same. Those of workers
# are new ones.
restarts_on_its_ports() { # machine
    local before kept
    before=$(udp_sockets "$1")
    [ -n "$before" ] && machine "$1" systemctl restart relayd || return 1
    kept=$(comm -12 <(echo "$before") <(udp_sockets "$1"))
    [ "$(cut -d' ' -f1 <<<"$kept" | uniq)" = "$(cut -d' ' -f1 <<<"$before" | uniq)" ]
}

service_relay() {
    local init='relayd init /var/lib/relayd --name home --public 192.0.2.10'
    check "relayd does not start before it has a folder" unit_says vps relayd ActiveState inactive
    check "the relay's user fills its folder" machine vps su -s /bin/sh relayd -c "$init"
    check "relayd starts and says that it is ready" machine vps systemctl enable --now relayd
    check "relayd tells its status" unit_says vps relayd StatusText serving
    check "relayd reloads" reloads vps relayd serving
    check "relayd restarts on the same sockets" restarts_on_its_ports vps
    check "relayd has port 443" says ':443' machine vps relayd status
    check "relayd is no root" unit_says vps relayd User relayd
    check "relayd is exposed at most 1.5" exposed_at_most vps relayd.service 1.5
    check "relayd that stands still is started anew" watched vps relayd.service
    RELAY_URL=$(machine vps relayd invite --uses 2)
}

service_other_relay() {
    local folder=/var/lib/relayd/other
    check "a second relay gets a folder" machine vps su -s /bin/sh relayd -c \
        "relayd init $folder --name other --public 192.0.2.10 &&
         printf 'listen: [\"[::]:5433\"]\nmetrics: off\n' >>$folder/relayd.yaml"
    check "relayd@other starts beside it" machine vps systemctl enable --now relayd@other
    check "relayd@other has its port" says ':5433' machine vps \
        relayd status -c $folder/relayd.yaml
}

# From now on relayd runs because somebody wants something of it.
service_socket() {
    check "relayd stops" machine vps systemctl disable --now relayd.service
    check "systemd keeps its ports" machine vps systemctl enable --now relayd.socket
    check "nobody came yet" unit_says vps relayd ActiveState inactive
}

service_host() { # name
    check "$1 joins" machine "$1" ziglan join - <<<"$RELAY_URL"
    check "$1 starts ziglan@zig0" machine "$1" systemctl enable --now ziglan@zig0
    check "$1 tells its status" unit_says "$1" ziglan@zig0 StatusText 'zig0 is up: .*'
    check "$1 reloads" reloads "$1" ziglan@zig0 'zig0 is up: .*'
    check "$1 is connected" wait_for 20 connected "$1"
}

no_unit_of() { # machine pattern: systemd starts nothing of the kind
    ! machine "$1" find /etc/systemd/system -name "$2" | grep .
}

no_relay_on() { says_no '^relayd$' machine "$1" sh -c 'cat /proc/[0-9]*/comm'; } # machine

service_remove() {
    check "laptop removes the package" machine laptop apt-get -q -y remove ziglan
    check "the interface went with it" machine laptop test ! -e /sys/class/net/zig0
    check "the key stayed" machine laptop test -s /var/lib/ziglan/zig0/key
    check "laptop purges the package" machine laptop apt-get -q -y purge ziglan
    check "no unit of it is started any more" no_unit_of laptop 'ziglan*'
    check "vps removes the package" machine vps apt-get -q -y remove ziglan-relayd
    check "no relay runs any more" no_relay_on vps
    check "the keys stayed" machine vps test -s /var/lib/relayd/ziglan.key
    check "vps purges the package" machine vps apt-get -q -y purge ziglan-relayd
    check "no unit of it is started any more" no_unit_of vps 'relayd*'
}

service() { # suite folder-of-packages
    local name
    for name in vps laptop nas; do
        machine_end "$name"
        machine_new "$name" "$1"
        packages_copy "$name" "$2"
    done
    check "a machine with systemd installs ziglan-relayd" machine_install vps \
        systemd-sysv dbus './ziglan-relayd_*.deb'
    for name in laptop nas; do
        check "a machine with systemd installs ziglan" machine_install "$name" \
            systemd-sysv dbus systemd-resolved libnss-resolve iputils-ping './ziglan_*.deb'
    done
    for name in vps laptop nas; do
        check "$name boots" machine_start "$name" systemd
    done
    service_relay
    service_other_relay
    service_socket
    service_host laptop
    check "the first packet started relayd" unit_says vps relayd ActiveState active
    check "relayd has both ports" says ':4433, .*:443' machine vps relayd status
    service_host nas
    check "laptop pings nas.zignet" wait_for 20 machine laptop ping -c 1 -W 1 nas.zignet
    check "ziglan is exposed at most 3.0" exposed_at_most laptop ziglan@zig0.service 3.0
    check "ziglan that stands still is started anew" watched laptop ziglan@zig0.service
    service_remove
}
