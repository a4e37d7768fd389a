#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A queueing discipline on a TUN device holds nothing: when nobody reads, the driver drops.
#
# Seen on Linux 6.18. One expects that a device whose queue is full stops its qdisc, as others do,
# so that a pfifo of 1000 holds what the device has no room for, and fq_codel keeps a flow of few
# packets ahead of one of many. The tun driver never says that it is full: what comes when its ring
# is full is dropped, whosever it is, and counts in the device's tx_dropped. So a program that reads
# slower than others write has one queue in arrival order, whatever the qdisc.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_root
[ -c /dev/net/tun ] || cannot "no /dev/net/tun"

ns=$(finding_netns a)
printf 'kernel: %s\n' "$(uname -r)"
cat >"$WORK/tun.py" <<'PYTHON'
# A TUN device that is read only at the end: how many packets of 100 came, and which was the last.
import fcntl, os, socket, struct, subprocess, sys

tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"t0", 0x0001 | 0x1000))  # TUN, NO_PI
for words in ("link set t0 txqueuelen 10 up", "addr add 192.0.2.1/24 dev t0"):
    subprocess.run(["ip", *words.split()], check=True)
try:
    subprocess.run("tc qdisc replace dev t0 root pfifo limit 1000".split(), check=True)
except (OSError, subprocess.CalledProcessError):
    sys.exit(77)
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(100):
    out.sendto(struct.pack("!I", number), ("192.0.2.2", 9))
show = subprocess.run("tc -s qdisc show dev t0".split(), check=True, capture_output=True, text=True)
came = []
try:
    while True:
        packet = os.read(tun, 2000)
        if packet[0] == 0x45 and packet[9] == 17:
            came.append(struct.unpack("!I", packet[28:32])[0])
except BlockingIOError:
    pass
with open("/sys/class/net/t0/statistics/tx_dropped") as file:
    dropped = int(file.read())
print("held", "backlog 0b 0p" not in show.stdout)
print("all", len(came) + dropped >= 100 and dropped > 0)
print("few", len(came) <= 11 and came == list(range(len(came))))
PYTHON
code=0
ip netns exec "$ns" python3 "$WORK/tun.py" >"$WORK/out" 2>"$WORK/errors" || code=$?
[ $code != 77 ] || cannot "no pfifo"
[ $code = 0 ] || { cat "$WORK/errors"; cannot "no TUN device"; }
said() { sed -n "s/^$1 //p" "$WORK/out"; }

expect "the qdisc holds packets that nobody has read yet" False "$(said held)"
expect "those that are not in the device's queue were dropped by the device" True "$(said all)"
expect "only the first ten of a hundred came" True "$(said few)"
finding_end
