# SPDX-License-Identifier: GPL-3.0-or-later
"""The world of the pair matrix, made by tests/pairs/world.sh and gone with this process."""
import os
import pathlib
import signal
import subprocess
import threading
import time

from host import Host, Second

HERE = pathlib.Path(__file__).resolve().parent
RELAY = "192.0.2.10"
NETS = ("198.51.100", "203.0.113")  # of odd and of even copies
PROVIDERS_AT = 200
# Of one key a relay takes 100 sessions and watches at once, then one in 5 s (relayd/base/limits.h),
# and lets one address be measured 12 times (relayd/service/lend.h).
STARTS_MAX, MEASURED_MAX = 40, 10


class Lab:
    nets = NETS

    def __init__(self, kinds, chosen, programs):
        self.id = f"zp{os.getpid()}"
        self.dir = f"/run/ziglan-lab/{self.id}"
        self.programs, self.segment = programs, chosen.segment
        self.ending = threading.Event()
        self.free = threading.Condition()
        self.busy = set()
        self.wears_out = False  # the relay is to be restarted before the next run
        self.shell = subprocess.Popen(
            ["bash", str(HERE / "world.sh")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, start_new_session=True,  # an interrupt is for us, who end it in order
            env={**os.environ, "LAB_ID": self.id, "LAB_DIR": self.dir, "ZIGLAN_BIN": programs,
                 "LAB_DELAY_MS": str(chosen.delay), "LAB_LOGS": ""})
        places = self.places(kinds, chosen)
        for _, line, _ in places:
            self.shell.stdin.write(line)
        self.shell.stdin.write("\n")
        self.shell.stdin.flush()
        self.hosts = []
        self.wait_ready()
        for kind, _, machines in places:
            if kind is not None:
                self.hosts.append(Host(self, kind, *machines))

    @staticmethod
    def places(kinds, chosen):
        """(kind, line for world.sh, what its Host is made of) of all, the shared ones first."""
        providers, places = [], []
        number = 10
        for kind in kinds:
            if kind.shared:
                at = PROVIDERS_AT + len(providers)
                shared = f"isp{at}"
                line = f"{shared} provider:{kind.shared} {NETS[0]}.{at} {at}\n"
                providers.append((None, line, ()))
            for copy in range(chosen.copies):
                name, recipe = f"h{number}", kind.recipe
                net = NETS[0 if chosen.segment else copy % 2]
                routers = [f"site-{name}"]
                if kind.shared:
                    routers, recipe = [shared, *routers], f"behind:{shared}"
                elif recipe == "double":
                    routers = [f"isp-{name}", *routers]
                elif recipe == "public":
                    routers = []
                line = f"{name} {recipe} {net}.{number} {number}\n"
                second = None
                if chosen.roam and kind.roams():
                    number += 4  # a NAT may have so many addresses
                    line += f"m{number} second:{name}:{recipe} {net}.{number} {number}\n"
                    second = Second(f"site-m{number}", f"192.168.{number}")
                places.append((kind, line, (name, copy, routers, second)))
                number += 4
        if number > PROVIDERS_AT:
            raise SystemExit("tests/pairs/run: too many networks for the address plan: fewer "
                             "--kinds or --copies")
        return providers + places

    def wait_ready(self):
        for line in self.shell.stdout:
            if line.startswith("ready "):
                self.relay_pid = int(line.split()[1])
                return
        code = self.shell.wait()
        raise SystemExit(77 if code == 77 else "tests/pairs/run: the world was not made (above)")

    def namespace(self, name):
        return f"{self.id}-{name}"

    def file(self, name):
        return f"{self.dir}/{name}"

    # ---- who is busy ----

    def take(self, a, b, odd, measured):
        """Two free hosts of these kinds, the first of an odd copy or not; None: there are none.
        measured: relays are to measure their NATs."""
        def is_free(host):
            others = [x for x in self.hosts if x.kind is host.kind] if host.kind.shared else [host]
            return not any(x in self.busy for x in others)

        most = MEASURED_MAX if measured else STARTS_MAX
        if self.wears_out:
            if self.busy:
                return None
            self.restart_relay()
        for first in self.hosts:
            for second in self.hosts:
                if (first.kind.name, second.kind.name) == (a, b) and first is not second and \
                        is_free(first) and is_free(second) and \
                        (first.copy % 2 == 0, second.copy % 2 == 0) == (odd, not odd):
                    if max(first.starts, second.starts) >= most:
                        self.wears_out = True
                        return None
                    self.busy.update((first, second))
                    return first, second
        return None

    def restart_relay(self):
        """It then counts the sessions of each host anew. No host runs meanwhile."""
        inside = ["ip", "netns", "exec", self.namespace("vps"), f"{self.programs}/relayd"]
        config = ["-c", self.file("vps/relayd.yaml")]
        os.kill(self.relay_pid, signal.SIGTERM)
        while os.path.exists(f"/proc/{self.relay_pid}"):
            time.sleep(0.02)
        with open(self.file("vps.log"), "ab") as log:
            relay = subprocess.Popen([*inside, *config], stdin=subprocess.DEVNULL, stdout=log,
                                     stderr=log)
        threading.Thread(target=relay.wait, daemon=True).start()  # or it stays as a zombie
        self.relay_pid = relay.pid
        while subprocess.run([*inside, "status", *config], check=False,
                             capture_output=True).returncode != 0:
            time.sleep(0.05)
        self.wears_out = False
        for host in self.hosts:
            host.starts = 0

    def give_back(self, *hosts):
        with self.free:
            self.busy.difference_update(hosts)
            self.free.notify_all()

    def close(self):
        for host in self.hosts:
            host.stop()
        try:
            self.shell.stdin.close()
        except BrokenPipeError:
            pass
        self.shell.stdout.close()
        self.shell.wait()
