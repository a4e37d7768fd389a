/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which relays a frame passes from a host here to a host elsewhere. A reply takes the way on which
 * the latest frame of the other host came, and a host may name the relays itself. What is in
 * neither of these, presence knows (rendezvous/presence). Pure.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/relayed.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WAYS_MAX = 65536,        /* in all; the one not used for longest makes room */
    WAYS_PER_HOST_MAX = 256, /* of one host here */
    WAYS_NAMED_MAX = 32768,  /* that hosts named, which nothing pushes out */
    WAYS_IDLE_MS = 60000,    /* a learnt way that is not used is forgotten */
    WAYS_DIRECT_MS = 3000,
    WAYS_RELAYS_MAX = RELAYED_PASSED_MAX,
    WAYS_PUNCHES_MAX = 64, /* of one host, that are told of its moves */
};

/** Relays in the order in which a frame passes them. */
struct way_relays {
    uint8_t keys[WAYS_RELAYS_MAX][KEY_SIZE];
    size_t count;
    bool named; /* the host wants these relays and no others */
};

/** A punch that `here` asked for, of which far's relay is the broker; it is forgotten with the way.
 */
struct way_punch {
    uint8_t far[KEY_SIZE];
    uint8_t token[PUNCH_TOKEN_SIZE]; /* of here, as its kind of NAT */
    uint8_t nat_kind;
    uint64_t id;       /* 0: far did not agree yet */
    struct mono until; /* then nothing is to be told of it any more */
};

struct ways;

/** An empty table; env gives a hash key, during the call only. ERR_NOMEM leaves *out NULL. */
int ways_new(struct ways **out, const struct env *env) MUST_CHECK;

/** Free it. NULL is fine. */
void ways_free(struct ways *ways);

/**
 * A frame from `far` reached the host `here` by these relays (passed as it stands in the frame,
 * entry relay first): what `here` sends to `far` goes back by them. Without memory nothing is
 * learnt.
 *
 * A way by far's relay alone stays for WAYS_DIRECT_MS against longer ones: its own session vouches
 * for it, while the relays in the middle of another are only what a neighbour says.
 */
void ways_learn(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE],
                const uint8_t *passed, size_t passed_count, struct mono now);

/** Presence says at which relay `far` is. */
void ways_found(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE],
                const uint8_t relay_key[KEY_SIZE], struct mono now);

/** The host `here` names the relays between its own and that of `far`; with count 0 it leaves the
 * choice to us again. What it named stays, whatever is learnt.
 * ERR_LIMIT beyond WAYS_PER_HOST_MAX, WAYS_NAMED_MAX or RELAYED_VIA_MAX, ERR_NOMEM. */
int ways_name(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE],
              const uint8_t (*via)[KEY_SIZE], size_t count, struct mono now) MUST_CHECK;

/** The way from `here` to `far`: the last relay is that of far. What the host named counts, and
 * else the latest that was learnt. False, with out untouched, while far's relay is not known. */
bool ways_find(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE],
               struct way_relays *out, struct mono now);

/** The way to `far` did not work: forget where far's relay is. */
void ways_failed(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE]);

/** `here` asked for a punch with punch->far, or its relay said more about that. Nothing is
 * remembered without a way. */
void ways_punch_put(struct ways *ways, const uint8_t here[KEY_SIZE], const struct way_punch *punch);

/** The punch that `here` asked for with `far`. False, with *out untouched, if it did not, or if
 * that is over. */
bool ways_punch_find(const struct ways *ways, const uint8_t here[KEY_SIZE],
                     const uint8_t far[KEY_SIZE], struct way_punch *out, struct mono now);

/** The newest WAYS_PUNCHES_MAX punches at most that `here` asked for; returns how many. */
size_t ways_punches(const struct ways *ways, const uint8_t here[KEY_SIZE],
                    struct way_punch out[WAYS_PUNCHES_MAX], struct mono now);

/** The host went away: forget its ways. */
void ways_gone(struct ways *ways, const uint8_t here[KEY_SIZE]);

/** Forget what was not used for long. To be called now and then. */
void ways_expire(struct ways *ways, struct mono now);

/** Ways in the table. */
size_t ways_count(const struct ways *ways);
