#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# relayd lets a real router daemon map its port: the miniupnpd of Debian 12 and of Debian 13, each
# by PCP, NAT-PMP and UPnP alone. Behind that NAT (symmetric, nothing gets in) other relays reach it
# only by the mapping. A second relay there gets another port, a router that forgot all maps it
# anew, and a port that the router refuses is replaced.
. "$(dirname "$0")/router_common.sh"

status_of() { # machine key
    lab_in "$1" "$(lab_program relayd)" status --json -c "$LAB_DIR/$1/relayd.yaml" |
        sed -n "s/.*\"$2\": *\"\([^\"]*\)\".*/\1/p"
}
mapped_port() { status_of "$1" portmap | sed -n "s/^$WAN:\([0-9]*\) by .*/\1/p"; }
is_mapped() { [ -n "$(mapped_port "$1")" ]; }
is_mapped_at() { [ "$(mapped_port "$1")" = "$2" ]; }
is_reached() { # machine port
    [ "$(status_of "$1" reach_text)" = "yes, at $WAN:$2, behind a NAT" ]
}
lists() { # machine address
    says "$2" lab_in "$1" "$(lab_program relayd)" nodes -c "$LAB_DIR/$1/relayd.yaml"
}

relay_make() { # machine address
    lab_relay_init "$1" "$2" --name "$1" >/dev/null || { lab_fail "relayd init"; exit 1; }
    [ -z "${first_url:-}" ] || printf 'peers:\n  - %s\n' "$first_url" >>"$LAB_DIR/$1/relayd.yaml"
    relay_run "$1"
}
relay_run() { # machine
    local as=()
    # The second one at home has no rights at all.
    [ "$1" != other ] || { as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
        chown -R 65534:65534 "$LAB_DIR/$1"; chmod 755 "$LAB_DIR"; }
    pid[$1]=$(lab_spawn "$1" "$LAB_DIR/$1.log" "${as[@]}" "$(lab_program relayd)" \
        -c "$LAB_DIR/$1/relayd.yaml")
    wait_for 20 relay_answers "$1" || { lab_fail "relayd does not start"; exit 1; }
}
relay_stop() { # machine
    kill -TERM "${pid[$1]}"
    wait_for 10 gone "${pid[$1]}"
}

scenario() { # suite protocol name-in-words seconds-until-it-is-made-anew
    local suite=$1 protocol=$2 words=$3 anew=$4 began port url
    lab_begin
    lab_in inet ip addr add "${WAN%.*}.1/24" dev br0
    lab_public one 192.0.2.10
    lab_public two 203.0.113.10
    lab_site router open $WAN 192.168.1
    lab_host home router 2
    lab_host other router 3
    router_rules "$protocol"
    expect "without a relay that knows it, init says what to do" 2 \
        "is behind the router 192.168.1.1" \
        lab_in home "$(lab_program relayd)" init "$LAB_DIR/shown" --public auto
    router_up "$suite" "$protocol"
    expect "a public address is found" 0 "This machine has a public address: 192.0.2.10" \
        lab_in one "$(lab_program relayd)" init "$LAB_DIR/one" --name one --public auto
    relay_run one
    first_url=$(lab_in one "$(lab_program relayd)" status -c "$LAB_DIR/one/relayd.yaml" |
        grep -o 'relay://[^ ]*')
    relay_make two 203.0.113.10

    expect "init says that the router maps ports" 0 "It maps ports by $words, outside at $WAN" \
        lab_in home "$(lab_program relayd)" init "$LAB_DIR/home" --name home --public auto \
        --peer "$first_url"
    url=$(lab_in home "$(lab_program relayd)" init "$LAB_DIR/shown" --name home --public auto \
        --peer "$first_url" | grep -m 1 -o 'ziglan://[^ ]*')
    check "its URL names no address of a home, but a relay" \
        says "^ziglan://[a-z2-7]*[?]relay=${first_url#relay://}&" echo "$url"
    check "and the router forgot what it was asked for" wait_for 5 forwards_none 192.168.1.2

    began=$(moment)
    relay_run home
    check "the router maps its port" wait_for 20 is_mapped_at home 4433
    check "by $words" says "by $words of the router at 192.168.1.1" status_of home portmap
    check "other relays reach it there" wait_for 30 is_reached home 4433
    check_most "that took, in ms" "$(since_ms "$began")" 20000
    check "and others know of it" wait_for 20 lists two "$WAN:4433"
    check "it is counted" says "relayd_portmap{protocol=\"$protocol\"} 1" \
        lab_in home curl -s http://127.0.0.1:9433/metrics

    url=$(lab_invite home)
    expect "a host joins by a URL without an address" 0 "Joined home" lab_ziglan two join "$url"

    relay_make other $WAN
    check "a second one, without any rights, gets another port" wait_for 20 is_mapped other
    port=$(mapped_port other)
    check "which is not that of the first ($port)" [ "${port:-4433}" != 4433 ]
    check "and is reached there" wait_for 30 is_reached other "${port:-none}"

    began=$(moment)
    router_restart "$suite" "$protocol"
    check "a router that was restarted and forgot all maps the first one's port anew" \
        wait_for "$anew" forwards 4433 192.168.1.2
    say "after $(since_ms "$began" | cut -d@ -f1) ms"
    check "and that of the second one" wait_for "$anew" forwards "$port" 192.168.1.3

    began=$(moment)
    relay_stop home
    check_most "a stop takes, in ms" "$(since_ms "$began")" 4500
    check "and the router forgets the port" wait_for 5 forwards_none 192.168.1.2
    check "but not that of the other one" forwards "$port" 192.168.1.3

    # It knows nobody but the first, so that a stranger is left to measure it: neighbours do not
    # count behind a NAT, and the other one, behind the same NAT, cannot.
    rm -rf "$LAB_DIR/home/state"
    # Not a port of the other one: the kernel lets what it was sent there go on to it.
    router_restart "$suite" "$protocol" "deny 4400-4499 0.0.0.0/0 0-65535" \
        "allow 1024-65535 192.168.1.0/24 1024-65535" "deny 0-65535 0.0.0.0/0 0-65535"
    relay_run home
    check "instead of a port that the router refuses it takes another one" \
        wait_for 30 is_mapped home
    port=$(mapped_port home)
    check "($port)" [ "${port:-4433}" != 4433 ]
    check "where it is reached" wait_for 30 is_reached home "${port:-none}"
    lab_end
}

command -v setpriv >/dev/null && command -v curl >/dev/null || exit 77
lab_possible || exit 77
router_suites
jobs=()
for suite in "${suites[@]}"; do
    (
        lab_named "$suite-pcp"
        scenario "$suite" pcp PCP 45
    ) &
    jobs+=($!)
    (
        lab_named "$suite-natpmp"
        scenario "$suite" natpmp NAT-PMP 75
    ) &
    jobs+=($!)
    (
        lab_named "$suite-upnp"
        scenario "$suite" upnp UPnP 150
    ) &
    jobs+=($!)
done
test_wait "${jobs[@]}"
