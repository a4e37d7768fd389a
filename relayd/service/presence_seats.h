/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which relays keep the presence of a key, as this relay knows relays: seats for those that the
 * mesh believes (rendezvous/presence/hrw.h), given anew when relays come and go, and which of them
 * could not be reached lately.
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "rendezvous/mesh/mesh.h"
#include "rendezvous/presence/hrw.h"
#include "rendezvous/presence/locate.h"
#include "rendezvous/presence/unreached.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Hashes to find winners, one for each seat: 0.2 us each, so this is less than a tenth of a
     * core. Of 300 relays it allows 1,000 look-ups a second, of 10,000 still 30. */
    PRESENCE_SCORES_PER_S = 300000,
    PRESENCE_SCORES_BURST = 3000000,
    PRESENCE_SEATS_MS_MIN = 2000,  /* between two times that seats are given, */
    PRESENCE_SEATS_MS_MAX = 60000, /* if no relay came or went */
};

struct presence_seats {
    const struct env *env;   /* borrowed */
    const uint8_t *own_key;  /* borrowed */
    const struct mesh *mesh; /* borrowed; NULL: nobody is known */
    struct hrw *hrw;
    struct unreached *unreached;
    struct bucket scores;
    struct mono given_at;
    uint64_t changes; /* mesh_changes then */
};

/** No seats yet; mesh is set when there is one. env and own_key are kept. ERR_NOMEM;
 * presence_seats_fini is legal then. */
int presence_seats_init(struct presence_seats *seats, const struct env *env,
                        const uint8_t own_key[KEY_SIZE], struct mono now) MUST_CHECK;
void presence_seats_fini(struct presence_seats *seats);

/** Give the seats anew if relays came or went, but not all the time; and now and then, because
 * relays become old enough. */
void presence_seats_keep(struct presence_seats *seats, struct mono now);

/** When to call presence_seats_keep again because relays came or went; MONO_NEVER if none did. */
struct mono presence_seats_deadline(const struct presence_seats *seats);

/** The relays to ask for a key today, in this order and without this relay; *count becomes their
 * number. Those that could not be reached lately stand last. False if that is too much work for
 * now; with `half` if half of what may be done at once is done already. */
bool presence_seats_ranks(struct presence_seats *seats, const uint8_t key[KEY_SIZE],
                          uint8_t ranks[LOCATE_RANKS_MAX][KEY_SIZE], size_t *count, bool half,
                          struct mono now);

/** A session with this relay is open, or it could not be reached. */
void presence_seats_on_reached(struct presence_seats *seats, const uint8_t relay[KEY_SIZE]);
void presence_seats_on_unreached(struct presence_seats *seats, const uint8_t relay[KEY_SIZE],
                                 struct mono now);
