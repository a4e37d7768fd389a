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
    WAYS_IDLE_MS = 60000,    /* a learnt way that is not used is forgotten */
    WAYS_RELAYS_MAX = RELAYED_PASSED_MAX,
};

/** Relays in the order in which a frame passes them. */
struct way_relays {
    uint8_t keys[WAYS_RELAYS_MAX][KEY_SIZE];
    size_t count;
};

struct ways;

/** An empty table; env gives a hash key, during the call only. ERR_NOMEM leaves *out NULL. */
int ways_new(struct ways **out, const struct env *env) MUST_CHECK;

/** Free it. NULL is fine. */
void ways_free(struct ways *ways);

/** A frame from `far` reached the host `here` by these relays (passed as it stands in the frame,
 * entry relay first): what `here` sends to `far` goes back by them. Nothing is learnt while `here`
 * names the way itself, or without memory. */
void ways_learn(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE],
                const uint8_t *passed, size_t passed_count, struct mono now);

/** The host `here` names the relays between its own and that of `far`; with count 0 it leaves the
 * choice to us again. ERR_LIMIT beyond WAYS_PER_HOST_MAX or RELAYED_VIA_MAX, ERR_NOMEM. */
int ways_name(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE],
              const uint8_t (*via)[KEY_SIZE], size_t count, struct mono now) MUST_CHECK;

/** What is known of the way from `here` to `far`. */
enum ways_kind {
    WAYS_NONE,
    WAYS_LEARNT, /* the last relay is that of far */
    WAYS_NAMED,  /* behind the last relay comes that of far */
};

/** Look it up; *out is written unless there is none. */
enum ways_kind ways_find(struct ways *ways, const uint8_t here[KEY_SIZE],
                         const uint8_t far[KEY_SIZE], struct way_relays *out, struct mono now);

/** The way to `far` did not work: forget it if it was learnt. */
void ways_failed(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE]);

/** The host went away: forget its ways. */
void ways_gone(struct ways *ways, const uint8_t here[KEY_SIZE]);

/** Forget what was not used for long. To be called now and then. */
void ways_expire(struct ways *ways, struct mono now);

/** Ways in the table. */
size_t ways_count(const struct ways *ways);
