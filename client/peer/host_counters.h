/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a host counts, for status and tests. All only grow. */
#pragma once

#include "client/tunnel/tunnel.h"

#include <stdint.h>

/* tidy-ok: struct-fields one flat list of counters */
struct host_counters {
    uint64_t frames_in, frames_out, frames_dropped;
    uint64_t packets_in, packets_out;                 /* TUN side */
    uint64_t bytes_sent, bytes_direct, bytes_relayed; /* of packets to and from peers, by way */
    uint64_t packets_dropped[TUNNEL_DROP_COUNT];      /* by enum tunnel_drop */
    uint64_t packets_marked;                          /* ECN, instead of a drop by age */
    uint64_t initiations_refused, cookies_sent, not_member, blocked, stale_timestamp;
    uint64_t queue_dropped;
    uint64_t unknown_index, plaintext_dropped, foreign_dropped, fragments_in, fragments_out;
    uint64_t lan_said, lan_heard, lan_dropped; /* notices on the LAN */
    uint64_t handshakes, conversations_displaced, direct_established, direct_lost;
    uint64_t silences_lost; /* the first packet after a silence got lost, and the path was good
                               again soon: a NAT may have forgotten it */
};
