# SPDX-License-Identifier: GPL-3.0-or-later
"""The ratios that ziglan aims at, of one run of tests/bench/run."""

PEERS = ("wireguard_go", "nebula", "yggdrasil", "openvpn", "n2n", "tinc")


def best(median, pattern, choose=max):
    """The best value of a peer; None if none was measured."""
    values = [median(pattern.format(peer)) for peer in PEERS]
    values = [value for value in values if value is not None]
    return choose(values) if values else None


def list_of(median):
    """(text, numerator, denominator, aim, whether less is better)"""
    one = "tcp.{}.{}.one.mbit_per_s".format
    ends = "tcp.direct.{}.one.ends_cpu_s_per_gb".format
    relay_cpu = "tcp.relayed.{}.one.relay_cpu_s_per_gb".format
    return [
        ("TCP, one stream, direct / wireguard-go", median(one("direct", "ziglan")),
         median(one("direct", "wireguard_go")), 3.5, False),
        ("the same / null tunnel without sealing", median(one("direct", "ziglan")),
         median(one("direct", "null")), 0.75, False),
        ("CPU for a GB, both ends / null tunnel", median(ends("ziglan")), median(ends("null")),
         1.6, True),
        ("relayed TCP, one stream / best relayed peer", median(one("relayed", "ziglan")),
         best(median, "tcp.relayed.{}.one.mbit_per_s"), 3, False),
        ("relayed / our own direct", median(one("relayed", "ziglan")),
         median(one("direct", "ziglan")), 0.75, False),
        ("relay's CPU for a GB / yggdrasil", median(relay_cpu("ziglan")),
         median(relay_cpu("yggdrasil")), 0.1, True),
        ("relay's CPU for a packet of a stream / coturn's channel data",
         median("relay.ziglan.bulk_us"), median("relay.coturn.single_us"), 1 / 12, True),
        ("the same, packets that come alone", median("relay.ziglan.single_us"),
         median("relay.coturn.single_us"), 1 / 1.5, True),
        ("relay's CPU for a packet of a stream / bare forwarder", median("relay.ziglan.bulk_us"),
         median("relay.null.bulk_us"), 1.15, True),
        ("UDP of 1200 bytes, direct / best peer", median("udp.direct.ziglan.size_1200.per_s"),
         best(median, "udp.direct.{}.size_1200.per_s"), 5, False),
        ("TCP, 1 % lost, direct / plain TCP",
         median("loss.direct.ziglan.permille_10.mbit_per_s"),
         median("loss.direct.plain.permille_10.mbit_per_s"), 0.9, False),
        ("TCP, 1 % lost, relayed / plain TCP",
         median("loss.relayed.ziglan.permille_10.mbit_per_s"),
         median("loss.relayed.plain.permille_10.mbit_per_s"), 0.8, False),
        ("ping, idle, median / wireguard-go", median("ping.direct.ziglan.idle.p50_ms"),
         median("ping.direct.wireguard_go.idle.p50_ms"), 0.4, True),
        ("ping beside a stream, p99 / wireguard-go", median("ping.direct.ziglan.loaded.p99_ms"),
         median("ping.direct.wireguard_go.loaded.p99_ms"), 0.2, True),
    ]


def rows(median):
    """Rows of a table: what, here, the aim, and whether it is reached."""
    out = []
    for text, ours, theirs, aim, less in list_of(median):
        if ours is None or not theirs:
            continue
        ratio = ours / theirs
        reached = ratio <= aim if less else ratio >= aim
        out.append((text, f"{ratio:.2f}", f"{'at most' if less else 'at least'} {aim:.3g}",
                    "reached" if reached else f"missed, by {off(ratio, aim, less):.2f}"))
    return out


def off(ratio, aim, less):
    """How many times too large, or too small, a ratio is."""
    return ratio / aim if less else aim / ratio
