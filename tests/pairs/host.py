# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of the lab: its program, its NAT's memory, pings from inside it, and what it sends."""
import ctypes
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import threading
import time
from dataclasses import dataclass

CLONE_NEWNET = 0x40000000
ETH_P_ALL, ETH_P_IP = 0x0003, 0x0800
SOL_PACKET, PACKET_OUTGOING = 263, 4
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
CAPTURE_BYTES = 4 << 20
NETLINK_NETFILTER = 12
# Netlink: ctnetlink (1), delete (2) without a selection is "all"; with an acknowledgement.
FORGET_ALL = struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 1 | 4, 1, 0, 0, 0, 0)
UDP, ICMP = 17, 1
PING_SIZE = 300  # of its data; no punch packet and no MTU search is so large

LIBC = ctypes.CDLL(None, use_errno=True)


def inside(namespace, make):
    """What make() returns in that network namespace; a socket stays in it."""
    made = []

    def enter():
        with open(f"/run/netns/{namespace}", encoding="ascii") as where:
            if LIBC.setns(where.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"setns {namespace}")
        made.append(make())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return made[0]


def packet_socket(card):
    """Sees every packet of a card, with its time."""
    end = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    end.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, CAPTURE_BYTES)
    end.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    end.bind((card, 0))
    end.setblocking(False)
    return end


def icmp_checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


class Packet:
    """A UDP packet that the host sent or got, as it was on its LAN."""

    def __init__(self, at, outgoing, data):
        header = (data[0] & 15) * 4
        source, target = socket.inet_ntoa(data[12:16]), socket.inet_ntoa(data[16:20])
        ports = struct.unpack(">HH", data[header:header + 4])
        self.at, self.outgoing, self.size = at, outgoing, struct.unpack(">H", data[2:4])[0]
        self.ip, self.ttl = target if outgoing else source, data[8]
        self.port, self.local = (ports[1], ports[0]) if outgoing else ports


@dataclass(frozen=True)
class Second:
    """Another network of a host: its router, and the LAN behind it."""
    router: str
    net: str


