#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DNS server of the lab: tests/package/names.py ADDRESS ANSWER says that each name has the IPv4
address ANSWER, and no IPv6 address."""
import socket
import sys

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((sys.argv[1], 53))
answer = socket.inet_aton(sys.argv[2])
while True:
    query, client = server.recvfrom(512)
    end = query.index(b"\0", 12) + 5  # behind the name: type and class
    found = query[end - 4:end - 2] == b"\0\1"
    count = b"\0\1" if found else b"\0\0"
    reply = query[:2] + b"\x84\0\0\1" + count + b"\0\0\0\0" + query[12:end]
    if found:
        reply += b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + answer
    server.sendto(reply, client)
