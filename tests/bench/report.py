#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables from the samples of tests/bench/run, in Markdown.

    report.py SAMPLES [JSON]

SAMPLES has lines "dotted.name value"; a name that stands there several times has several samples.
JSON, if given, gets all facts: {"schema": 1, "start": {"direct_ms": {"median": ...}}, ...}.
"""
import json
import math
import statistics
import sys


def number(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def read(path):
    samples = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            name, _, value = line.strip().partition(" ")
            samples.setdefault(name, []).append(number(value))
    return samples


def p95(values):
    """Nearest rank: of 20 samples the 19th."""
    return sorted(values)[math.ceil(len(values) * 0.95) - 1]


def tree(samples):
    root = {"schema": 1}
    for name, values in samples.items():
        *path, leaf = name.split(".")
        at = root
        for step in path:
            at = at.setdefault(step, {})
        if len(values) == 1:
            at[leaf] = values[0]
        else:
            at[leaf] = {"median": statistics.median(values), "p95": p95(values), "min": min(values),
                        "max": max(values), "samples": values}
    return root


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()


class Report:
    def __init__(self, samples):
        self.samples = samples

    def has(self, prefix):
        return any(name.startswith(prefix) for name in self.samples)

    def one(self, name):
        return self.samples[name][0]

    def median(self, name):
        return statistics.median(self.samples[name])

    def spread(self, name, digits):
        values = self.samples[name]
        return (f"{statistics.median(values):.{digits}f} "
                f"({min(values):.{digits}f} to {max(values):.{digits}f})")

    def machine(self):
        print(f"{self.one('machine.cpu')}, {self.one('machine.cores')} cores; Linux "
              f"{self.one('machine.kernel')}, {self.one('machine.release')}; revision "
              f"{self.one('machine.revision')}, {self.one('machine.date')}.\n"
              f"Load average before: {self.one('machine.load_before')}.\n")
        if self.one("machine.load_before") > 0.5:
            print("**The machine was busy with something else.**\n")

    def start(self):
        rows = [("interface is there", "start.interface_ms"),
                ("first answered ping", "start.first_reply_ms"), ("direct path", "start.direct_ms")]
        table(("ziglan up to", "median ms", "p95 ms", "min", "max", "runs"),
              [(text, f"{self.median(name):.1f}", f"{p95(self.samples[name]):.1f}",
                f"{min(self.samples[name]):.1f}", f"{max(self.samples[name]):.1f}",
                len(self.samples[name])) for text, name in rows])

    def throughput(self):
        rows = []
        for path in ("direct", "relayed"):
            for program in ("ziglan", "wireguard_go"):
                name = f"throughput.{path}.{program}"
                if not self.has(name):
                    continue
                relay = name + ".relay_cpu_s_per_gb"
                rows.append((path, program.replace("_", "-"), self.spread(name + ".mbit_per_s", 0),
                             f"{self.median(name + '.ends_cpu_s_per_gb'):.2f}",
                             f"{self.median(relay):.2f}" if self.has(relay) else "-",
                             f"{self.one(name + '.rtt_ms'):.3f}"))
        table(("path", "program", "TCP Mbit/s (min to max)", "CPU s/GB, both ends",
               "CPU s/GB, relay", "round trip ms"), rows)
        if self.has("throughput.peer"):
            print(f"Compared with {self.one('throughput.peer')}.", end="")
            for path in ("direct", "relayed"):
                ours, theirs = (self.median(f"throughput.{path}.{program}.mbit_per_s")
                                for program in ("ziglan", "wireguard_go"))
                print(f" {path.capitalize()}: {ours / theirs:.2f} times as fast.", end="")
            print("\n")

    def memory(self):
        rows = []
        for state, text in (("idle", "idle after joining"), ("loaded", "after the TCP streams")):
            for program in ("relayd", "ziglan", "wireguard_go"):
                name = f"memory.{state}.{program}"
                if self.has(name):
                    rows.append((program.replace("_", "-"), text, *(
                        f"{self.one(f'{name}.{what}_kib') * 1024 / 1e6:.1f}"
                        for what in ("rss", "private_dirty"))))
        table(("program", "when", "resident MB", "of it private and written MB"), rows)

    def flood(self):
        rows = [(text, f"{self.median(f'flood.{state}.ping_ms'):.3f}",
                 f"{p95(self.samples[f'flood.{state}.ping_ms']):.3f}",
                 self.spread(f"flood.{state}.relay_cpu_percent", 1))
                for state, text in (
                    ("idle", "nothing else"),
                    ("flood", f"{self.median('flood.sent_per_s'):.0f} Initials a second"))]
        table(("a relayed pair's pings beside", "median ms", "p95 ms", "relay, % of a core"), rows)
        idle, flood = (self.median(f"flood.{state}.ping_ms") for state in ("idle", "flood"))
        print(f"A ping takes {flood / idle:.2f} times as long.\n")

    def link(self):
        table(("link, in memory", "ns CPU"),
              [("one datagram of 1300 bytes, both ends together", self.spread("link.ns_each", 0))])

    def size(self):
        table(("program", "as built, with symbols, MB", "stripped MB"),
              [(name, f"{self.one(f'size.{name}.built_bytes') / 1e6:.2f}",
                f"{self.one(f'size.{name}.stripped_bytes') / 1e6:.2f}")
               for name in ("relayd", "ziglan")])

    def build(self):
        rows = [("libraries (deploy/setup)", "build.libraries_s"), ("cmake", "build.configure_s"),
                ("relayd and ziglan", "build.project_s")]
        rows = [(text, self.one(name)) for text, name in rows]
        together = round(sum(row[1] for row in rows), 1)
        table(("build from nothing", "s"), rows + [("together", together)])


def main(path, json_path=None):
    samples = read(path)
    report = Report(samples)
    report.machine()
    for part in ("start", "throughput", "memory", "flood", "link", "size", "build"):
        if report.has(part + "."):
            getattr(report, part)()
    if json_path:
        with open(json_path, "w", encoding="utf-8") as out:
            json.dump(tree(samples), out, indent=2)
            out.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