class Host:
    def __init__(self, lab, kind, name, copy, routers, second):
        self.lab, self.name, self.kind, self.copy = lab, name, kind, copy
        self.routers = routers  # names of the machines whose NAT forgets, outermost first
        self.namespace = lab.namespace(name)
        self.program, self.log, self.starts = None, None, 0
        self.capture = inside(self.namespace, lambda: packet_socket("eth0"))
        self.second, self.capture_second, self.is_away = second, None, False
        if second is not None:
            self.routers = [*routers, second.router]
            self.capture_second = inside(self.namespace, lambda: packet_socket("eth1"))
        self.conntrack = [inside(lab.namespace(router), lambda: socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)) for router in self.routers]

    # ---- its NAT ----

    def forget(self):
        """Its NATs restart: no mapping and no connection is left."""
        for router, netlink in zip(self.routers, self.conntrack):
            pid = self.lab.file(f"{router}.nat.pid")
            rules = self.lab.file(f"{router}.nat.nft")
            if os.path.exists(pid):
                with open(pid, encoding="ascii") as text:
                    os.kill(int(text.read()), signal.SIGHUP)
                continue
            if self.kind.sets:
                with open(rules, encoding="ascii") as text:
                    subprocess.run(["ip", "netns", "exec", self.lab.namespace(router), "nft", "-f",
                                    "-"], input="flush ruleset\n" + text.read(), text=True,
                                   check=True)
            netlink.send(FORGET_ALL)
            if struct.unpack_from("=i", netlink.recv(4096), 16)[0] != 0:
                raise OSError(f"{router}: conntrack is not flushed")

    def hold(self, held):
        """Nothing reaches it from other hosts but by way of the relay, or all does again."""
        nets = ", ".join(f"{net}.0/24" for net in self.lab.nets)
        rules = "table ip held\ndelete table ip held\n"
        if held:
            rules += ("table ip held { chain inward { type filter hook input priority 0; "
                      f"ip saddr {{ {nets} }} udp dport 0-65535 drop; }}; }}\n")
        subprocess.run(["ip", "netns", "exec", self.namespace, "nft", "-f", "-"], input=rules,
                       text=True, check=True)

    # ---- where it is ----

    def leave(self):
        """Its network is gone, and it has no other yet."""
        self.cards(f"link set {'eth1' if self.is_away else 'eth0'} down")

    def arrive(self):
        """It is in the network in which it was not before."""
        self.is_away = not self.is_away
        if self.is_away:
            net = self.second.net
            self.cards(f"addr replace {net}.3/24 dev eth1", "link set eth1 up",
                       f"route replace default via {net}.1 dev eth1")
        else:
            net = f"192.168.{self.name[1:]}"
            self.cards("link set eth0 up", f"route replace default via {net}.1 dev eth0")

    def cards(self, *commands):
        subprocess.run(["ip", "-n", self.namespace, "-batch", "-"], text=True, check=True,
                       input="".join(f"{command}\n" for command in commands))

    # ---- its program ----

    def start(self, log):
        self.log = log
        self.starts += 1
        with open(log, "wb") as out:
            self.program = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, "env",
                 f"ZIGLAN_ROOT={self.lab.file(self.name)}", f"{self.lab.programs}/ziglan", "up"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def stop(self):
        if self.program is None:
            return True
        self.program.terminate()
        try:
            code = self.program.wait(10)
        except subprocess.TimeoutExpired:
            self.program.kill()
            code = self.program.wait()
        self.program = None
        return code == 0

    def address(self):
        """Its IPv4 address in the tunnel."""
        with open(self.log, encoding="utf-8", errors="replace") as lines:
            return re.search(r"is up: (\S+)", lines.read()).group(1)

    def why(self, peer):
        """The word for why that host is relayed."""
        said = subprocess.run(
            ["ip", "netns", "exec", self.namespace, "env",
             f"ZIGLAN_ROOT={self.lab.file(self.name)}", f"{self.lab.programs}/ziglan",
             "peers", "--json"], check=True, capture_output=True)
        return next(of["why_code"] for of in json.loads(said.stdout)["peers"]
                    if of["name"] == peer.name)

    def log_time(self, event, since=0.0):
        """When the log first says so after `since`, in seconds since 1970; None: it does not."""
        with open(self.log, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if f" {event} " in line or line.rstrip().endswith(f" {event}"):
                    at = self.time_of(line)
                    if at is not None and at >= since - 0.001:
                        return at
        return None

    @staticmethod
    def time_of(line):
        try:
            hours, minutes, seconds = line.split("Z", 1)[0].split(":")
            of_day = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        except ValueError:
            return None
        now = time.time()
        at = now - now % 86400 + of_day
        return at - 86400 if at > now + 43200 else at

    # ---- what it sends ----

    def drain(self):
        """The UDP packets since the last call, oldest first; of where it is now."""
        capture = self.capture_second if self.is_away else self.capture
        packets = []
        while True:
            try:
                data, extra, _, where = capture.recvmsg(64, 64)
            except BlockingIOError:
                return packets
            except OSError:
                continue  # the card went down
            if where[1] != ETH_P_IP or len(data) < 28 or data[9] != UDP:
                continue
            seconds, nanos = struct.unpack("qq", extra[0][2][:16])
            packets.append(Packet(seconds + nanos / 1e9, where[2] == PACKET_OUTGOING, data))


class Pinger:
    """Pings through the tunnel, one at a time or close together."""

    def __init__(self, host, to):
        self.socket = inside(host.namespace, lambda: socket.socket(
            socket.AF_INET, socket.SOCK_RAW, ICMP))
        self.socket.setblocking(False)
        self.to, self.number, self.id = to, 0, os.getpid() & 0xFFFF
        self.sent, self.answered = {}, {}

    def close(self):
        self.socket.close()

    def send(self):
        self.number += 1
        body = struct.pack(">HH", self.id, self.number) + bytes(PING_SIZE)
        checksum = icmp_checksum(struct.pack(">BBH", 8, 0, 0) + body)
        packet = struct.pack(">BBH", 8, 0, checksum) + body
        self.sent[self.number] = time.time()
        try:
            self.socket.sendto(packet, (self.to, 0))
        except OSError:
            pass  # the interface is not there, or has no way to the peer yet

    def wait(self, seconds):
        """Take answers for so long; true if one came."""
        end = time.monotonic() + seconds
        came = False
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return came
            data = self.socket.recv(2048)
            header = (data[0] & 15) * 4
            kind, _, _, ident, number = struct.unpack(">BBHHH", data[header:header + 8])
            if kind == 0 and ident == self.id and number in self.sent:
                self.answered.setdefault(number, time.time())
                came = True
