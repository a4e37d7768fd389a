/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How large packets may be after the QUIC library found the size of the path: whether large ones
 * still arrive, and what to do if not (RFC 8899, section 4.3; RFC 9000, section 14.3). The library
 * only ever raises its size; this takes it back.
 *
 * A packet above the base size that is lost makes a suspect. A trial of that size follows; when
 * three in a row were lost, each sent after the loss before it was known, and none came through,
 * the path is a black hole for them: the limit falls to the base, and trials look for the largest
 * size that still passes. Larger ones are tried again later, once somebody wants to send them.
 *
 * Sizes are those of UDP payloads. Pure: no clock, no allocation.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PATH_SIZE_BASE = 1200, /* every path of QUIC takes it */
    PATH_SIZE_LOSSES = 3,  /* in a row: it does not pass */
    PATH_SIZE_VERIFY_MS = 100,
    PATH_SIZE_RETRY_MS = 10,
    PATH_SIZE_RAISE_MS = 60000,
};

/** Zeroed is a path of which nothing is suspected. */
struct path_size {
    size_t limit;          /* ours, 0: none */
    size_t suspect;        /* smallest size that was lost, 0: none */
    unsigned losses;       /* of such, in a row */
    size_t trial;          /* size to try, 0: none */
    uint64_t trial_id;     /* of the trial under way, 0: none */
    unsigned trial_losses; /* while searching */
    struct mono due;       /* of the next trial */
    struct mono raise_at;  /* with a limit: no larger one is tried before */
    uint64_t sequence;     /* of the last large packet */
    uint64_t counted;      /* packets up to this number count no more */
    uint64_t received;     /* genuine packets of the peer when the last loss counted */
};

/** The path is another one: what was sent on the old one says nothing. */
void path_size_reset(struct path_size *p);

/** The size to keep to, if the library found `found`. */
size_t path_size_cap(const struct path_size *p, size_t found);

/** The name of a packet about to be sent, for the two below; 0 up to the base size, of which
 * nothing is kept. size below 65536. */
uint64_t path_size_id(struct path_size *p, size_t size);

/** The packet was acknowledged. found: what the library found. */
void path_size_on_ack(struct path_size *p, uint64_t id, size_t found, struct mono now);

/** The packet is thought lost. received: how many genuine packets of the peer were ever read; only
 * if they grew since the last loss does this one count, for else all may have been lost. */
void path_size_on_loss(struct path_size *p, uint64_t id, uint64_t received, struct mono now);

/** Something larger than the limit was to be sent: search again, if it is time to. */
void path_size_want(struct path_size *p, size_t found, struct mono now);

/** The size of a trial that is due now, 0: none. */
size_t path_size_trial(const struct path_size *p, struct mono now);

/** The due trial was sent under this id, or could not be (0): it is due again soon. */
void path_size_trial_sent(struct path_size *p, uint64_t id, struct mono now);

/** When path_size_trial has one. */
struct mono path_size_deadline(const struct path_size *p);
