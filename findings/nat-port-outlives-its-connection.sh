#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A Linux router gives a socket the port of a connection that is over, up to a minute longer than
# the connection lasted.
#
# Seen on Linux 6.18 with nftables masquerade. An unanswered UDP connection is over 30 s after its
# last packet, and /proc/net/nf_conntrack shows it no more; one would expect that it plays no part
# from then on. But a new connection takes the port of the socket's newest one, and that is looked
# for among those that were not collected yet, which happens every minute at the latest. (A packet
# of the connection that is over collects it at once. So it shows only with another destination.)
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_root
command -v nft >/dev/null || cannot "needs nft"
printf 'kernel: %s, %s\n' "$(uname -r)" "$(nft --version)"

in=$(finding_netns in) router=$(finding_netns rt) out=$(finding_netns out)
ip link add lan netns "$router" type veth peer name eth0 netns "$in"
ip link add wan netns "$router" type veth peer name eth0 netns "$out"
for i in "$in" "$out"; do ip -n "$i" link set eth0 up; done
for i in lan wan; do ip -n "$router" link set $i up; done
ip -n "$in" addr add 10.0.0.2/24 dev eth0
ip -n "$router" addr add 10.0.0.1/24 dev lan
ip -n "$router" addr add 192.0.2.1/24 dev wan
for i in 2 3 4 5; do ip -n "$out" addr add "192.0.2.$i/24" dev eth0; done
ip -n "$in" route add default via 10.0.0.1
ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1
ip netns exec "$router" nft -f - <<NFT
table ip f {
    chain post {
        type nat hook postrouting priority 100
        oifname "wan" masquerade
    }
}
NFT
cat >"$WORK/seen.py" <<'PYTHON'
import os, socket, sys, time
def enter(name):
    os.setns(os.open("/run/netns/" + name, os.O_RDONLY), 0)
if not hasattr(os, "setns"):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    os.setns = lambda fd, kind: libc.setns(fd, kind)
def bound(ip, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((ip, port))
    s.settimeout(3)
    return s
enter(sys.argv[2])
hosts = {n: bound("192.0.2.%d" % n, 6000) for n in (2, 3, 4, 5)}
enter(sys.argv[1])
class Inside:
    def __init__(self, port):
        self.port, self.socket = port, bound("10.0.0.2", port)
    def moved(self, n): # whether host n sees it at another port than its own
        self.socket.sendto(b"x", ("192.0.2.%d" % n, 6000))
        return hosts[n].recvfrom(10)[1][1] != self.port
    def spoil(self): # an early packet of .3 takes its port, and .4 sees it at the other one, too
        self.moved(2)
        hosts[3].sendto(b"early", ("192.0.2.1", self.port))
        time.sleep(0.3)
        return self.moved(3) and self.moved(4)
COUNT = 10
soon, late = [[Inside(base + i) for i in range(COUNT)] for base in (5000, 5100)]
start, spoiled, seen_soon = time.time(), 0, []
# One after the other, because the kernel may collect what is over at any moment.
while time.time() < start + 3 * COUNT + 96:
    now = time.time() - start
    if spoiled < COUNT and now >= 3 * spoiled:
        assert soon[spoiled].spoil() and late[spoiled].spoil()
        spoiled += 1
    elif len(seen_soon) < COUNT and now >= 3 * len(seen_soon) + 32:
        seen_soon.append(soon[len(seen_soon)].moved(5))
    for inside in soon[:spoiled] + late[:spoiled]:
        inside.moved(2) # this connection lives
    time.sleep(0.5)
enter(sys.argv[3])
shown = any("dst=192.0.2.4" in line for line in open("/proc/thread-self/net/nf_conntrack"))
print("most-other" if 2 * sum(seen_soon) > COUNT else "most-own", "shown" if shown else "not-shown",
      "some-other" if any(inside.moved(5) for inside in late) else "all-own")
PYTHON
expect "port with another host 2 s after the end, connections, port 66 s after the end" \
    "most-other not-shown all-own" "$(/usr/bin/python3 "$WORK/seen.py" "$in" "$out" "$router")"
finding_end
