/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where relays see the sockets of a guess: STUN requests, each repeated a few times from the socket
 * whose mapping it asks about, which stays the same. Part of guess.h.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "proto/wire/stun.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GUESS_SAMPLES_MAX = 4, /* at once: a relay answers an address ten times a second */
    GUESS_SAMPLE_TRIES = 3 /* at 0, 250 and 650 ms */
};

struct guess_sample {
    uint16_t socket; /* its own port */
    struct endpoint relay;
    uint8_t id[STUN_ID_SIZE];
    uint8_t tries;
    struct mono ask_at;
    struct endpoint mapped; /* none: no answer yet */
};

/** All zero: none. */
struct guess_samples {
    struct guess_sample list[GUESS_SAMPLES_MAX];
    size_t count;
};

/** Ask the relay about a socket at `at`. Of more than GUESS_SAMPLES_MAX nothing is asked. */
void guess_samples_add(struct guess_samples *samples, uint16_t socket, const struct endpoint *relay,
                       const uint8_t id[STUN_ID_SIZE], struct mono at);

/** The next one that is to be asked now, which counts as asked; NULL: none. */
const struct guess_sample *guess_samples_next(struct guess_samples *samples, struct mono now);

/** Note an answer. False if it answers none. */
bool guess_samples_on_answer(struct guess_samples *samples, uint16_t socket,
                             const struct endpoint *relay, const uint8_t id[STUN_ID_SIZE],
                             const struct endpoint *mapped);

/** How many were answered. */
size_t guess_samples_answered(const struct guess_samples *samples);

/** When the next one is to be asked; MONO_NEVER. */
struct mono guess_samples_deadline(const struct guess_samples *samples);
