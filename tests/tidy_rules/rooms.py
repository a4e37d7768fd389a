# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables that a change of the house touches: rooms and what each may include, foreign libraries
and who may include them, and where a rule is not enforced yet."""

# A file belongs to the room with the longest name that its path begins with. A room may include
# itself and what stands here. Those with proto/host are the shells. tests/ is no room: it may
# include everything.
PROTO = ["proto/base", "proto/net", "proto/wire", "proto/crypto"]
RENDEZVOUS = ["rendezvous/store", "rendezvous/directory", "rendezvous/roster", "rendezvous/punch"]
# what relays know of relays and of hosts
SUBNET = ["rendezvous/mesh", "rendezvous/presence", "rendezvous/search",
          "rendezvous/relaying"]
LMDB = "rendezvous/store/lmdb"
BACKUP = "rendezvous/store/backup"
RELAYD = [*PROTO, "proto/link", *RENDEZVOUS, *SUBNET]
RELAYD_CLI = [*RELAYD, "proto/portmap", "relayd/service", "relayd/config", "relayd/daemon",
              "proto/admin", "proto/router", "proto/host", "proto/doctor", BACKUP]
CLIENT_1 = [*PROTO, "proto/link", *RENDEZVOUS, "client/netcheck", "client/stun2",
            "client/tunnel", "client/path"]
CLIENT_2 = [*CLIENT_1, "client/ziglan", "client/peer"]
CLIENT_3 = [*CLIENT_2, "client/names", "client/core", "client/admin"]
CLIENT_4 = [*CLIENT_3, "proto/admin", "proto/host", "proto/portmap", "client/config",
            "client/import",
            "client/platform", "client/measure",
            "client/engine", "client/daemon", "proto/doctor", BACKUP]
LAYERS = {
    "proto/base": [],
    "proto/net": ["proto/base"],
    "proto/wire": ["proto/base", "proto/net"],
    "proto/crypto": ["proto/base", "proto/net", "proto/wire"],
    "proto/portmap": ["proto/base", "proto/net"],
    "proto/link": PROTO,
    "proto/link/quic": [*PROTO, "proto/link", "proto/link/tls"],
    "proto/link/tls": [*PROTO, "proto/link"],
    "proto/admin": ["proto/base", "proto/net", "proto/wire"],  # JSON: for shells, not for cores
    "proto/host": ["proto/base", "proto/net", "proto/admin"],
    "proto/sandbox": ["proto/base", "proto/host"],
    "proto/doctor": ["proto/base", "proto/net", "proto/admin", "proto/host"],
    "proto/router": [*PROTO, "proto/portmap", "proto/host"],
    "rendezvous/store": PROTO,
    "rendezvous/store/lmdb": ["proto/base", "rendezvous/store"],
    BACKUP: ["proto/base", "proto/admin", "proto/host", "rendezvous/store", LMDB],
    "rendezvous/directory": [*PROTO, "rendezvous/store"],
    "rendezvous/roster": [*PROTO, "rendezvous/store"],
    "rendezvous/punch": PROTO,
    "rendezvous/mesh": [*PROTO, "rendezvous/store"],
    "rendezvous/presence": PROTO,
    "rendezvous/search": PROTO,
    "rendezvous/relaying": PROTO,
    "relayd/base": RELAYD,
    "relayd/service": [*RELAYD, "relayd/base"],
    "relayd/core": [*RELAYD, "relayd/base", "relayd/service"],
    "relayd/config": [*RELAYD, "proto/portmap", "relayd/base"],  # the defaults, what groups may be
    "relayd/admin": [*RELAYD, "relayd/base", "relayd/service", "relayd/core", "proto/admin"],
    "relayd/engine": [*RELAYD, "relayd/base", "relayd/service", "relayd/core", "relayd/admin",
                      "proto/portmap", "proto/router", "proto/host"],
    "relayd/daemon": [*RELAYD, "relayd/base", "relayd/core", "relayd/config", "relayd/admin",
                      "relayd/engine", "proto/portmap", "proto/host", "proto/sandbox", LMDB,
                      BACKUP],
    "relayd/cli": RELAYD_CLI,
    "relayd": [*RELAYD_CLI, "relayd/cli"],  # main.c
    "client/netcheck": ["proto/base", "proto/net", "proto/wire", "proto/portmap"],
    "client/stun2": [*PROTO, "proto/link", "rendezvous/store"],
    "client/libstun2": [*PROTO, "proto/link", "rendezvous/store", "client/netcheck",
                        "client/stun2", "client/path"],
    "client/measure": [*PROTO, "proto/host", "client/netcheck", "client/stun2", "client/path",
                       "client/platform"],
    "client/libstun2/loop": [*PROTO, "proto/link", "proto/host", "client/netcheck", "client/stun2",
                             "client/path", "client/platform", "client/measure",
                             "client/libstun2"],
    "client/libstun2/package": [],
    "client/examples": [],  # programs of others, as it were
    "client/tunnel": PROTO,
    "client/path": [*PROTO, "client/stun2"],
    "client/ziglan": [*PROTO, "proto/link", *RENDEZVOUS, "client/stun2"],
    "client/peer": [*CLIENT_1, "client/ziglan"],
    "client/names": CLIENT_2,
    "client/core": [*CLIENT_2, "client/names"],
    "client/admin": [*CLIENT_2, "client/names", "client/core", "proto/admin"],
    "client/config": [*PROTO, "proto/portmap"],
    "client/import": PROTO,
    "client/platform": [*PROTO, "proto/host", "client/tunnel"],
    "client/engine": [*CLIENT_3, "client/measure", "proto/host", "proto/portmap", "proto/router",
                      LMDB, "client/platform"],
    "client/daemon": [*CLIENT_3, "proto/admin", "proto/host", "proto/portmap", "client/config",
                      "client/platform", "proto/sandbox",
                      "client/engine", BACKUP],
    "client/cli": CLIENT_4,
    "client": [*CLIENT_4, "client/cli"],  # main.c
}

# What stands below a port's header: folder of the files, suffix, folder of the header.
PORTS = [("client/platform/linux", "_linux", "client/platform")]

# What a header promises to users whose types are used below, too: header -> unit that defines it.
FACADES = {"proto/link/link.h": "proto/link/quic/hub",
           "proto/link/certificate_look.h": "proto/link/tls/tls",
           "client/stun2/stun2.h": "client/libstun2/api",
           "client/stun2/stun2_ev.h": "client/libstun2/loop/adapter"}

# Headers of libraries for others: what they declare need not be called by a program of ours.
PUBLISHED = ["client/stun2/stun2.h", "client/stun2/stun2_ev.h"]

# Programs of one file each, which others compile.
EXAMPLES = ["client/examples"]

# foreign header -> rooms that may include it
FOREIGN = {
    r"(ngtcp2|nghttp3|nghttp2|wolfssl)/": ["proto/link/quic", "proto/link/tls",
                                           "client/examples"],
    r"(miniupnpc/|natpmp\.h)": ["proto/router"],
    r"(seccomp|cap-ng)\.h": ["proto/sandbox"],
    r"ev\.h": ["proto/host", "proto/sandbox", "proto/router", "relayd/engine", "relayd/daemon",
               "client/engine", "client/platform", "client/daemon", "client/cli",
               "client/measure", "client/libstun2/loop", "client/examples"],
    r"microhttpd\.h": ["proto/host"],
    r"lmdb\.h": ["rendezvous/store/lmdb"],
    r"ldns/": ["client/names"],
    r"libmnl/": ["proto/host", "client/platform"],
}

SCRIPTS = {"deploy/setup", "deploy/demo", "tests/run", "tests/bench/run", "tests/fuzz/run",
           "tests/pairs/run", "tests/tidy", ".ci/run"}

# rule -> paths below which its findings are shown only with --new, while a new rule becomes green
PENDING = {}


def room_of(path):
    """The room that a path lies in, or "" if it lies in none."""
    folder = path.rpartition("/")[0]
    while folder and folder not in LAYERS:
        folder = folder.rpartition("/")[0]
    return folder


def is_shell(room):
    """A room that makes system calls, or sees who does."""
    return room in ("proto/host", LMDB) or not {"proto/host", LMDB}.isdisjoint(LAYERS[room])


def is_pending(rule, path):
    return any(path.startswith(prefix) for prefix in PENDING.get(rule, []))
