# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a pair: both hosts start behind NATs that remember nothing, one speaks, and it is
measured when the other answers, when both are direct, and what was sent for that."""
import ipaddress
import os
import time
from collections import defaultdict, deque

from host import PING_SIZE, Pinger
from lab import RELAY

OPEN_S = 15  # until both have a session to the relay
IDLE_S = 0.4  # then; and but for plain pairs when both know their NATs, for which is waited:
MEASURED_S = 8
RELAYED_S = 3  # for the first answer over the relay only
LIMIT_S = {"relayed": 8, "chance": 6, "plain": 10, "prediction": 20, "birthday": 20}
ATTEMPT_S = 5  # longer than an attempt to punch
SEGMENT_S = 150  # for plain pairs without a router between them: the third attempt begins after 78
BUSY_PING_S, CALM_PING_S, LOOK_S = 0.02, 0.25, 0.01
LOG_S = 0.001  # the log cuts times off there
ASIDE_PORTS = {53, 1900, 5350, 5351}  # names, and routers that map ports
AWAY_S, ROAM_LIMIT_S, PING_ROOM = 0.2, 15, 130  # room for all headers
PREDICTED_PORTS, BIRTHDAY_SOCKETS = 5, 16


def counts(packet):
    """Whether a packet of the underlay is part of finding a direct path."""
    return (packet.ip != RELAY and packet.port not in ASIDE_PORTS and
            not ipaddress.ip_address(packet.ip).is_multicast)


def most_in_a_second(packets):
    """The largest number of packets to one address within any second."""
    windows, most = defaultdict(deque), 0
    for packet in packets:
        window = windows[packet.ip]
        window.append(packet.at)
        while window[0] <= packet.at - 1:
            window.popleft()
        most = max(most, len(window))
    return most


def before_answers(packets):
    """What went to addresses from which nothing had come yet."""
    answered, silent = set(), []
    for packet in packets:
        if not packet.outgoing:
            answered.add(packet.ip)
        elif packet.ip not in answered:
            silent.append(packet)
    return silent


def how(is_direct, sent):
    """By which mode, seen from outside: what the two sent tells how many ports of one address were
    tried, and from how many sockets."""
    if not is_direct:
        return "relayed"
    most = 0
    for packets in sent:
        ports = defaultdict(set)
        for packet in packets:
            ports[packet.ip].add(packet.port)
        if len({packet.local for packet in packets}) > BIRTHDAY_SOCKETS:
            return "birthday"
        most = max([most, *(len(tried) for tried in ports.values())])
    return "prediction" if most > PREDICTED_PORTS else "punch"


class Trial:
    def __init__(self, lab, way, hosts, number, relayed_too):
        self.lab, self.way, self.hosts, self.number = lab, way, hosts, number
        self.relayed_too = relayed_too
        self.logs = ()  # of the run itself
        self.moving = ([], [])  # packets of both since the first one left its network
        self.result = {"first": hosts[0].kind.name}

    def run(self):
        """The record of this run. Before or after it, in turns, the same hosts speak over the relay
        only."""
        relayed_first = self.number // 2 % 2 == 0
        if self.relayed_too and relayed_first:
            self.run_relayed()
        self.run_free()
        if self.relayed_too and not relayed_first and not self.lab.ending.is_set():
            self.run_relayed()
        return self.result

    def run_free(self):
        if not self.begin("run"):
            return
        self.logs = [host.log for host in self.hosts]
        try:
            self.idle()
            pinger = Pinger(self.hosts[0], self.hosts[1].address())
            try:
                self.measure(pinger)
            finally:
                pinger.close()
        finally:
            self.end()

    def run_relayed(self):
        """When the first answer comes while nothing direct comes through."""
        for host in self.hosts:
            host.hold(True)
        try:
            if self.begin("held"):
                self.lab.ending.wait(IDLE_S)
                self.result["relayed_first_ms"] = self.first_answer()
                self.end()
        finally:
            for host in self.hosts:
                host.hold(False)

    def first_answer(self):
        pinger = Pinger(self.hosts[0], self.hosts[1].address())
        began = time.time()
        while not pinger.answered and time.time() < began + RELAYED_S:
            pinger.send()
            pinger.wait(BUSY_PING_S)
        pinger.close()
        answered = min(pinger.answered.values(), default=None)
        return None if answered is None else round((answered - began) * 1000, 1)

    def begin(self, name):
        """Both hosts start anew; true if both have a session to the relay."""
        for host in self.hosts:
            if host.is_away:
                host.leave()
                host.arrive()
            host.forget()
        for host in self.hosts:
            host.start(self.lab.file(f"{host.name}.{name}.log"))
        if self.wait_for("relay.open", OPEN_S):
            return True
        self.failed("a host has no session to the relay")
        self.end()
        return False

    def end(self):
        for host in self.hosts:
            if not host.stop():
                self.result["error"] = f"{host.name} did not end in order"

    def failed(self, why):
        self.result.update(error=why, direct=False, how="relayed")
        return self.result

    def wait_for(self, event, seconds):
        """True if the logs of both say so in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.lab.ending.is_set():
            if all(host.log_time(event) for host in self.hosts):
                return True
            time.sleep(2 * LOOK_S)
        return False

    def idle(self):
        if self.way != "plain" and \
                not self.wait_for("nat.measured", MEASURED_S):
            self.result["error"] = "a host does not know its NAT"
        self.lab.ending.wait(IDLE_S)
        for host in self.hosts:
            host.drain()

    def measure(self, pinger):
        began = time.time()
        end = began + (SEGMENT_S if self.lab.segment and self.way == "plain" else
                       LIMIT_S[self.way])
        next_ping = began
        direct = None
        while time.time() < end and direct is None and not self.lab.ending.is_set():
            if time.time() >= next_ping:
                pinger.send()
                next_ping = time.time() + (CALM_PING_S if pinger.answered else BUSY_PING_S)
            pinger.wait(LOOK_S)
            times = [host.log_time("path.direct", began) for host in self.hosts]
            direct = None if None in times else max(times)
        packets = [[p for p in host.drain() if counts(p)] for host in self.hosts]
        sent = [[p for p in mine if p.outgoing and (direct is None or p.at <= direct + LOG_S)]
                for mine in packets]
        self.result.update(
            direct=direct is not None, how=how(direct is not None, sent),
            direct_ms=None if direct is None else round((direct - began) * 1000, 1),
            probes=[len(mine) for mine in sent],
            per_second=max(most_in_a_second([p for p in mine if p.outgoing]) for mine in packets),
            silent_per_second=max(most_in_a_second(before_answers(mine)) for mine in packets),
            load=round(os.getloadavg()[0], 1))
        if direct is not None:
            self.check_path(pinger)
        else:
            self.result["why"] = self.whys()
        answered = min(pinger.answered.values(), default=None)
        self.result["first_ms"] = None if answered is None else round((answered - began) * 1000, 1)
        if direct is not None:
            if self.hosts[0].second is not None:
                self.roam(pinger)

    def whys(self):
        """What the two say of why they are relayed, when no attempt is under way just then."""
        end = time.monotonic() + ATTEMPT_S
        while True:
            said = sorted({host.why(peer) for host, peer in (self.hosts, self.hosts[::-1])})
            if "probing" not in said or time.monotonic() > end or self.lab.ending.is_set():
                return said
            time.sleep(LOOK_S)

    def roam(self, pinger):
        """The first host goes to its second network: how long until an answer comes by a direct
        path, counted from when that network is there."""
        host = self.hosts[0]
        for each in self.hosts:
            each.drain()
        host.leave()
        time.sleep(AWAY_S)
        host.arrive()
        began = time.time()
        back = None
        while back is None and time.time() < began + ROAM_LIMIT_S and not self.lab.ending.is_set():
            pinger.send()
            pinger.wait(BUSY_PING_S)
            for packets, each in zip(self.moving, self.hosts):
                packets += each.drain()
            answers = [p.at for p in self.moving[0] if counts(p) and not p.outgoing and
                       p.at >= began and PING_SIZE < p.size < PING_SIZE + PING_ROOM]
            back = min(answers, default=None)
        answered = [at for number, at in pinger.answered.items() if pinger.sent[number] >= began]
        self.result.update(
            roam_ms=None if back is None else round((back - began) * 1000, 1),
            roam_first_ms=round((min(answered) - began) * 1000, 1) if answered else None)

    def check_path(self, pinger):
        """What is called direct carries packets, and so long a round trip takes."""
        before = pinger.number
        for _ in range(10):
            pinger.send()
            pinger.wait(0.05)
        trips = [pinger.answered[n] - pinger.sent[n] for n in pinger.answered if n > before]
        self.result["rtt_ms"] = round(min(trips) * 1000, 2) if trips else None
        if not trips:
            self.result["error"] = "called direct, but no ping was answered"
