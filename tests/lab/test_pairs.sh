#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every kind of NAT with every other one, either side first, and with public hosts and firewalls:
# an answer comes within 3 s, and the pair becomes direct exactly where the oracle says that it can
# without guessing ports. tests/pairs/run does the same for more kinds, more often, and faster;
# with PAIRS_KINDS in the environment it is those kinds here.
. "$(dirname "$0")/check.sh"

lab_possible || { echo "skipped: this machine has no lab"; exit 77; }
export ZIGLAN_BIN
exec "$LAB_NET/../pairs/run" --runs 2 --state /dev/null --expect --ways plain,relayed \
    --kinds "${PAIRS_KINDS:-public,rc,p-rc,masquerade,cgnat-hairpin,sym}"
