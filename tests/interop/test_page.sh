#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real Chromium shows the page of a relay, which lets no script run: what stands there is seen,
# nothing else is asked for, and it fits a telephone. PAGE_PICTURE=FILE keeps the picture.
. "$(dirname "$0")/relayd_common.sh"

browser=$(command -v chromium-headless-shell || command -v chromium) || {
    echo "skipped: chromium is not installed"
    exit 77
}
make_relay home
start home

# The page as it is after it was laid out, and a picture of it.
show() { # width height picture
    HOME=$work timeout 60 "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars \
        --user-data-dir="$work/browser" --window-size="$1,$2" --screenshot="$3" \
        --log-net-log="$work/net.json" "http://127.0.0.1:$metrics/" >"$work/browser.log" 2>&1
}
show 900 560 "$work/page.png" || fail "no picture: $(tail -n 5 "$work/browser.log")"
[ -z "${PAGE_PICTURE:-}" ] || cp "$work/page.png" "$PAGE_PICTURE"
show 390 640 "$work/small.png" || fail "no small picture: $(tail -n 5 "$work/browser.log")"
python3 - "$work/page.png" "$work/small.png" <<'END' || fail "the picture is not what it should be"
# The state is green or the page is not styled; and at both widths there is much that is not paper.
import struct, sys, zlib

def pixels(path):
    data = open(path, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            packed += body
        at += 12 + size
    assert depth == 8 and color in (2, 6)
    step = 3 if color == 2 else 4
    raw, line, rows = zlib.decompress(packed), bytearray(width * step), []
    for y in range(height):
        start = y * (width * step + 1)
        kind, now = raw[start], bytearray(raw[start + 1:start + 1 + width * step])
        for i in range(len(now)):
            left = now[i - step] if i >= step else 0
            up, corner = line[i], line[i - step] if i >= step else 0
            guess = left + up - corner
            near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up),
                       (abs(guess - corner), 2, corner))[2]
            now[i] = (now[i] + (0, left, up, (left + up) // 2, near)[kind]) & 255
        line = now
        rows.append([tuple(now[i:i + 3]) for i in range(0, len(now), step)])
    return width, rows

for path, wanted in zip(sys.argv[1:], (900, 390)):
    width, rows = pixels(path)
    flat = [p for row in rows for p in row]
    paper = max(set(flat), key=flat.count)
    green = sum(g > r + 60 and g > b + 40 for r, g, b in flat)
    other = sum(p != paper for p in flat)
    print(f"ok: {width} wide, {green} green and {other} other pixels")
    assert width == wanted and green > 1500 and other > 20000
END
# The browser asks for the page, and for nothing else of anybody.
python3 - "$work/net.json" "$metrics" <<'END' || fail "something else was asked for"
import re, sys
text = open(sys.argv[1]).read()
urls = set(re.findall(r'"url":"(https?://[^"]*)"', text))
print("asked for:", urls)
own = f"http://127.0.0.1:{sys.argv[2]}/"
sys.exit(own not in urls or any(url.startswith(own) and url != own for url in urls))
END
expect 0 "default-src 'none'" curl -sS -m 5 "http://127.0.0.1:$metrics/"
finish
