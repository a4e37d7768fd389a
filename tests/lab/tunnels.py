# SPDX-License-Identifier: GPL-3.0-or-later
"""Tunnels inside zig0, and what is sent through them.

    tunnels.py carry KIND DEV OWN PEER   be the end of a tunnel of a kind that the kernel has not
    tunnels.py echo ADDRESS PORT         answer UDP datagrams; prints "ready"
    tunnels.py ask ADDRESS PORT COUNT    send COUNT datagrams; prints how many were answered
    tunnels.py sctp-hear OWN             wait for an SCTP packet on the wire; prints "whole"
    tunnels.py sctp-say OWN PEER         send one, with its CRC32c

KIND: geneve, gre, ipip, l2tp. OWN and PEER are IPv4 addresses of zig0.

The packets of `carry` reach zig0 as a kernel's own tunnel hands them over: DEV leaves the inner
checksums to us, and we leave them to zig0 by a packet socket with virtio-net headers.
"""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF, TUNSETOFFLOAD, TUN_F_CSUM = 0x400454CA, 0x400454D0, 1
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x1000, 0x4000
PACKET_VNET_HDR, SOL_PACKET, ETH_P_IP = 15, 263, 0x0800
NEEDS_CSUM = 1
VNET = "<BBHHHH"
VNET_SIZE = struct.calcsize(VNET)
GENEVE_PORT = 6081
ETHERNET = bytes.fromhex("020000000001" "020000000002" "0800")

# IP protocol, and what stands between the outer and the inner IP header (behind UDP's for Geneve).
KINDS = {
    "geneve": (17, struct.pack(">BBHI", 0, 0, ETH_P_IP, 42 << 8)),
    "gre": (47, struct.pack(">HH", 0, ETH_P_IP)),
    "ipip": (4, b""),
    "l2tp": (115, struct.pack(">II", 1, 0) + ETHERNET),
}


def internet_checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip_header(protocol, own, peer, size):
    fields = [0x45, 0, 20 + size, 0, 0x4000, 64, protocol, 0, socket.inet_aton(own),
              socket.inet_aton(peer)]
    fields[7] = internet_checksum(struct.pack(">BBHHHBBH4s4s", *fields))
    return struct.pack(">BBHHHBBH4s4s", *fields)


def outer_of(kind, own, peer, inner_size):
    protocol, header = KINDS[kind]
    if protocol == 17:
        header = struct.pack(">HHHH", GENEVE_PORT, GENEVE_PORT, 8 + len(header) + inner_size,
                             0) + header
    return ip_header(protocol, own, peer, len(header) + inner_size) + header


def carry(kind, device, own, peer):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF,
                struct.pack("16sH22x", device.encode(), IFF_TUN | IFF_NO_PI | IFF_VNET_HDR))
    fcntl.ioctl(tun, TUNSETOFFLOAD, TUN_F_CSUM)
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    out.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    out.bind(("zig0", ETH_P_IP))
    into = socket.socket(socket.AF_INET, socket.SOCK_RAW, KINDS[kind][0])
    into.bind((own, 0))
    head_size = len(outer_of(kind, own, peer, 0))
    print("ready", flush=True)
    while True:
        for ready in select.select([tun, into], [], [])[0]:
            if ready is tun:
                packet = os.read(tun, 1 << 16)
                flags, gso, header, size, start, offset = struct.unpack_from(VNET, packet)
                inner = packet[VNET_SIZE:]
                if inner[0] >> 4 != 4:
                    continue
                if flags & NEEDS_CSUM:
                    start += head_size
                vnet = struct.pack(VNET, flags & NEEDS_CSUM, 0, 0, 0, start, offset)
                out.send(vnet + outer_of(kind, own, peer, len(inner)) + inner)
            else:
                packet, address = into.recvfrom(1 << 16)
                if address[0] == peer:
                    os.write(tun, bytes(VNET_SIZE) + packet[head_size:])


def udp_echo(address, port):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, int(port)))
    print("ready", flush=True)
    while True:
        server.sendto(*server.recvfrom(4096))


def udp_ask(address, port, count):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(2)
    answered = 0
    for i in range(int(count)):
        question = b"%d" % i + bytes(101 * i)  # some of odd size
        client.sendto(question, (address, int(port)))
        try:
            answered += client.recv(4096) == question
        except socket.timeout:
            pass
    print(answered)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return struct.pack("<I", crc ^ 0xFFFFFFFF)


def sctp_hear(own):
    wire = socket.socket(socket.AF_INET, socket.SOCK_RAW, 132)
    wire.bind((own, 0))
    wire.settimeout(10)
    print("ready", flush=True)
    packet = wire.recv(4096)[20:]
    whole = packet[8:12] == crc32c(packet[:8] + bytes(4) + packet[12:])
    print("whole" if whole else "spoilt", flush=True)


def sctp_say(own, peer):
    init = struct.pack(">BBHIIHHI", 1, 0, 20, 7, 1 << 16, 10, 10, 1)
    packet = struct.pack(">HHII", 5000, 5001, 0, 0) + init
    packet = packet[:8] + crc32c(packet) + packet[12:]
    wire = socket.socket(socket.AF_INET, socket.SOCK_RAW, 132)
    wire.bind((own, 0))
    wire.sendto(packet, (peer, 0))


{"carry": carry, "echo": udp_echo, "ask": udp_ask, "sctp-hear": sctp_hear,
 "sctp-say": sctp_say}[sys.argv[1]](*sys.argv[2:])
