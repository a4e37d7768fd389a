/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The queue of what the broker wants sent, in the order in which it came up. It grows up to a
 * bound; a full queue takes nothing more until something is taken out.
 */
#pragma once

#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"
#include "proto/wire/record.h"
#include "proto/wire/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum punch_output_type {
    PUNCH_OUTPUT_OFFER,   /* to the target: PunchRequest */
    PUNCH_OUTPUT_GO,      /* to both sides: PunchGo */
    PUNCH_OUTPUT_UPDATE,  /* to one side: PunchUpdate */
    PUNCH_OUTPUT_RESULT,  /* to one side: PunchResult of the other */
    PUNCH_OUTPUT_REFUSED, /* to the requester: Error with `verdict` for request_id */
};

/** One message to be sent. Fields that its type does not use are 0. */
struct punch_output {
    enum punch_output_type type;
    uint64_t punch_id;
    uint8_t to[KEY_SIZE];                    /* whose session it is for */
    uint8_t peer[KEY_SIZE];                  /* the other side */
    uint8_t token[PUNCH_TOKEN_SIZE];         /* OFFER, GO, UPDATE: the other side's token */
    uint32_t nat_kind;                       /* OFFER, GO, UPDATE: the other side's */
    bool has_session;                        /* OFFER */
    char app[RECORD_APP_SIZE];               /* OFFER: the pool; "": none */
    struct endpoint endpoint;                /* GO, UPDATE: where the relay sees the other side */
    uint8_t probe_key[PUNCH_PROBE_KEY_SIZE]; /* GO: the same for both */
    uint64_t fire_in_us;                     /* GO: when to fire, counted from its arrival */
    bool listen;                             /* GO: `to` listens (punch_side_listens) */
    bool direct;                             /* RESULT: the other side reached `to` directly */
    uint32_t request_id;                     /* REFUSED */
    bool elsewhere;                          /* REFUSED: `to` asked at another relay */
    enum verdict verdict;                    /* REFUSED: the same after a no and after silence */
};

/** A queue, empty if zeroed. */
struct punch_outputs {
    struct punch_output *ring;
    size_t first, count, capacity;
};

/** Append an output, zeroed; the caller fills it in at once. NULL if there are count_max outputs
 * already, or no memory. */
struct punch_output *punch_outputs_push(struct punch_outputs *outputs, size_t count_max);

/** Take the first output; false if there is none. */
bool punch_outputs_pop(struct punch_outputs *outputs, struct punch_output *out);

/** Free the queue; it is empty then and may be used again. */
void punch_outputs_fini(struct punch_outputs *outputs);
