# SPDX-License-Identifier: GPL-3.0-or-later
"""A drawing of what tests/bench/run measured: bars, readable on light and on dark pages."""

LABELS = {
    "plain": "no tunnel", "null": "null tunnel", "null_aes": "null tunnel, AES-256-GCM",
    "ziglan": "ziglan", "ziglan_session": "ziglan, by session",
    "ziglan_one": "ziglan, one thread", "ziglan_threads": "ziglan, two queues, three threads",
    "ziglan_two": "ziglan, over two relays", "ziglan_aegis": "AEGIS-128L",
    "ziglan_aes": "AES-256-GCM", "ziglan_chacha": "ChaCha20-Poly1305",
    "wireguard_go": "wireguard-go",
}
WIDTH, LEFT, BAR, ROW, GAP = 720, 190, 400, 18, 34
STYLE = """
text { font: 12px sans-serif; fill: #1f2328 }
.title { font-weight: bold }
.bar { fill: #8c959f }
.ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .bar { fill: #7d8590 }
  .ours { fill: #4493f8 }
}
"""


def label(name):
    return LABELS.get(name, name.replace("_", "-"))


def panels(report):
    """(title, digits, [(name, value)]) of each group of bars that has samples."""
    wanted = []
    for way in ("direct", "relayed"):
        names = report.tunnels(f"tcp.{way}.")
        wanted.append((f"TCP, one stream, {way}: Gbit/s", 2, [
            (name, report.median(f"tcp.{way}.{name}.one.mbit_per_s"), 0.001) for name in names]))
        wanted.append((f"CPU time of both ends, {way}: s for each GB", 1, [
            (name, report.median(f"tcp.{way}.{name}.one.ends_cpu_s_per_gb"), 1)
            for name in names]))
        if way == "relayed":
            wanted.append(("CPU time of the relay: s for each GB", 2, [
                (name, report.median(f"tcp.{way}.{name}.one.relay_cpu_s_per_gb"), 1)
                for name in names]))
        wanted.append((f"UDP of 1200 bytes, {way}: datagrams/s, at most 0.5 % lost", 0, [
            (name, report.median(f"udp.{way}.{name}.size_1200.per_s"), 1)
            for name in report.tunnels(f"udp.{way}.")]))
    for title, digits, rows in wanted:
        rows = [(name, value * scale) for name, value, scale in rows if value is not None]
        if rows:
            yield title, digits, rows


def drawing(report):
    parts, y = [], 8
    for title, digits, rows in panels(report):
        y += GAP - ROW
        parts.append(f'<text class="title" x="8" y="{y}">{title}</text>')
        most = max(value for _, value in rows) or 1
        for name, value in rows:
            y += ROW
            kind = "ours" if name.startswith("ziglan") else "bar"
            width = max(1, value / most * BAR)
            parts.append(f'<text x="{LEFT - 8}" y="{y}" text-anchor="end">{label(name)}</text>')
            parts.append(f'<rect class="{kind}" x="{LEFT}" y="{y - 11}" width="{width:.1f}" '
                         f'height="13"/>')
            parts.append(f'<text x="{LEFT + width + 6:.1f}" y="{y}">{value:.{digits}f}</text>')
        y += GAP - ROW
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 8}">\n'
            f"<style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n")
