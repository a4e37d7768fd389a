# SPDX-License-Identifier: GPL-3.0-or-later
"""Datagrams in one direction, 50 a second, to which nobody answers.

    flow.py receive PORT              prints "ready", then "pause ...": the longest time in ms
                                      without one, until the last one came
    flow.py send    PORT HOST COUNT   sends so many
"""
import socket
import sys
import time

EVERY_S = 0.02
STILL_S = 5  # give up after so long without one


def receive(port):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("", port))
    server.settimeout(60)
    print("ready", flush=True)
    pause = 0
    last = None
    try:
        while not server.recv(64).startswith(b"end"):
            now = time.monotonic()
            pause = max(pause, now - (last or now))
            last = now
            server.settimeout(STILL_S)
    except TimeoutError:
        pass
    print("pause %.0f" % (pause * 1000), flush=True)


def send(port, host, count):
    address = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)[0][4]
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(count):
        client.sendto(b"flow", address)
        time.sleep(EVERY_S)
    client.sendto(b"end", address)


if sys.argv[1] == "receive":
    receive(int(sys.argv[2]))
else:
    send(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
