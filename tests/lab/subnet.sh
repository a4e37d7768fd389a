# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# An internet with many relays of different owners, as real processes, for the lab tests. Source it
# after check.sh; then:
#
#   subnet_machine NAME IP4       a machine with a public address in any network, whose /24 gets a
#                                 gateway. Relays believe each other by their /16, and of those the
#                                 documentation ranges have only three.
#   subnet_relay NAME [OTHER...]  a relay on that machine starts; its operator names these others,
#                                 which run. Its pid is in $LAB_DIR/NAME.pid. SUBNET_SETTINGS are
#                                 more lines of its configuration
#   subnet_start NAME             it starts again after its end
#   subnet_end SIGNAL NAME...     they end at once; returns when all are gone
#   relayd_of NAME VERB [OPTION...]
#                                 what its operator types
#   subnet_url NAME, subnet_key NAME
#                                 print relay://KEY@IP, and KEY
#   subnet_nodes NAME EXPRESSION  prints an expression over nodes, the relays that it knows
#   subnet_knows NAME OTHER...    whether it knows all these others
#   subnet_all_know NAME...       whether each of these knows all of them
#   subnet_sessions NAME OTHER... prints with how many of these others it has a session
#   subnet_metric NAME METRIC     prints a value of its page for Prometheus, labels included
#   subnet_host NAME RELAY        a host of no ziglan that uses this relay and no other. Its key is
#                                 in $LAB_DIR/NAME.key

subnet_machine() { # name ip4
    local gateway
    gateway=$(lab_gateway_of "$2")
    says "inet $gateway/" lab_in inet ip -4 addr show dev br0 ||
        lab_in inet ip addr add "$gateway/24" dev br0
    lab_public "$1" "$2"
    echo "$2" >"$LAB_DIR/$1.address"
}

relayd_of() { # name verb [option...]
    lab_in "$1" "$(lab_program relayd)" "$2" -c "$LAB_DIR/$1/relayd.yaml" "${@:3}"
}

subnet_relay() { # name [other...]
    local name=$1 other
    shift
    lab_relay_init "$name" "$(cat "$LAB_DIR/$name.address")" --name "$name" \
        >"$LAB_DIR/$name.invite" ||
        { lab_fail "relayd init of $name"; exit 1; }
    printf '%s\n' "${SUBNET_SETTINGS:-}" >>"$LAB_DIR/$name/relayd.yaml"
    [ $# = 0 ] || echo "peers:" >>"$LAB_DIR/$name/relayd.yaml"
    for other; do
        printf '  - "%s"\n' "$(subnet_url "$other")" >>"$LAB_DIR/$name/relayd.yaml"
    done
    subnet_start "$name"
    relayd_of "$name" status | grep -o 'relay://[^ ]*' >"$LAB_DIR/$name.url"
}

subnet_start() { # name
    lab_relay_up "$1" >"$LAB_DIR/$1.pid"
    wait_for 20 relay_answers "$1" ||
        { lab_fail "$1 does not start"; cat "$LAB_DIR/$1.log"; exit 1; }
}

subnet_end() { # signal name...
    local signal=$1 name
    shift
    for name; do kill "-$signal" "$(cat "$LAB_DIR/$name.pid")"; done
    for name; do
        wait_for 10 eval "! lab_alive $(cat "$LAB_DIR/$name.pid")" ||
            not_ok "$name ends by SIG$signal"
    done
}

subnet_url() { cat "$LAB_DIR/$1.url"; }
subnet_key() { sed 's,relay://\(.*\)@.*,\1,' "$LAB_DIR/$1.url"; }

subnet_nodes() { # name expression
    relayd_of "$1" nodes --json 2>/dev/null |
        "$LAB_PYTHON" -c 'import json, sys; nodes = json.load(sys.stdin)["nodes"]
print(eval(sys.argv[1]))' "$2"
}

subnet_knows() { # name other...
    local known other
    known=$(relayd_of "$1" nodes --json 2>/dev/null) || return 1
    for other in "${@:2}"; do
        [[ $known = *"$(subnet_key "$other")"* ]] || return 1
    done
}

subnet_all_know() { # name...
    local name
    for name; do subnet_knows "$name" "$@" || return 1; done
}

subnet_sessions() { # name other...
    local other keys=
    for other in "${@:2}"; do keys=$keys$(subnet_key "$other"); done
    subnet_nodes "$1" "sum(n['session'] != '' and n['key'] in '$keys' for n in nodes)"
}

subnet_metric() { # name metric
    lab_in "$1" "$LAB_PYTHON" -c 'import sys; from urllib.request import urlopen
page = urlopen("http://127.0.0.1:9433/metrics").read().decode()
print(next(line.split()[-1] for line in page.splitlines() if line.startswith(sys.argv[1] + " ")))' \
        "$2"
}

subnet_host() { # name relay
    lab_ziglan "$1" init --name "$1" >/dev/null
    lab_ziglan "$1" relay pin "$(subnet_url "$2")" >/dev/null || not_ok "$1 pins $2"
    json_of "$1" whoami 'd["key"]' >"$LAB_DIR/$1.key"
}
