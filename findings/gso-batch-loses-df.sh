#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A UDP socket with the default path MTU discovery sends segments of a UDP_SEGMENT batch without the
# bit "don't fragment", although it sets it on every single datagram of the same size.
#
# Seen on Linux 6.18. With IP_PMTUDISC_WANT (the default) the kernel sets DF where the packet fits
# the MTU; it compares the whole batch, which never fits. IP_PMTUDISC_DO and IP_PMTUDISC_PROBE set
# it on all.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_root
command -v tcpdump >/dev/null || cannot "needs tcpdump"

a=$(finding_netns a)
b=$(finding_netns b)
printf 'kernel: %s\n' "$(uname -r)"
ip link add "$FINDING_ID" netns "$a" type veth peer name e0 netns "$b"
ip -n "$a" link set "$FINDING_ID" name e0
# Whole packets on the wire, so that each segment is seen by itself.
ip -n "$a" link set e0 up gso_max_segs 1
ip -n "$b" link set e0 up
ip -n "$a" addr add 192.0.2.1/24 dev e0
ip -n "$b" addr add 192.0.2.2/24 dev e0

# df_of MODE SEGMENT: the DF bits of what a socket sends, as one word
df_of() {
    ip netns exec "$b" tcpdump -U -l -n -v -i e0 -c 3 udp port 7777 >"$WORK/dump" 2>/dev/null &
    local pid=$!
    sleep 1
    ip netns exec "$a" python3 - "$1" "$2" <<'PYTHON'
import socket, struct, sys
IP_MTU_DISCOVER, SOL_UDP, UDP_SEGMENT = 10, 17, 103
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, int(sys.argv[1]))
if int(sys.argv[2]):
    cut = (SOL_UDP, UDP_SEGMENT, struct.pack("H", 1000))
    s.sendmsg([b"x" * 3000], [cut], 0, ("192.0.2.2", 7777))
else:
    for _ in range(3):
        s.sendto(b"x" * 1000, ("192.0.2.2", 7777))
PYTHON
    wait "$pid" 2>/dev/null || true
    grep -o 'flags \[[^]]*\]' "$WORK/dump" | sort -u | tr '\n' ' ' | sed 's/ $//'
}

expect "WANT, single datagrams" "flags [DF]" "$(df_of 1 0)"
expect "WANT, a batch of three segments" "flags [none]" "$(df_of 1 1)"
expect "PROBE, a batch of three segments" "flags [DF]" "$(df_of 3 1)"
finding_end
