# SPDX-License-Identifier: GPL-3.0-or-later
"""What anybody in a LAN can hear: prints each UDP payload to a port, in hex, a line each.

    overhear.py INTERFACE PORT    runs until it is killed
"""
import socket
import struct
import sys

ETH_P_ALL = 3
ETHERNET = 14
UDP = 17


def payload(frame, port):
    """The payload of an IPv4 or IPv6 UDP datagram to the port, else None."""
    kind = struct.unpack("!H", frame[12:14])[0]
    packet = frame[ETHERNET:]
    if kind == 0x0800 and packet[9] == UDP:
        udp = packet[(packet[0] & 15) * 4:]
    elif kind == 0x86DD and packet[6] == UDP:
        udp = packet[40:]
    else:
        return None
    return udp[8:] if struct.unpack("!H", udp[2:4])[0] == port else None


def main(interface, port):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    wire.bind((interface, 0))
    while True:
        heard = payload(wire.recv(65536), port)
        if heard is not None:
            print(heard.hex(), flush=True)


main(sys.argv[1], int(sys.argv[2]))
