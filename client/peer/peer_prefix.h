/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For a shell that tells the kernel the addresses of each peer, the key-derived one and the one in
 * the pool: what changed among the peers since it asked last. A shell that asks costs memory of two
 * addresses for each place of the peer table.
 */
#pragma once

#include "client/peer/peer.h"

struct host_prefix {
    uint8_t v6[16];
    uint8_t v4[4];
    bool wanted; /* a peer has it; else it has none any more */
};

/** Which prefix the shell was told for a place of the peer table. */
struct told_prefix {
    bool told;
    uint8_t v6[16];
    uint8_t v4[4];
};

/** All zero: nothing was told. */
struct told_prefixes {
    struct told_prefix *list; /* by place */
    size_t count, capacity;
    size_t at; /* no place before it has anything to tell */
};

/** Free the list. Zeros are fine. */
void told_prefixes_fini(struct told_prefixes *told);

/** Poll one change; false if there is none (or no memory to remember it). */
bool peer_prefix_next(struct told_prefixes *told, struct peer_table *peers,
                      struct host_prefix *out);

/** Poll the prefixes of all peers, whatever was told, from place *at on, which moves on; false at
 * the end, which sets it back to 0. */
bool peer_prefix_at(const struct peer_table *peers, size_t *at, struct host_prefix *out);

/** The shell lost the prefixes that it was told: all are told again. */
void peer_prefixes_again(struct told_prefixes *told, const struct peer_table *peers);
