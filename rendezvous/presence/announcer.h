/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What this relay announces to others: the attachments of the hosts that are here, and the
 * delegations of the ziglans whose entry point it is (docs/protocol.md, section 17). Each record is
 * told to the keepers of its key at once when it is new, and again every ANNOUNCE_EVERY_MS: so new
 * keepers learn it, and one that was restarted. If one could not be reached, others are told; and
 * if this relay knows far more relays, or far fewer, than when it told a record, it tells it anew.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/frame.h"
#include "rendezvous/presence/hrw.h"
#include "rendezvous/presence/presence_record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ANNOUNCE_EVERY_MS = 10 * 60 * 1000,
    ANNOUNCE_RETRY_MS = 30 * 1000, /* if a keeper could not be told */
    ANNOUNCE_SEATS_SHARE = 4,      /* a change by more than this part of the seats */
    ANNOUNCE_PER_S = 50,           /* keys, each of which is told to up to HRW_TELL_MAX relays */
    ANNOUNCE_BURST = 100,
};

/** One record and whom to tell it. */
struct announcement {
    struct presence_record record;
    uint8_t keepers[HRW_TELL_MAX][KEY_SIZE]; /* without this relay itself */
    size_t count;
};

struct announcer;

/** Nothing to announce. own_key is the relay's, by which it knows itself among the winners; copied.
 * At most count_max keys. env is borrowed and outlives it. ERR_NOMEM leaves *out NULL. */
int announcer_new(struct announcer **out, const uint8_t own_key[KEY_SIZE], uint32_t count_max,
                  const struct env *env, struct mono now) MUST_CHECK;
void announcer_free(struct announcer *announcer);

/** Announce this record, which was judged and verified, in place of the one of its key; a known one
 * or one with a smaller sequence changes nothing. ERR_LIMIT, ERR_NOMEM: nothing changed. */
int announcer_put(struct announcer *announcer, const struct presence_record *record,
                  struct mono now) MUST_CHECK;

/** The record of a key; NULL if there is none. Borrowed until the next call that is not const. */
const struct presence_record *announcer_find(const struct announcer *announcer,
                                             const uint8_t key[KEY_SIZE]);

/** The key is not here any more: its record is announced no longer. */
void announcer_remove(struct announcer *announcer, const uint8_t key[KEY_SIZE]);

/** Take the next announcement that is due; false if none is, or if enough keys were told for now.
 * A record that is over is forgotten. The keepers are those of hrw at this time (hrw_to_tell). */
bool announcer_next(struct announcer *announcer, const struct hrw *hrw,
                    const struct unreached *unreached, uint64_t wall_ms, struct mono now,
                    struct announcement *out);

/** This relay could not be reached: announce at once again what it should have been told. To be
 * called once `unreached` knows it. */
void announcer_unreached(struct announcer *announcer, const uint8_t relay[KEY_SIZE],
                         struct mono now);

/** So many seats count now (hrw_seat_count): announce at once again what was told when they were so
 * many fewer or more that its keepers are likely to be others (ANNOUNCE_SEATS_SHARE). */
void announcer_on_seats(struct announcer *announcer, size_t count, struct mono now);

/** Announce the record of a key now; nothing happens if there is none. */
void announcer_again(struct announcer *announcer, const uint8_t key[KEY_SIZE], struct mono now);

/** The key was not told to all, or is not to be told yet: try again in ANNOUNCE_RETRY_MS. */
void announcer_retry(struct announcer *announcer, const uint8_t key[KEY_SIZE], struct mono now);

/** When to call announcer_next again; MONO_NEVER if there is nothing to announce. */
struct mono announcer_deadline(const struct announcer *announcer);

/** Keys that are announced. */
uint32_t announcer_count(const struct announcer *announcer);
