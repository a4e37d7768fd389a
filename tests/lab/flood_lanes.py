# SPDX-License-Identifier: GPL-3.0-or-later
"""What a relay must not be slowed by: flood_lanes.py TARGET PORT PER-SECOND SECONDS HEARD

HEARD is a file in which overhear.py noted payloads. Of the datagrams sent, from forged sources
where they come from elsewhere, a third is data with unknown labels, a third are binds with a label
that was heard and a wrong mac, and a third are binds that were heard, cookie and all. Prints how
many of each.
"""
import os
import socket
import struct
import sys
import time

DATA, BIND = 0x90, 0x91
BIND_SIZE = 56  # what is heard may be a train: a bind, and smaller packets behind it
HEAD = struct.pack(">B7x", DATA)
FRAME = struct.pack(">B", 0x83) + bytes(1183)


def wrap(number, target, port, payload):
    source = b"\x0a" + struct.pack(">I", number)[1:]
    udp = struct.pack(">HHHH", 5000, port, 8 + len(payload), 0) + payload
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, source,
                       socket.inet_aton(target))
    return head + udp


def binds_heard(path):
    with open(path, encoding="ascii") as heard:
        lines = [bytes.fromhex(line.strip()) for line in heard]
    return [line[:BIND_SIZE] for line in lines if line[:1] == bytes([BIND])]


def main(target, port, rate, seconds, path):
    binds = binds_heard(path)
    with_cookie = [bind for bind in binds if any(bind[24:40])]
    kinds = (lambda: HEAD + os.urandom(8) + FRAME,
             lambda: with_cookie[-1][:16] + b"\xff" + os.urandom(39),
             lambda: with_cookie[-1])
    wire = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    started = time.monotonic()
    sent = 0
    while time.monotonic() - started < seconds:
        due = int((time.monotonic() - started) * rate)
        while sent < due:
            wire.sendto(wrap(sent, target, port, kinds[sent % 3]()), (target, 0))
            sent += 1
        time.sleep(0.001)
    print(sent // 3)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), sys.argv[5])
