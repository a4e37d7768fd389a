/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which relays keep the presence of a key (docs/protocol.md, section 17): rendezvous hashing, also
 * called highest random weight. Each relay computes the same few winners for a key, so nobody needs
 * to be asked for them.
 *
 * Seats are given to address prefixes, not to relays: of all relays of one IPv4 /24 or IPv6 /48
 * only the one that was known first has a seat. And a relay is trusted with this only when it has
 * been known for a day. So who wants to win the seats of a key needs many networks, and patience.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"
#include "rendezvous/presence/unreached.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HRW_WINNERS = 3,    /* who is asked first */
    HRW_KEEPERS = 4,    /* who is told: of five one is hostile, and of three all too often */
    HRW_RANKS_MAX = 12, /* among whom those are looked for that can be reached */
    HRW_TELL_MAX = 2 * HRW_KEEPERS, /* of two days */
    HRW_PREFIX_SIZE = 6,
    HRW_SEATS_MAX = 65536,
    HRW_KNOWN_MS = 24 * 3600 * 1000, /* a relay must be known for so long, if enough others are */
    /* Around midnight clocks disagree about the day, so a key is announced for both. Announcing
     * takes some minutes, therefore it begins earlier than it ends. */
    HRW_BEFORE_MIDNIGHT_MS = 15 * 60 * 1000,
    HRW_AFTER_MIDNIGHT_MS = 10 * 60 * 1000,
};

/** The first bytes of an address: 3 of IPv4, 6 of IPv6; zeros behind them. */
struct hrw_prefix {
    uint8_t bytes[HRW_PREFIX_SIZE];
    uint8_t size; /* 3 or 6 */
};

/** One relay of the table of nodes. */
struct hrw_relay {
    uint8_t key[KEY_SIZE];
    struct endpoint address; /* the first of its record */
    uint64_t known_since_ms; /* wall clock; since when the own relay knows it */
};

/** The table of nodes, as this room sees it: `next` writes the next relay to *out and returns true,
 * or returns false after the last one. */
struct hrw_source {
    void *context;
    bool (*next)(void *context, struct hrw_relay *out);
};

/** The weight of a seat for a key on a day. */
typedef uint64_t hrw_weight(uint64_t day, const struct hrw_prefix *prefix,
                            const uint8_t key[KEY_SIZE]);

struct hrw;

/** No seats yet. weight is hrw_score, or, in a simulation of ten thousand relays and a million
 * keys, something cheaper that is as even. env gives hash keys and is kept for them. ERR_NOMEM
 * leaves *out NULL. */
int hrw_new(struct hrw **out, hrw_weight *weight, const struct env *env) MUST_CHECK;
void hrw_free(struct hrw *hrw);

/** Give the seats anew to the relays of the source; of those beyond HRW_SEATS_MAX prefixes none
 * gets one. To be called when the table of nodes has changed (every few seconds are enough), and
 * once in a while for relays that become old enough. ERR_NOMEM: the seats are as before. */
int hrw_fill(struct hrw *hrw, const struct hrw_source *source, uint64_t wall_ms) MUST_CHECK;

/** The number of seats that count: those of relays known for HRW_KNOWN_MS, or all if these are
 * fewer than HRW_WINNERS. A look for winners computes so many hashes, of 0.2 us each. */
size_t hrw_seat_count(const struct hrw *hrw);

/** The prefix of an address. */
struct hrw_prefix hrw_prefix_of(const struct endpoint *address);

/** The day of a wall clock, since 1970 UTC. */
uint64_t hrw_day(uint64_t wall_ms);

/** The weight that relays agree on: BLAKE2b-64("stun2 hrw 1" || day(8) || prefix || key), as a
 * number. */
uint64_t hrw_score(uint64_t day, const struct hrw_prefix *prefix, const uint8_t key[KEY_SIZE]);

/** Write the keys of the relays with the highest scores for a key on this day, the highest first,
 * at most count_max (up to HRW_RANKS_MAX); returns how many there are. The own relay is among them
 * if the source told it. */
size_t hrw_winners(const struct hrw *hrw, uint64_t day, const uint8_t key[KEY_SIZE],
                   uint8_t (*winners)[KEY_SIZE], size_t count_max);

/** Write the keys of the relays to whom a key is to be announced at this time, each once; returns
 * how many there are. Of each day they are the HRW_KEEPERS first that can be reached, as far as is
 * known. */
size_t hrw_to_tell(const struct hrw *hrw, const struct unreached *unreached, uint64_t wall_ms,
                   struct mono now, const uint8_t key[KEY_SIZE],
                   uint8_t told[HRW_TELL_MAX][KEY_SIZE]);
