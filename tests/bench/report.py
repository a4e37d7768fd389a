#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables from the samples of tests/bench/run, in Markdown.

    report.py SAMPLES [--json FILE] [--svg FILE]

SAMPLES has lines "dotted.name value"; a name that stands there several times has several samples.
--json  all facts: {"schema": 2, "start": {"direct_ms": {"median": ...}}, ...}
--svg   a drawing (chart.py)
"""
import argparse
import json
import math
import pathlib
import statistics
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import chart  # noqa: E402
import targets  # noqa: E402

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
    root = {"schema": 2}
    for name, values in samples.items():
        *path, leaf = name.split(".")
        at = root
        for step in path:
            at = at.setdefault(step, {})
        if len(values) == 1:
            at[leaf] = values[0]
        elif not all(isinstance(value, (int, float)) for value in values): # facts of several pieces
            seen = list(dict.fromkeys(values))
            at[leaf] = seen[0] if len(seen) == 1 else seen
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
        """None if there is no sample."""
        return statistics.median(self.samples[name]) if name in self.samples else None

    def spread(self, name, digits, scale=1):
        values = [value * scale for value in self.samples.get(name, [])]
        if not values:
            return "-"
        if len(values) == 1:
            return f"{values[0]:.{digits}f}"
        return (f"{statistics.median(values):.{digits}f} "
                f"({min(values):.{digits}f} to {max(values):.{digits}f})")

    def tunnels(self, prefix):
        """The names behind a prefix, in the order in which they were measured."""
        names = (name[len(prefix):].split(".")[0] for name in self.samples
                 if name.startswith(prefix))
        return list(dict.fromkeys(names))

    def machine(self):
        print(f"{self.one('machine.cpu')}, {self.one('machine.cores')} cores; Linux "
              f"{self.one('machine.kernel')}, {self.one('machine.release')}; revision "
              f"{self.one('machine.revision')}, {self.one('machine.date')}.\n"
              f"CPU in use before: {max(self.samples['machine.busy_percent'])} %.\n")
        if max(self.samples["machine.busy_percent"]) > 10:
            print("**The machine was busy with something else.**\n")
        versions = [self.one(name) for name in sorted(self.samples) if name.startswith("version.")
                    and not name.startswith(("version.ziglan_", "version.null", "version.plain"))]
        if versions:
            print("; ".join(versions) + ".\n")

    def start(self):
        rows = [("interface is there", "start.interface_ms"),
                ("first answered ping", "start.first_reply_ms"), ("direct path", "start.direct_ms")]
        table(("ziglan up to", "median ms", "p95 ms", "min", "max", "runs"),
              [(text, f"{self.median(name):.1f}", f"{p95(self.samples[name]):.1f}",
                f"{min(self.samples[name]):.1f}", f"{max(self.samples[name]):.1f}",
                len(self.samples[name])) for text, name in rows])

    def tcp(self):
        for way in ("direct", "relayed"):
            prefix = f"tcp.{way}."
            head = [f"{way}, TCP Gbit/s", "one stream (min to max)", "eight", "both ways", "8 + 8",
                    "CPU s/GB, both ends"]
            if way == "relayed":
                head.append("CPU s/GB, relay")
            rows = []
            for name in self.tunnels(prefix):
                row = [chart.label(name), self.spread(f"{prefix}{name}.one.mbit_per_s", 2, 0.001)]
                row += [self.spread(f"{prefix}{name}.{what}.mbit_per_s", 2, 0.001)
                        for what in ("eight", "one_both", "eight_both")]
                row.append(self.middle(f"{prefix}{name}.one.ends_cpu_s_per_gb"))
                if way == "relayed":
                    row.append(self.middle(f"{prefix}{name}.one.relay_cpu_s_per_gb"))
                rows.append(row)
            if rows:
                table(head, rows)
        self.threads()

    def threads(self):
        what = ("one", "eight", "one_both", "eight_both")
        rows = [[chart.label(name)] + [
            self.middle(f"tcp.direct.{name}.{one}.busiest_thread_s_per_gb") for one in what]
            for name in self.tunnels("tcp.direct.")
            if self.has(f"tcp.direct.{name}.one.busiest_thread_s_per_gb")]
        if rows:
            table(("direct, TCP: CPU s/GB of the busiest thread", "one stream", "eight",
                   "both ways", "8 + 8"), rows)

    def middle(self, name, digits=2):
        value = self.median(name)
        return "-" if value is None else f"{value:.{digits}f}"

    def udp(self):
        for way in ("direct", "relayed"):
            prefix = f"udp.{way}."
            rows = [[chart.label(name)] + [
                self.middle(f"{prefix}{name}.size_{size}.per_s", 0) for size in (64, 512, 1200)] + [
                self.middle(f"{prefix}{name}.{what}.ends_cpu_s_per_gb")
                for what in ("trains", "as_fast")]
                for name in self.tunnels(prefix)]
            if rows:
                table((f"{way}, UDP datagrams/s, at most 0.5 % lost", "64 bytes", "512", "1200",
                       "960 Mbit/s in trains (UDP_SEGMENT): CPU s/GB, both ends",
                       "TCP as fast"), rows)

    def ping(self):
        for way in ("direct", "relayed"):
            prefix = f"ping.{way}."
            rows = [[chart.label(name)] + [
                self.middle(f"{prefix}{name}.{when}.{what}_ms", 3)
                for when in ("idle", "loaded") for what in ("p50", "p99")]
                for name in self.tunnels(prefix)]
            if rows:
                table((f"{way}, round trip ms", "idle, median", "p99", "beside a stream, median",
                       "p99"), rows)

    def loss(self):
        rows = []
        for way in ("direct", "relayed"):
            prefix = f"loss.{way}."
            for name in self.tunnels(prefix):
                row = [way, chart.label(name)]
                for permille in (1, 10):
                    rate, plain = (self.median(f"{prefix}{one}.permille_{permille}.mbit_per_s")
                                   for one in (name, "plain"))
                    row.append("-" if rate is None else f"{rate:.2f}")
                    row.append(f"{rate / plain:.2f}" if rate and plain else "-")
                rows.append(row)
        table(("40 ms, four TCP streams, Mbit/s", "", "0.1 % lost", "of plain TCP", "1 % lost",
               "of plain TCP"), rows)

    def relay(self):
        rows = [(chart.label(name), self.spread(f"relay.{name}.bulk_us", 2),
                 self.spread(f"relay.{name}.single_us", 2)) for name in self.tunnels("relay.")]
        table(("the relay's CPU time for a packet, us", "of one TCP stream",
               "that comes alone, 8000/s"), rows)

    def cipher(self):
        rows = [(chart.label(name), self.spread(f"cipher.direct.{name}.one.mbit_per_s", 2, 0.001),
                 self.middle(f"cipher.direct.{name}.one.ends_cpu_s_per_gb"))
                for name in self.tunnels("cipher.direct.")]
        table(("cipher", "TCP Gbit/s, direct", "CPU s/GB, both ends"), rows)

    def memory(self):
        rows = []
        names = [(f"memory.idle.{name}", name, "idle after joining")
                 for name in ("relayd", "ziglan")]
        for way in ("direct", "relayed"):
            for name in self.tunnels(f"memory.loaded.{way}."):
                for role in ("end", "relay"):
                    text = f"{way}, after the TCP streams" + (", relay" if role == "relay" else "")
                    names.append((f"memory.loaded.{way}.{name}.{role}", chart.label(name), text))
        for name, label, text in names:
            if self.has(name + "."):
                rows.append((label, text, *(
                    f"{self.median(f'{name}.{what}_kib') * 1024 / 1e6:.1f}"
                    for what in ("rss", "private_dirty"))))
        table(("program", "when", "resident MB", "of it private and written MB"), rows)

    def targets(self):
        rows = targets.rows(self.median)
        if rows:
            table(("ratio", "here", "aim", ""), rows)

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


def main():
    parser = argparse.ArgumentParser(usage="report.py SAMPLES [--json FILE] [--svg FILE]")
    parser.add_argument("samples")
    parser.add_argument("--json")
    parser.add_argument("--svg")
    wanted = parser.parse_args()
    samples = read(wanted.samples)
    report = Report(samples)
    report.machine()
    for part in ("start", "tcp", "udp", "ping", "loss", "relay", "cipher", "memory", "flood",
                 "link", "size", "build"):
        if report.has(part + "."):
            getattr(report, part)()
    report.targets()
    if wanted.json:
        with open(wanted.json, "w", encoding="utf-8") as out:
            json.dump(tree(samples), out, indent=2)
            out.write("\n")
    if wanted.svg:
        pathlib.Path(wanted.svg).write_text(chart.drawing(report), encoding="utf-8")


if __name__ == "__main__":
    main()
