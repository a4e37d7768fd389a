# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runs come to: tables in Markdown, JSON, and whether that is as it must be."""
import math
import statistics
from collections import Counter, defaultdict

from kinds import BY_NAME, EIM, KINDS

# Of 100 runs so many must become direct, and within so long.
SHARE = {"plain": 1.0, "prediction": 0.95, "birthday": 0.99}
WITHIN_MS = {"plain": math.inf, "prediction": math.inf, "birthday": 15000}
EIM_P50_MS, EIM_P99_MS = 50, 1000  # the former besides two round trips
FIRST_MS, ROAM_MS = 3000, 3000
FIRST_LATER_MS = {0.5: 1, 0.95: 10}  # than over the relay only, of this share; no more is noise
JUDGED_RUNS = 20  # percentiles of fewer mean little
COMPARED_RUNS = 100  # and so do differences


def rank(values, share):
    """Nearest rank: of 20 samples, the 19th is that of 0.95."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


def ms(value):
    return "-" if value is None else f"{value:.0f}"


class Pair:
    def __init__(self, name, way, runs):
        self.a, self.b = name.split("|")
        self.way, self.runs = way, runs
        self.direct = [r["direct_ms"] for r in runs if r["direct"]]
        self.first = [r["first_ms"] for r in runs if r.get("first_ms") is not None]
        # Both of a run: free, and over the relay only.
        self.firsts = [(r["first_ms"], r["relayed_first_ms"]) for r in runs
                       if None not in (r.get("first_ms"), r.get("relayed_first_ms"))]
        self.whys = sorted({why for r in runs if not r["direct"] for why in r.get("why", [])})
        self.probes = [sum(r.get("probes", [0])) for r in runs]
        roams = [r for r in runs if "roam_ms" in r]
        self.roams = [r["roam_ms"] for r in roams if r["roam_ms"] is not None]
        self.roams_lost = len(roams) - len(self.roams)
        self.trips = [r["rtt_ms"] for r in runs if r.get("rtt_ms") is not None]

    def at(self, values, share):
        return rank(values, share) if values else None

    def is_eim(self):
        return self.a in EIM and self.b in EIM and self.way == "plain"

    def why_wanted(self):
        """What a host says of a pair that the oracle excludes."""
        return "one-site" if self.a == self.b and BY_NAME[self.a].shared else "sym-sym"

    def in_time(self):
        limit = WITHIN_MS.get(self.way, math.inf)
        return sum(1 for value in self.direct if value <= limit)

    def faults(self):
        """Sentences about what is not as the oracle and the targets have it."""
        name, count, found = f"{self.a} and {self.b}", len(self.runs), []
        for run in self.runs:
            if run.get("error"):
                found.append(f"{name}: {run['error']}")
        if self.way == "relayed" and self.direct:
            found.append(f"{name}: {len(self.direct)} of {count} direct, which the oracle excludes")
        if self.way in SHARE and self.in_time() < SHARE[self.way] * count:
            found.append(f"{name} ({self.way}): {self.in_time()} of {count} direct in time")
        if len(self.first) < count:
            found.append(f"{name}: {count - len(self.first)} of {count} runs without an answer")
        if max(self.first, default=0) > FIRST_MS:
            found.append(f"{name}: the first answer after {max(self.first):.0f} ms")
        if self.way == "relayed" and self.whys not in ([], [self.why_wanted()]):
            found.append(f"{name}: they say {', '.join(self.whys)}, not {self.why_wanted()}")
        if "" in self.whys and self.way != "chance":  # which may become direct just then
            found.append(f"{name}: relayed, and nothing is said of why")
        if self.roams_lost > 0 or max(self.roams, default=0) > ROAM_MS:
            found.append(f"{name}: after moving {self.roams_lost} times not direct, else after "
                         f"{ms(max(self.roams, default=None))} ms")
        if self.is_eim() and len(self.direct) >= JUDGED_RUNS:
            p50, p99 = self.at(self.direct, 0.5), self.at(self.direct, 0.99)
            most = EIM_P50_MS + 2 * statistics.median(self.trips or [0])
            if p50 >= most:
                found.append(f"{name}: direct after {p50:.0f} ms at the median, not {most:.0f}")
            if p99 >= EIM_P99_MS:
                found.append(f"{name}: direct after {p99:.0f} ms at p99, not {EIM_P99_MS}")
        return found

    def row(self):
        modes = Counter(run["how"] for run in self.runs)
        return [self.a, self.b, self.way, len(self.runs),
                f"{100 * len(self.direct) / len(self.runs):.3g} %",
                ", ".join(mode for mode, _ in modes.most_common()),
                f"{ms(self.at(self.first, 0.5))} / {ms(self.at(self.first, 0.95))}",
                " / ".join(ms(self.at([relayed for _, relayed in self.firsts], share))
                           for share in (0.5, 0.95)),
                f"{ms(self.at(self.direct, 0.5))} / {ms(self.at(self.direct, 0.95))} / "
                f"{ms(max(self.direct, default=None))}",
                f"{statistics.median(self.probes):.0f} / {max(self.probes)}"]


HEAD = ["one", "other", "oracle", "runs", "direct", "how", "first packet ms, p50 / p95",
        "over the relay only", "direct ms, p50 / p95 / most", "probes, median / most"]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def grid(pairs):
    """Shares in percent, one cell a pair; what the oracle does not promise is in brackets."""
    share = {}
    for pair in pairs:
        text = f"{100 * len(pair.direct) / len(pair.runs):.3g}"
        share[pair.a, pair.b] = share[pair.b, pair.a] = \
            f"({text})" if pair.way not in SHARE else text
    names = [kind.name for kind in KINDS if any(kind.name in key for key in share)]
    return table(["direct, %", *names],
                 [[a, *(share.get((a, b), "") for b in names)] for a in names])


def modes(pairs):
    """Packets a second to one address, by what was done."""
    runs = defaultdict(list)
    for pair in pairs:
        for run in pair.runs:
            if "per_second" in run:
                runs[pair.way if run["how"] == "relayed" and pair.way == "relayed" else
                     run["how"] if run["direct"] else "in vain"].append(run)
    head = ["mode", "runs", "packets a second to one address, most",
            "to one that never answered before, most", "packets of one host, most"]
    return table(head, [[mode, len(of), max(r["per_second"] for r in of),
                         max(r["silent_per_second"] for r in of), max(max(r["probes"]) for r in of)]
                        for mode, of in sorted(runs.items())])


def first_packets(pairs):
    """The first packet of hosts that may become direct, and of the same ones that may not."""
    head = ["oracle", "runs", "first packet ms, p50 / p95 / p99", "over the relay only"]
    by_way = defaultdict(list)
    for pair in pairs:
        by_way[pair.way] += pair.firsts
        by_way["all"] += pair.firsts
    rows = [[way, len(both), *(" / ".join(f"{rank(side, share):.1f}"
                                          for share in (0.5, 0.95, 0.99)) for side in zip(*both))]
            for way, both in sorted(by_way.items()) if both]
    return table(head, rows) if rows else ""


def first_faults(pairs):
    both = [times for pair in pairs for times in pair.firsts]
    if len(both) < COMPARED_RUNS:
        return []
    free, relayed = zip(*both)
    return [f"the first packet is later than over the relay only: {rank(free, share):.1f} ms, not "
            f"{rank(relayed, share):.1f}, at p{100 * share:.0f}"
            for share, most in FIRST_LATER_MS.items()
            if rank(free, share) > rank(relayed, share) + most]


def reasons(pairs):
    """What the hosts of relayed pairs say."""
    rows = [[pair.a, pair.b, pair.way, ", ".join(pair.whys)] for pair in pairs if pair.whys]
    return table(["one", "other", "oracle", "why, they say"], rows) if rows else ""


def roaming(pairs):
    """How long after a move the path is direct again; "" if nobody moved."""
    rows = [[pair.a, pair.b, len(pair.roams) + pair.roams_lost, len(pair.roams),
             " / ".join(ms(pair.at(pair.roams, share)) for share in (0.5, 0.95, 1))]
            for pair in pairs if pair.roams or pair.roams_lost]
    head = ["one", "other", "moves", "direct again", "after ms, p50 / p95 / most"]
    return table(head, rows) if rows else ""


def pairs_of(runs, oracle):
    by_pair = defaultdict(list)
    for run in runs:
        by_pair[run["pair"]].append(run)
    order = [kind.name for kind in KINDS]
    names = sorted(by_pair, key=lambda name: [order.index(kind) for kind in name.split("|")])
    return [Pair(name, oracle.way(*name.split("|")), by_pair[name]) for name in names]


def networks(pairs):
    return table(["network", "what it is"],
                 [[kind.name, kind.what] for kind in KINDS
                  if any(kind.name in (pair.a, pair.b) for pair in pairs)])


def summary(pairs):
    """All pairs of which the oracle says the same, together."""
    rows = []
    for way in sorted({pair.way for pair in pairs}):
        those = [pair for pair in pairs if pair.way == way]
        direct = [ms for pair in those for ms in pair.direct]
        loads = [run["load"] for pair in those for run in pair.runs if "load" in run]
        rows.append([way, len(those), sum(len(pair.runs) for pair in those),
                     min(len(pair.runs) for pair in those), len(direct),
                     " / ".join(ms(rank(direct, share)) for share in (0.5, 0.95, 0.99, 1))
                     if direct else "-", ms(rank(loads, 0.5) if loads else None)])
    return table(["oracle", "pairs", "runs", "of a pair, least", "direct",
                  "direct ms, p50 / p95 / p99 / most", "load, median"], rows)


def all_pairs(pairs):
    return table(HEAD, [pair.row() for pair in pairs])


TABLES = {"networks": networks, "summary": summary, "grid": grid, "pairs": all_pairs,
          "modes": modes, "first": first_packets, "why": reasons, "roam": roaming}


def text_of(pairs, names):
    return "\n".join(text for text in (TABLES[name](pairs) for name in names) if text)


def put_into(path, name, text):
    """Replace what stands in a document between the two lines that have this name. False if it has
    none."""
    begin, end = f"<!-- tests/pairs/run: {name} -->\n", f"<!-- end of {name} -->\n"
    with open(path, encoding="utf-8") as old:
        before, found, rest = old.read().partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        return False
    with open(path, "w", encoding="utf-8") as new:
        new.write(f"{before}{begin}\n{text}\n{end}{after}")
    return True


def json_of(pairs):
    return {"schema": 1, "pairs": [
        {"one": pair.a, "other": pair.b, "oracle": pair.way, "runs": pair.runs,
         "faults": pair.faults()} for pair in pairs]}
