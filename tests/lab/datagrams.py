# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains of UDP datagrams (UDP_SEGMENT), as programs send them that speak QUIC.

    datagrams.py receive -4|-6 PORT              prints "ready", and after 3 s of silence
                                                 "right N wrong M"
    datagrams.py send    -4|-6 PORT HOST COUNT   sends so many trains of TRAIN whole datagrams and a
                                                 shorter one, 5 ms apart
"""
import hashlib
import socket
import sys
import time

UDP_SEGMENT = 103
SIZE = 1000
LAST_SIZE = 300
TRAIN = 20
SILENCE_S = 3
STILL_S = 30  # give up if not one comes for so long


def content(number):
    """A number and what follows from it, of the size that its place in a train wants."""
    size = LAST_SIZE if number % (TRAIN + 1) == TRAIN else SIZE
    head = number.to_bytes(4, "big")
    return (head + hashlib.sha256(head).digest() * (SIZE // 32 + 1))[:size]


def receive(family, port):
    wire = socket.socket(family, socket.SOCK_DGRAM)
    wire.bind(("", port))
    wire.settimeout(STILL_S)
    print("ready", flush=True)
    seen = set()
    wrong = 0
    try:
        while True:
            data = wire.recv(2 * SIZE)
            wire.settimeout(SILENCE_S)
            number = int.from_bytes(data[:4], "big")
            wrong += data != content(number) or number in seen
            seen.add(number)
    except socket.timeout:
        pass
    print("right %d wrong %d" % (len(seen) - wrong, wrong), flush=True)


def send(family, port, host, count):
    wire = socket.socket(family, socket.SOCK_DGRAM)
    wire.connect(socket.getaddrinfo(host, port, family, socket.SOCK_DGRAM)[0][4])
    wire.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, SIZE)
    for train in range(count):
        first = train * (TRAIN + 1)
        wire.send(b"".join(content(first + i) for i in range(TRAIN + 1)))
        time.sleep(0.005)


family = {"-4": socket.AF_INET, "-6": socket.AF_INET6}[sys.argv[2]]
if sys.argv[1] == "receive":
    receive(family, int(sys.argv[3]))
else:
    send(family, int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
