#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The doctors of a relay and a host: all is well at first; then a firewall, an interface that was
# set down, a relay that is away and a configuration with an error are found, and the command that
# is told for it mends it. A bundle for a bug report has no key, invite, address or name in it.
. "$(dirname "$0")/check.sh"

TEST_OFFLOADS=on # it is about them, too
test_begin
relayed_pair_begin
doctor_of() { # machine [options]
    local name=$1
    shift
    if [ "$name" = vps ]; then
        lab_in vps "$(lab_program relayd)" doctor -c "$LAB_DIR/vps/relayd.yaml" "$@"
    else
        lab_ziglan "$name" doctor "$@"
    fi
}
# The command below the line that begins so.
command_of() { # machine line [state]
    doctor_of "$1" 2>/dev/null |
        awk -v line="$2" -v state="${3:-BAD}" '$1 == state { mine = $2 == line }
                          mine && !told && sub(/^ *-> sudo /, "") { print; told = 1 }'
}
mend() { # machine line [state]
    local command
    command=$(command_of "$@")
    say "$command"
    [ -n "$command" ] && lab_in "$1" env ZIGLAN_ROOT="$LAB_DIR/$1" \
        PATH="$(dirname "$(lab_program ziglan)"):$PATH" bash -c "$command" >/dev/null
}

expect "the relay is well" 0 "lets UDP port 4433 in" doctor_of vps
expect "so is a host, whose relay is open at both ports" 0 "192.0.2.10:443 answers" doctor_of phone
expect "as JSON, too" 0 '"good": true' doctor_of phone --json

lab_in vps nft -f - <<'NFT'
table inet filter {
    chain input {
        type filter hook input priority 0; policy drop;
        ct state established,related accept
        udp dport 4433 accept
    }
}
NFT
expect "a firewall is found, with its chain" 1 \
    "nftables drops UDP port 443: the chain input of inet filter input" doctor_of vps
expect "and from outside" 0 "192.0.2.10:443 does not answer" doctor_of phone
check "the command mends it" mend vps firewall
expect "the relay is well again" 0 "lets UDP port 443 in" doctor_of vps
expect "from outside, too" 0 "192.0.2.10:443 answers" doctor_of phone

if command -v iptables-legacy >/dev/null; then
    lab_in vps nft flush ruleset
    lab_in vps iptables-legacy -P INPUT DROP
    lab_in vps iptables-legacy -A INPUT -p udp --dport 4433 -j ACCEPT
    expect "rules that nft does not know of are found" 1 \
        "iptables-legacy drops UDP port 443: the chain INPUT of ip filter INPUT" doctor_of vps
    check "the command mends it" mend vps firewall
    expect "the relay is well again" 0 "lets UDP port 443 in" doctor_of vps
    lab_in vps iptables-legacy -P INPUT ACCEPT
fi

# What only makes it slower is a note. A wire of the lab has GRO off as it comes.
if command -v ethtool >/dev/null; then
    device=$(lab_in phone ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p')
    lab_in phone ethtool -K "$device" gro off gso off
    expect "offloads that are off are found" 0 \
        "$device has generic-receive-offload and generic-segmentation-offload off" doctor_of phone
    check "the command mends it" mend phone trains note
    expect "they are on" 0 "$device joins and splits packets" doctor_of phone
    expect "the tunnel has its own" 0 "zig0 gets TCP in large pieces" doctor_of phone
    lab_in phone ethtool -K zig0 tso off
    expect "without, that is found" 0 "zig0 gets TCP in single packets" doctor_of phone
    check "the command mends it" mend phone tunnel note
    expect "it has them again" 0 "zig0 gets TCP in large pieces" doctor_of phone
fi

lab_in phone ip link set zig0 down
check "the daemon notices that" \
    wait_for 5 says '"interface_down": *true' lab_ziglan phone status --json
expect "an interface that is down is found" 1 "somebody set it down" doctor_of phone
check "the command mends it" mend phone interface
well() { doctor_of "$1" >/dev/null; }
check "phone is well again" wait_for 10 well phone

check "tablet goes down" lab_ziglan tablet down
expect "a host that is down is found" 1 "zig0 does not run" doctor_of tablet
check "the command mends it" mend tablet daemon
check "tablet is well again" wait_for 20 well tablet
chmod 755 "$LAB_DIR/tablet/var/lib/ziglan/zig0"
expect "a folder that others may read is found" 1 "others may look into" doctor_of tablet
check "the command mends it" mend tablet state
check "tablet is well again" well tablet

# What stands in a report is for the public.
secrets() {
    local host
    for host in phone tablet; do
        json_of "$host" whoami 'd["key"]'
        json_of "$host" whoami 'd["key"][:10]'
        json_of "$host" whoami 'd["addresses"]["ipv4"]'
        json_of "$host" whoami 'd["addresses"]["ipv6"]'
        echo "$host"
    done
    sed 's|^ziglan://\([a-z2-7]*\)@.*invite=\([a-z2-7]*\).*|\1\n\2|' <<<"$RELAY_URL"
    cat "$LAB_DIR/vps/relay.key" "$LAB_DIR/vps/ziglan.key" "$LAB_DIR/phone/var/lib/ziglan/zig0/key"
    printf '%s\n' 192.0.2.10 198.51.100.13 203.0.113.14 192.168.3.2 192.168.4.2
    printf '%s\n' "$(hostname)"
}
lab_ziglan phone peer add "$(json_of tablet whoami 'd["key"]')" --name tablet >/dev/null
echo "privateKey: $(cat "$LAB_DIR/phone/var/lib/ziglan/zig0/key")" \
    >>"$LAB_DIR/phone/etc/ziglan/zig0.yaml"
for machine in vps phone; do
    check "$machine writes a bundle" doctor_of "$machine" --bundle "$LAB_DIR/$machine.bundle"
    check "others may not read it" [ "$(stat -c %a "$LAB_DIR/$machine.bundle")" = 600 ]
    check "it has what the daemon says" grep -q '==== the daemon says' "$LAB_DIR/$machine.bundle"
    clean() {
        local found
        found=$(grep -n -i -w -F -f <(secrets | sort -u | grep ..) "$LAB_DIR/$machine.bundle")
        [ -z "$found" ] || { echo "$found"; return 1; }
    }
    check "no key, invite, address or name is in it" clean
done
expect "a bundle is not overwritten" 2 "is there already" \
    doctor_of vps --bundle "$LAB_DIR/vps.bundle"

kill -TERM "$RELAY_PID"
wait_for 10 eval "! lab_alive $RELAY_PID"
expect "a relay that is away is found" 1 "it does not run" doctor_of vps
echo 'speed: fast' >>"$LAB_DIR/vps/relayd.yaml"
expect "so is an error of its configuration, with its line" 1 "unknown key 'speed'" doctor_of vps
test_end
