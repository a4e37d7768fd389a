/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a host knows of the place of a relay that may move: which relay it is, and the addresses and
 * the kind of NAT in its newest node record (docs/protocol.md, section 17). It is stored under the
 * key of the URL that led to the relay, so that the next start looks there, and believes no older
 * record.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"
#include "proto/wire/record.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RELAY_PLACES_MAX = LOCATED_MAX, /* entry relays of one ziglan */
};

struct relay_place {
    uint8_t key[KEY_SIZE]; /* the relay's own */
    uint64_t sequence;     /* of the record; 0: none came yet */
    uint8_t nat_kind;      /* that it tells (enum record_node_nat) */
    struct endpoint addresses[RECORD_ADDRESSES_MAX];
    size_t addresses_count;
    uint64_t teller; /* number of the session whose relay told a record last; not stored */
};

/** Where one session's relay is, and how it is sought (seeking.h). */
struct relay_sought {
    struct relay_place places[RELAY_PLACES_MAX];
    size_t places_count;
    bool begun;                       /* what is stored was read */
    bool wanted;                      /* the relay is not heard; the next ones count only then */
    struct mono since;                /* it is not */
    struct mono ask_at;               /* when others are asked (again) */
    uint32_t sign_ms;                 /* while it is heard: it shows life so often; 0: any time */
    uint32_t asked;                   /* how many were, in this round */
    uint32_t refused;                 /* and how many of them do not know it */
    size_t newest;                    /* of the places, which is stored */
    struct mono store_at, store_from; /* when it is to be, NEVER: it is; and not before */
    uint32_t unknown_to; /* so many were asked last, and none knew it; 0: or it is not known yet */
};

/** Write the place of the relay to which the URL with this key leads; only one is kept. ERR_SYSTEM.
 */
int relay_place_put(struct store *store, const uint8_t url_key[KEY_SIZE],
                    const struct relay_place *place) MUST_CHECK;

/** Read it. *found is false if there is none. ERR_SYSTEM. */
int relay_place_get(struct store *store, const uint8_t url_key[KEY_SIZE], struct relay_place *out,
                    bool *found) MUST_CHECK;

/** Forget it. ERR_SYSTEM. */
int relay_place_remove(struct store *store, const uint8_t url_key[KEY_SIZE]) MUST_CHECK;
