/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An end of a lane as who binds it has it (docs/protocol.md, section 18), a host or a relay at its
 * neighbour: what the relay said of it, and the binds by which that learns from where frames come.
 * Pure; a value in caller memory.
 *
 *   bind -> challenge -> bind with its cookie -> bound
 *   bound, and a challenge comes: our mapping moved -> bind with its cookie -> bound
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/crypto/lane_frame.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    /* To the first repetition, if the relay answers sooner; each next one takes twice as long. */
    LANE_BIND_MS = 100,
    LANE_BIND_MS_MAX = 1000, /* to the first one, where two round trips take longer */
    LANE_BINDS_KNOWN = 4,    /* of which an answer may still come */
    LANE_BINDS_MAX = 6,      /* without an answer: no bare UDP gets there, or nothing comes back */
};

struct lane {
    uint64_t label; /* never 0 */
    uint8_t secret[LANE_SECRET_SIZE];
    uint8_t cookie[LANE_COOKIE_SIZE]; /* for the next bind; zeros: none */
    uint64_t nonce;                   /* of the last bind; 0: none yet */
    struct {                          /* the last binds of this time that it is bound */
        uint64_t nonce;
        struct mono at;
    } sent[LANE_BINDS_KNOWN];
    uint32_t wait_ms;    /* to the first repetition */
    bool bound;          /* the relay said so once */
    uint8_t tries;       /* binds since the last answer */
    struct mono bind_at; /* when the next one goes; NEVER: none is needed */
};

/** The relay opened it: it is to be bound at once. */
void lane_init(struct lane *lane, uint64_t label, const uint8_t secret[LANE_SECRET_SIZE],
               struct mono now);

/** The network changed: bind again, without a cookie. */
void lane_rebind(struct lane *lane, struct mono now);

/**
 * If a bind is due, write it and return true. owner is a number of the caller's for this lane; the
 * answers bring it back in the lower half of the nonce (lane_owner). Nonces grow with the time, so
 * also those of a lane that was forgotten and is opened again.
 */
bool lane_bind_due(struct lane *lane, uint32_t owner, uint8_t out[LANE_BIND_SIZE], struct mono now);

/** True if the relay let so many binds go unanswered. */
bool lane_failed(const struct lane *lane, struct mono now);

/** The number of whose lane an answer speaks. */
uint32_t lane_owner(const struct lane_message *answer);

/** A challenge came: if it is for one of the last binds, or for a frame after them, the next bind
 * is due at once, with its cookie. True if so. */
bool lane_on_challenge(struct lane *lane, const struct lane_message *m, struct mono now);

/** A bound came; data of LANE_BOUND_SIZE bytes, decoded as m. True if it answers one of the last
 * binds and the relay made it. */
bool lane_on_bound(struct lane *lane, const struct lane_message *m, const uint8_t *data);
