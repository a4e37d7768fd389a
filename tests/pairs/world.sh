# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# The world of tests/pairs/run: a relay, and hosts in networks of many kinds. Reads one place a line
# from standard input:
#
#   NAME RECIPE WAN4 NUMBER
#
# NUMBER (2 to 250) makes the networks inside differ. RECIPE is a kind of lab_site, or:
#
#   public               a machine of the internet
#   firewall             a public address behind a router that lets in only answers
#   double               a home's router behind that of a provider
#   provider WORDS       (in place of RECIPE) no host, but a NAT for homes: nat:WORDS
#   behind:PROVIDER      a home behind it
#   second:HOST:KIND     (behind HOST's line) no host, but another site, at which HOST has its
#                        card eth1, which is down
#
# An empty line ends the list. Then all hosts join, it says "ready RELAY-PID", and waits until its
# input ends; the world goes with it. Environment: as for tests/lab/net.sh, with LAB_DELAY_MS.
. "$(dirname "${BASH_SOURCE[0]}")/../lab/check.sh"

RELAY=192.0.2.10
DELAY_MS=$LAB_DELAY_MS

# A router that only passes on: it answers for the host outside, and for the gateway inside.
place_wall() { # name wan4
    local gateway
    gateway=$(lab_gateway_of "$2")
    lab_router "site-$1"
    lab_in "site-$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.wan.proxy_arp=1 \
        net.ipv4.conf.lan.proxy_arp=1 net.ipv4.neigh.wan.proxy_delay=0 \
        net.ipv4.neigh.lan.proxy_delay=0
    lab_in "site-$1" ip addr add 169.254.0.1/32 dev wan
    lab_in "site-$1" ip route add default via "$gateway" dev wan onlink
    lab_in "site-$1" ip route add "$2/32" dev lan
    lab_rules "site-$1" nat <<'NFT'
table ip lab {
    chain through {
        type filter hook forward priority 0
        iifname wan ct state established,related accept
        iifname wan drop
    }
}
NFT
    lab_machine "$1"
    lab_wire "$1" "site-$1" lan eth0 "$LAB_MTU"
    lab_in "$1" ip addr add "$2/32" dev eth0
    lab_in "$1" ip route add default via "$gateway" dev eth0 onlink
}

# A home's router, of Linux with one line of masquerade and an input hook that drops, at the LAN of
# another one.
place_home() { # name provider number
    lab_host "site-$1" "$2" "$3"
    lab_in "site-$1" ip link add lan type bridge stp_state 0 forward_delay 0 mcast_snooping 0
    lab_in "site-$1" ip link set lan up
    lab_lan "site-$1" "192.168.$3"
    lab_rules "site-$1" nat <<'NFT'
table ip lab {
    chain post { type nat hook postrouting priority 100; oifname eth0 masquerade; }
    chain inward { type filter hook input priority 0; iifname eth0 meta l4proto udp drop; }
    chain through {
        type filter hook forward priority 0
        iifname eth0 ct state established,related accept
        iifname eth0 drop
    }
}
NFT
    LAB_DELAY_MS=0 lab_host "$1" "site-$1" 2
}

# Another network for a host, to which it may go.
place_second() { # name host:kind wan4 number
    local host=${2%%:*}
    lab_site "site-$1" "${2#*:}" "$3" "192.168.$4"
    ip link add eth1 netns "$(lab_ns "$host")" type veth peer name "to-$host" netns \
        "$(lab_ns "site-$1")"
    lab_in "site-$1" ip link set "to-$host" master lan up
}

place() { # name recipe wan4 number
    LAB_DELAY_MS=$DELAY_MS
    case $2 in
    public) lab_public "$1" "$3" ;;
    firewall) place_wall "$1" "$3" ;;
    double)
        lab_site "isp-$1" port-restricted "$3" "100.64.$4"
        place_home "$1" "isp-$1" "$4"
        ;;
    provider:*) lab_site "$1" "nat:${2#provider:}" "$3" "100.64.$4" ;;
    behind:*) place_home "$1" "${2#behind:}" "$4" ;;
    second:*) place_second "$1" "${2#second:}" "$3" "$4" ;;
    *)
        lab_site "site-$1" "$2" "$3" "192.168.$4"
        lab_host "$1" "site-$1" 2
        ;;
    esac
}

test_begin
lab_begin
lab_public vps $RELAY
hosts=()
places=()
while read -r name recipe wan number && [ -n "$name" ]; do
    case $recipe in
    second:*) # after its host
        wait "${places[@]}" || exit 1
        places=()
        place "$name" "$recipe" "$wan" "$number" >&2 || exit 1
        ;;
    provider:*) place "$name" "$recipe" "$wan" "$number" || exit 1 ;; # before its homes
    *)
        hosts+=("$name")
        place "$name" "$recipe" "$wan" "$number" >&2 &
        places+=($!)
        ;;
    esac
    if [ ${#places[@]} = 4 ]; then
        wait "${places[@]}" || exit 1
        places=()
    fi
done
wait "${places[@]}" || exit 1
relay_start vps $RELAY --uses ${#hosts[@]} >&2
hosts_join "${hosts[@]}" >&2
for name in "${hosts[@]}"; do
    lab_mkdir "/etc/netns/$(lab_ns "$name")"
    echo "nameserver 100.64.0.53" >"/etc/netns/$(lab_ns "$name")/resolv.conf"
done
[ ! -s "$LAB_DIR/failures" ] || exit 1
echo "ready $RELAY_PID"
read -r _
lab_end >&2
