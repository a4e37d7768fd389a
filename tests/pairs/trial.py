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
IDLE_S, MEASURED_S = 0.4, 3.6  # then; the latter if ports are to be guessed, which needs the NATs'
# kinds, and these are known 3 s after the start
LIMIT_S = {"relayed": 5, "chance": 5, "plain": 10, "prediction": 20, "birthday": 20}
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
    def __init__(self, lab, way, first, second, number):
        self.lab, self.way, self.hosts, self.number = lab, way, (first, second), number
        self.result = {"first": first.kind.name}

    def run(self):
        """The record of this run."""
        for host in self.hosts:
            if host.is_away:
                host.leave()
                host.arrive()
            host.forget()
        for host in self.hosts:
            host.start(self.lab.file(f"{host.name}.run.log"))
        try:
            if not self.wait_open():
                return self.failed("a host has no session to the relay")
            self.idle()
            pinger = Pinger(self.hosts[0], self.hosts[1].address())
            try:
                self.measure(pinger)
            finally:
                pinger.close()
        finally:
            for host in self.hosts:
                if not host.stop():
                    self.result["error"] = f"{host.name} did not end in order"
        return self.result

    def failed(self, why):
        self.result.update(error=why, direct=False, how="relayed")
        return self.result

    def wait_open(self):
        end = time.monotonic() + OPEN_S
        while time.monotonic() < end and not self.lab.ending.is_set():
            if all(host.log_time("relay.open") for host in self.hosts):
                return True
            time.sleep(2 * LOOK_S)
        return False

    def idle(self):
        self.lab.ending.wait(MEASURED_S if self.way in ("prediction", "birthday") else IDLE_S)
        for host in self.hosts:
            host.drain()

    def measure(self, pinger):
        began = time.time()
        end = began + LIMIT_S[self.way]
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
        answered = min(pinger.answered.values(), default=None)
        self.result["first_ms"] = None if answered is None else round((answered - began) * 1000, 1)
        if direct is not None:
            if self.hosts[0].second is not None:
                self.roam(pinger)

    def roam(self, pinger):
        """The first host goes to its second network: how long until an answer comes by a direct
        path, counted from when that network is there."""
        host = self.hosts[0]
        host.leave()
        time.sleep(AWAY_S)
        host.arrive()
        began = time.time()
        host.drain()
        back = None
        while back is None and time.time() < began + ROAM_LIMIT_S and not self.lab.ending.is_set():
            pinger.send()
            pinger.wait(BUSY_PING_S)
            answers = [p.at for p in host.drain() if counts(p) and not p.outgoing and
                       PING_SIZE < p.size < PING_SIZE + PING_ROOM]
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
