# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# A router in the lab whose ports are mapped by a real daemon, the miniupnpd of Debian 12 or 13 that
# deploy/setup --tests has unpacked. Sourced by tests; sources what the lab tests share.
. "$(dirname "${BASH_SOURCE[0]}")/../lab/check.sh"

# miniupnpd takes no address of the documentation ranges for a public one, and maps nothing then.
WAN=11.9.9.20
declare -A pid

# The daemon of one suite runs with the loader and the libraries of that suite.
router_program() { # suite; prints words of a command
    unpacked "miniupnpd-$1" miniupnpd
}

# A NAT that gives each connection another port, with the chains that miniupnpd wants.
router_rules() { # protocol
    lab_in router nft -f - <<NFT
table inet filter {
    chain input {
        type filter hook input priority 0
        iifname wan ct state established,related accept
        iifname wan meta l4proto udp drop
    }
    chain forward {
        type filter hook forward priority 0; policy drop
        iifname lan accept
        ct state established,related accept
        jump miniupnpd
    }
    chain miniupnpd { }
    chain prerouting {
        type nat hook prerouting priority -100
        jump prerouting_miniupnpd
    }
    chain postrouting {
        type nat hook postrouting priority 100
        jump postrouting_miniupnpd
        oifname wan masquerade random,fully-random
    }
    chain prerouting_miniupnpd { }
    chain postrouting_miniupnpd { }
}
NFT
    # Its PCP cannot be switched off without NAT-PMP: version 2 does not get through to it.
    [ "$1" != natpmp ] || lab_in router nft insert rule inet filter input udp dport 5351 \
        @th,64,8 2 drop
}

router_up() { # suite protocol [line of the configuration...]
    local suite=$1 natpmp=yes upnp=no
    [ "$2" != upnp ] || natpmp=no upnp=yes
    shift 2
    {
        echo "ext_ifname=wan"
        echo "listening_ip=lan"
        echo "enable_natpmp=$natpmp"
        echo "enable_upnp=$upnp"
        echo "upnp_table_name=filter"
        echo "upnp_nat_table_name=filter"
        echo "upnp_forward_chain=miniupnpd"
        echo "upnp_nat_chain=prerouting_miniupnpd"
        echo "upnp_nat_postrouting_chain=postrouting_miniupnpd"
        echo "uuid=6d696e69-7570-6e70-6400-000000000001"
        echo "system_uptime=no"
        printf '%s\n' "$@"
    } >"$LAB_DIR/miniupnpd.conf"
    # shellcheck disable=SC2046
    pid[router]=$(lab_spawn router "$LAB_DIR/router.log" $(router_program "$suite") -d \
        -f "$LAB_DIR/miniupnpd.conf" -P "$LAB_DIR/miniupnpd.pid")
}

gone() { ! lab_alive "$1"; }

# As if the power had failed: it forgets all.
router_restart() { # suite protocol [line of the configuration...]
    local chain
    kill -KILL "${pid[router]}"
    wait_for 5 gone "${pid[router]}"
    for chain in miniupnpd prerouting_miniupnpd postrouting_miniupnpd; do
        lab_in router nft flush chain inet filter $chain
    done
    rm -f "$LAB_DIR/miniupnpd.pid"
    router_up "$@"
}

# The router forwards this port, to this machine.
forwards() { # port address
    says "dport $1 .*dnat.* $2:" lab_in router nft list chain inet filter prerouting_miniupnpd
}
forwards_none() { # address
    says_no "dnat.* $1:" lab_in router nft list chain inet filter prerouting_miniupnpd
}

# The suites whose miniupnpd is here; exits with 77 if there is none.
router_suites() {
    local suite
    suites=()
    for suite in bookworm trixie; do
        router_program "$suite" >/dev/null && suites+=("$suite")
    done
    [ ${#suites[@]} -gt 0 ] && return
    echo "skipped: no miniupnpd is in the cache; run deploy/setup --tests"
    exit 77
}
