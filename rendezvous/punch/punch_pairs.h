/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pairs of keys that punch, for punch.c: each is found by its id and by the two keys, and has a
 * timer for how long it may wait. How many pairs a key is in is known, too.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/heap.h"
#include "proto/base/map.h"
#include "proto/base/slab.h"
#include "proto/wire/frame.h"
#include "proto/wire/record.h"
#include "rendezvous/punch/punch_side.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SIDE_REQUESTER = 0,
    SIDE_TARGET = 1,
};

enum pair_state {
    PAIR_STATE_OFFERED,
    PAIR_STATE_LIVE,
};

struct punch_pair {
    struct heap_entry timer;
    struct handle handle;
    enum pair_state state;
    uint64_t id;
    struct punch_side sides[2]; /* of the target only the key is known while OFFERED */
    uint32_t request_id;
    bool elsewhere; /* another relay asked for the requester */
    bool has_session;
    char app[RECORD_APP_SIZE];
    struct {
        bool direct, failed; /* both sides tell this, perhaps several times */
    } told[2];
};

struct punch_pairs {
    const struct env *env; /* borrowed */
    struct slab *slab;
    struct map *by_id;   /* punch id -> pair */
    struct map *by_pair; /* smaller key, larger key -> pair */
    struct map *by_key;  /* key -> number of pairs it takes part in */
    struct heap timers;
};

/** Room for so many pairs, in zeroed memory. env is borrowed and outlives them. ERR_NOMEM;
 * punch_pairs_fini then releases what was made. */
int punch_pairs_init(struct punch_pairs *pairs, uint32_t count_max,
                     const struct env *env) MUST_CHECK;
void punch_pairs_fini(struct punch_pairs *pairs);

/** An OFFERED pair of the two keys, with a random id, that waits until an instant; the caller fills
 * in the rest. The two are in no pair with each other yet. NULL: no room or memory. */
struct punch_pair *punch_pairs_add(struct punch_pairs *pairs, const uint8_t requester[KEY_SIZE],
                                   const uint8_t target[KEY_SIZE], struct mono until);

/** Forget a pair. */
void punch_pairs_remove(struct punch_pairs *pairs, struct punch_pair *pair);

/** The pair of the two, whoever asked; or with this id. NULL: there is none. */
struct punch_pair *punch_pairs_find(const struct punch_pairs *pairs, const uint8_t a[KEY_SIZE],
                                    const uint8_t b[KEY_SIZE]);
struct punch_pair *punch_pairs_of_id(const struct punch_pairs *pairs, uint64_t id);

/** In how many pairs the key is; and in how many pairs all are. */
uint64_t punch_pairs_use(const struct punch_pairs *pairs, const uint8_t key[KEY_SIZE]);
uint32_t punch_pairs_count(const struct punch_pairs *pairs);

/** Walk over all: start with HANDLE_NONE. NULL at the end. A pair may be removed meanwhile. */
struct punch_pair *punch_pairs_next(const struct punch_pairs *pairs, struct handle *cursor);

/** The live pair, of this key or (NULL) of anybody, that waits for the earliest instant: nothing
 * was heard of it for longest. NULL: none is live. */
struct punch_pair *punch_pairs_silent(const struct punch_pairs *pairs, const uint8_t *key);

/** True if the key is one of the two; and which side it is, if it is one. */
bool punch_pair_has(const struct punch_pair *pair, const uint8_t key[KEY_SIZE]);
size_t punch_pair_side(const struct punch_pair *pair, const uint8_t key[KEY_SIZE]);

/** Let a pair wait until an instant from now on. */
void punch_pair_wait(struct punch_pairs *pairs, struct punch_pair *pair, struct mono until);
