# SPDX-License-Identifier: GPL-3.0-or-later
"""A wire with a delay: passes every frame between two interfaces, each way MS milliseconds late.

    delay.py ONE OTHER MS    runs until it is killed
"""
import heapq
import select
import socket
import sys
import time

SOL_PACKET = 263
PACKET_VNET_HDR = 15  # whole batches, and checksums that are not computed yet, pass as they are
PACKET_IGNORE_OUTGOING = 23
ETH_P_ALL = 3
FRAME_SIZE_MAX = 1 << 17


def opened(name):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    end.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    end.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    end.bind((name, 0))
    end.setblocking(False)
    return end


def main(one, other, delay_s):
    others = {one: other, other: one}
    waiting = []  # (when, number, where, frame)
    number = 0
    while True:
        timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for end in select.select([one, other], [], [], timeout)[0]:
            frame = end.recv(FRAME_SIZE_MAX)
            number += 1
            heapq.heappush(waiting, (time.monotonic() + delay_s, number, others[end], frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, end, frame = heapq.heappop(waiting)
            try:
                end.send(frame)
            except OSError:
                pass  # lost, as on a wire


main(opened(sys.argv[1]), opened(sys.argv[2]), float(sys.argv[3]) / 1000)
