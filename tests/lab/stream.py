# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes over one TCP connection, with their checksum.

    stream.py receive -4|-6 PORT                        prints "ready", then "rate ...", "pause ..."
                                                        (the longest, in ms) and "sha256 ..."
    stream.py send    -4|-6 PORT HOST SIZE [SECONDS]    prints the checksum of what it sent, which
                                                        took SECONDS or longer
"""
import hashlib
import os
import socket
import sys
import time

CHUNK = 1 << 16
STILL_S = 30  # give up after so long without a byte


def receive(family, port):
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.settimeout(STILL_S)
    server.bind(("", port))
    server.listen(1)
    print("ready", flush=True)
    stream, _ = server.accept()
    stream.settimeout(STILL_S)
    started = time.monotonic()
    checksum = hashlib.sha256()
    size = 0
    pause = 0
    last = started
    while True:
        data = stream.recv(CHUNK)
        if not data:
            break
        now = time.monotonic()
        pause = max(pause, now - last)
        last = now
        checksum.update(data)
        size += len(data)
    seconds = time.monotonic() - started
    print("rate %.1f Mbit/s" % (size * 8e-6 / max(seconds, 1e-6)))
    print("pause %.0f" % (pause * 1000))
    print("sha256", checksum.hexdigest(), flush=True)


def send(family, port, host, size, seconds):
    chunk = min(CHUNK, max(1, int(size / (50 * seconds)))) if seconds else CHUNK
    slowness = seconds / size
    address = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)[0][4]
    stream = socket.socket(family, socket.SOCK_STREAM)
    stream.settimeout(STILL_S)
    stream.connect(address)
    checksum = hashlib.sha256()
    started = time.monotonic()
    sent = 0
    while sent < size:
        data = os.urandom(min(chunk, size - sent))
        checksum.update(data)
        stream.sendall(data)
        sent += len(data)
        time.sleep(max(0, started + sent * slowness - time.monotonic()))
    stream.close()
    print(checksum.hexdigest())


family = {"-4": socket.AF_INET, "-6": socket.AF_INET6}[sys.argv[2]]
if sys.argv[1] == "receive":
    receive(family, int(sys.argv[3]))
else:
    send(family, int(sys.argv[3]), sys.argv[4], int(sys.argv[5]),
         float(sys.argv[6]) if len(sys.argv) > 6 else 0)
