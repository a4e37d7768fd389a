# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of network of the pair matrix: how the lab makes each, and what the oracle is told."""
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    name: str
    what: str
    recipe: str  # of tests/pairs/world.sh
    words: str  # of tests/support/nat_text.h: what the pair of routers on the way is as one
    shared: str = ""  # a provider's NAT before all homes of this kind
    sets: bool = False  # its rules remember, besides conntrack

    def roams(self):
        """Whether a host can go to another network of this kind."""
        return self.recipe not in ("public", "firewall", "double", "behind")


def user(name, what, words):
    return Kind(name, what, f"nat:{words}", words)


def homes(name, what, words):
    """Homes behind one NAT of a provider; each has its router of Linux, too."""
    return Kind(name, what, "behind", words, words)


KINDS = [
    Kind("public", "no NAT", "public", "public"),
    Kind("firewall", "public address behind a firewall", "firewall", "firewall,filter=APD"),
    Kind("full-cone", "full cone", "full-cone", "map=EI,filter=EI", sets=True),
    Kind("rc", "address-restricted", "address-restricted", "map=EI,filter=AD", sets=True),
    Kind("p-rc", "nft masquerade, input hook drops", "masquerade-drop",
         "map=APD,filter=APD,ports=keep"),
    Kind("masquerade", "nft masquerade, nothing else", "masquerade",
         "map=APD,filter=APD,ports=keep,early"),
    Kind("double", "masquerade behind port-restricted", "double", "map=EI,filter=APD",
         sets=True),
    homes("cgnat", "masquerade behind one CGNAT, no hairpin", "map=EI,filter=APD"),
    homes("cgnat-hairpin", "masquerade behind one CGNAT that hairpins",
          "map=EI,filter=APD,hairpin"),
    user("pooled", "port-restricted, 4 addresses, paired", "map=EI,filter=APD,addresses=4:paired"),
    user("short", "port-restricted, mappings live 15 s", "map=EI,filter=APD,life=15"),
    user("sym-step", "symmetric, next port 1 further", "map=APD,filter=APD,ports=step:1"),
    user("sym-busy", "symmetric, 4 further, others take 20 ports a second",
         "map=APD,filter=APD,ports=step:4,others=20"),
    user("sym-block", "symmetric, random in a block of 512", "map=APD,filter=APD,ports=range:512"),
    Kind("sym", "symmetric, random", "symmetric", "map=APD,filter=APD,ports=random"),
    user("sym-pool", "symmetric, random, any of 4 addresses",
         "map=APD,filter=APD,addresses=4"),
]

BY_NAME = {kind.name: kind for kind in KINDS}

# Whoever is asked from outside sees one port of these (RFC 4787: endpoint-independent mapping).
EIM = {"p-rc", "masquerade", "double", "pooled", "short", "cgnat-hairpin"}


class Oracle:
    """What it takes between two kinds: relayed, plain, prediction, birthday or chance."""

    def __init__(self, simulator):
        self.simulator = simulator
        self.known = {}

    def way(self, a, b):
        if (a, b) not in self.known:
            words = [BY_NAME[a].words, BY_NAME[b].words]
            if a == b and BY_NAME[a].shared:
                words = words[:1]
            self.known[a, b] = subprocess.run(
                [self.simulator, "--oracle", *words], check=True, capture_output=True,
                text=True).stdout.strip()
        return self.known[a, b]
