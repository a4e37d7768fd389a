#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A TUN device that takes partial checksums is left those of packets inside tunnels, too.
#
# Seen on Linux 6.18; on 6.1 the kernel completes them itself. One expects csum_start of a
# virtio_net_hdr without segmentation to be where the packet's own transport begins: it was so
# for years, and a VXLAN over the device may set its outer checksum. Since a TUN device passes on
# what it can to encapsulated packets, the place is at the UDP or TCP header inside the tunnel, and
# the outer checksum is complete and counts on the inner one.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_root
[ -c /dev/net/tun ] || cannot "no /dev/net/tun"

ns=$(finding_netns a)
printf 'kernel: %s\n' "$(uname -r)"
cat >"$WORK/tun.py" <<'PYTHON'
import fcntl, os, select, socket, struct, subprocess, sys
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"t0", 0x0001 | 0x1000 | 0x4000))
fcntl.ioctl(tun, 0x400454D0, 1)  # TUNSETOFFLOAD: TUN_F_CSUM
for line in ("link set t0 up mtu 1400", "addr add 192.0.2.1/24 dev t0",
             "link add v0 type vxlan id 1 dstport 4789 local 192.0.2.1 remote 192.0.2.2",
             "link set v0 up", "addr add 198.51.100.1/24 dev v0",
             "neigh add 198.51.100.2 lladdr 02:00:00:00:00:02 dev v0 nud permanent"):
    if subprocess.call(["ip"] + line.split(), stderr=subprocess.DEVNULL) != 0:
        sys.exit(77)
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"inner", ("198.51.100.2", 7777))
while select.select([tun], [], [], 2)[0]:
    packet = os.read(tun, 65536)
    if packet[10:].endswith(b"inner"):
        print(struct.unpack_from("<HH", packet, 6)[0] if packet[0] & 1 else "complete")
        break
PYTHON
at=$(ip netns exec "$ns" python3 "$WORK/tun.py") || cannot "this kernel has no VXLAN"
# Outer IPv4 and UDP, VXLAN, Ethernet, inner IPv4: 20 + 8 + 8 + 14 + 20 bytes.
expect "the checksum left to the device begins at byte" 70 "$at"
finding_end
