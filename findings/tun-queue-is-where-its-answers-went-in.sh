#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# With several queues on a TUN device (IFF_MULTI_QUEUE) the kernel does not just spread flows over
# them: a flow comes out of the queue into which a packet of its other direction was written last.
#
# Seen on Linux 6.18. As long as nobody writes, 64 flows come out of all four queues, by their hash,
# as one expects. A program with a thread for each queue, of which one writes all that came from the
# network, then gets all flows out of that thread's queue, and its other threads have nothing to do.
# It stays so for as long as packets are written, and for some seconds more.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_root
[ -c /dev/net/tun ] || cannot "needs /dev/net/tun"
printf 'kernel: %s\n' "$(uname -r)"

cat >"$WORK/queues.py" <<'PYTHON'
import fcntl, os, select, socket, struct, subprocess
TUNSETIFF, IFF_TUN, IFF_NO_PI, IFF_MULTI_QUEUE = 0x400454ca, 1, 0x1000, 0x100
QUEUES, FLOWS = 4, 64
def queue():
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", b"many", flags))
    return fd
fds = [queue() for _ in range(QUEUES)]
for command in ("link set many up", "addr add 10.9.0.1/24 dev many"):
    subprocess.run(["ip"] + command.split(), check=True)
def flow():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(("10.9.0.2", 7000))
    return s
flows = [flow() for _ in range(FLOWS)]
def round():
    """Send one packet of each flow: {queue: packets}"""
    for s in flows:
        s.send(b"word")
    out, left = {}, FLOWS
    while left:
        ready = select.select(fds, [], [], 3)[0]
        assert ready, "packets are missing"
        for fd in ready:
            packet = os.read(fd, 2000)
            if packet[0] == 0x45 and packet[16:20] == bytes((10, 9, 0, 2)):
                out.setdefault(fds.index(fd), []).append(packet)
                left -= 1
    return out
def answer(packet, fd):
    """The same packet the other way: exchanging its ends changes no checksum."""
    ends = packet[16:20] + packet[12:16] + packet[22:24] + packet[20:22]
    os.write(fd, packet[:12] + ends + packet[24:])
first = round()
print("at first:", "all queues" if len(first) == QUEUES else "few queues")
for packets in first.values():
    for packet in packets:
        answer(packet, fds[2])
print("answers by queue 2:", " ".join(f"queue {q}: {len(p)}" for q, p in sorted(round().items())))
spread = round()
number = lambda packet: (packet[21] ^ packet[23]) % QUEUES # of ports: the same in both directions
for packets in spread.values():
    for packet in packets:
        answer(packet, fds[number(packet)])
print("answers by a number of the flow:", "each from that queue"
      if all(number(p) == q for q, packets in round().items() for p in packets) else "otherwise")
PYTHON
space=$(finding_netns tun)
expect "64 flows of a device with 4 queues" "at first: all queues
answers by queue 2: queue 2: 64
answers by a number of the flow: each from that queue" \
    "$(ip netns exec "$space" /usr/bin/python3 "$WORK/queues.py")"
finding_end
