#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# turnutils_natdiscovery of coturn (RFC 5780) calls a mapping endpoint-independent when the server's
# other address is silent, filtering endpoint-independent when a CHANGE-REQUEST is answered by an
# error, and a mapping by address one by address and port when the other address names a third one.
#
# Seen with coturn 4.6.1 and 4.18.0. One expects "not known" in the first two cases. But the
# address of the answer before is compared with itself, and any answer counts. RFC 5780, section
# 4.3, has the third request go where the first answer pointed; here the second answer is asked.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_root
finding_package coturn 4.6.1-1
tool=$WORK/root/usr/bin/turnutils_natdiscovery
case $(ldd "$tool") in *"not found"*) cannot "the libraries of coturn are not installed" ;; esac

# A STUN server at some loopback addresses, each of which sees clients at a port of its own (as
# those of a NAT that maps by address do), and names an OTHER-ADDRESS.
cat >"$WORK/server.py" <<'PYTHON'
import select, socket, struct, sys
COOKIE = 0x2112A442
def address(kind, ip, port, mask):
    value = struct.unpack("!I", socket.inet_aton(ip))[0]
    return struct.pack("!HHBBHI", kind, 8, 0, 1, port ^ (mask >> 16), value ^ mask)
def answer(request, peer, other, seen_port):
    if b"\x00\x03\x00\x04" in request:  # CHANGE-REQUEST: error 420
        kind, body = 0x0111, struct.pack("!HHHBB", 9, 4, 0, 4, 20)
    else:
        kind, body = 0x0101, address(0x20, peer[0], seen_port or peer[1], COOKIE)
        body += address(0x802C, other[0], other[1], 0) if other else b""
    return struct.pack("!HH", kind, len(body)) + request[4:20] + body
# each argument: IP:PORT=OTHER-IP:PORT/SEEN-PORT; SEEN-PORT 0: as it is
servers = {}
for row in sys.argv[1:]:
    here, there = row.split("=")
    there, seen = there.split("/")
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ip, port = here.split(":")
    s.bind((ip, int(port)))
    other = there.split(":")
    servers[s] = ((other[0], int(other[1])), int(seen))
print("ready", flush=True)
while True:
    for s in select.select(servers, [], [])[0]:
        request, peer = s.recvfrom(2000)
        s.sendto(answer(request, peer, *servers[s]), peer)
PYTHON

ns=$(finding_netns a)
verdict() { # option server...
    local option=$1 server
    shift
    : >"$WORK/ready"
    ip netns exec "$ns" /usr/bin/python3 "$WORK/server.py" "$@" >"$WORK/ready" &
    server=$!
    until [ -s "$WORK/ready" ]; do sleep 0.1; done
    ip netns exec "$ns" "$tool" "$option" -p 3478 127.0.0.1 | grep '^NAT with' | tail -1
    kill "$server"
    wait "$server" 2>/dev/null || true
}

expect "the other address is silent" "NAT with Endpoint Independent Mapping!" \
    "$(verdict -m 127.0.0.1:3478=127.0.0.2:3479/0)"
expect "a CHANGE-REQUEST gets error 420" "NAT with Endpoint Independent Filtering!" \
    "$(verdict -f 127.0.0.1:3478=127.0.0.2:3479/0)"
expect "a mapping by address, and the other address names the first one" \
    "NAT with Address and Port Dependent Mapping!" \
    "$(verdict -m 127.0.0.1:3478=127.0.0.2:3479/5001 127.0.0.2:3478=127.0.0.1:3479/5002 \
        127.0.0.1:3479=127.0.0.2:3478/5001 127.0.0.2:3479=127.0.0.1:3478/5002)"
expect "the same, and the other address names none further" \
    "NAT with Address Dependent Mapping!" \
    "$(verdict -m 127.0.0.1:3478=127.0.0.2:3479/5001 127.0.0.2:3478=127.0.0.2:3479/5002 \
        127.0.0.2:3479=127.0.0.1:3478/5002)"
finding_end
