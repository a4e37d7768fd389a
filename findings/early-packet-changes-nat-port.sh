#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A packet from outside that comes before the inside wrote to its sender makes a Linux router give
# the inside socket another port: towards this sender, and towards everybody it writes to later.
#
# Seen on Linux 6.18 with nftables masquerade and a router whose input hook accepts. A mapping is
# expected to be endpoint-independent as long as nobody else wants its port. But the early packet
# becomes a connection of the router itself, which then stands in the way of the inside packet that
# goes back: that one gets a random port, and new destinations copy the socket's newest mapping.
# Destinations from before keep the old one. A router that drops early packets (input hook: iif wan
# drop) does not do so.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_root
command -v nft >/dev/null || cannot "needs nft"
printf 'kernel: %s, %s\n' "$(uname -r)" "$(nft --version)"

wire() { # namespace interface address/bits namespace interface address/bits
    ip link add "$2" netns "$1" type veth peer name "$5" netns "$4"
    ip -n "$1" link set "$2" up
    ip -n "$4" link set "$5" up
    [ "$3" = - ] || ip -n "$1" addr add "$3" dev "$2"
    [ "$6" = - ] || ip -n "$4" addr add "$6" dev "$5"
}

# ports INPUT: how three outside hosts see the inside socket's port: one that it wrote to before an
# early packet came, the sender of that packet, and one that it writes to afterwards.
ports() {
    local in=in$1 router=rt$1 out=out$1
    in=$(finding_netns "$in") router=$(finding_netns "$router") out=$(finding_netns "$out")
    wire "$in" lan 10.0.0.2/24 "$router" lan 10.0.0.1/24
    wire "$router" wan 192.0.2.1/24 "$out" e0 192.0.2.2/24
    ip -n "$out" addr add 192.0.2.3/24 dev e0
    ip -n "$out" addr add 192.0.2.4/24 dev e0
    ip -n "$in" route add default via 10.0.0.1
    ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1
    ip netns exec "$router" nft -f - <<NFT
table ip f {
    chain post { type nat hook postrouting priority 100; oifname "wan" masquerade; }
    chain in {
        type filter hook input priority 0; policy accept;
        iifname "wan" ct state new $2
    }
}
NFT
    cat >"$WORK/seen.py" <<'PYTHON'
import os, socket, sys
def outside(ip):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((ip, 6000))
    s.settimeout(3)
    return s
def enter(name):
    os.setns(os.open("/run/netns/" + name, os.O_RDONLY), 0)
if not hasattr(os, "setns"):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    os.setns = lambda fd, kind: libc.setns(fd, kind)
enter(sys.argv[2])
hosts = {ip: outside(ip) for ip in ("192.0.2.2", "192.0.2.3", "192.0.2.4")}
enter(sys.argv[1])
inside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); inside.bind(("10.0.0.2", 5000))
def port_at(ip):
    inside.sendto(b"x", (ip, 6000))
    return hosts[ip].recvfrom(10)[1][1]
before = port_at("192.0.2.2")
hosts["192.0.2.3"].sendto(b"early", ("192.0.2.1", before))
import time; time.sleep(0.3)
sender, later, again = port_at("192.0.2.3"), port_at("192.0.2.4"), port_at("192.0.2.2")
say = lambda p: "same" if p == 5000 else "other"
print(say(before), say(sender), say(later), "copied" if later == sender else "own", say(again))
PYTHON
    /usr/bin/python3 "$WORK/seen.py" "$in" "$out"
}

expect "early packet accepted: before, its sender, later, of the sender's, before again" \
    "same other other copied same" "$(ports 1 accept)"
expect "early packet dropped" "same same same copied same" "$(ports 2 drop)"
finding_end
