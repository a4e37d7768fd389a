/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Look-ups of keys at other relays (docs/protocol.md, section 17). One goes this way:
 *
 *   ASKING --- the three winners of the key are asked, all at once; then the next ones, for each
 * that |       cannot be asked or knows nothing, and three more each 400 ms without a valid answer
 *      |
 *      +--- the first valid answer: whoever waits is told at once
 *      v
 *   FOUND  --- 400 ms more; or all answered; or 2 s are over since the beginning
 *      |
 *      +--- whoever waits is told again if a newer record was found, or that there is none
 *      v
 *    DONE
 *
 * What a relay answers is believed if it is signed by the key, in force and about it; all else is
 * counted and changes nothing, so a relay can only be silent, or be the first with something old.
 * Equal look-ups are one, and what was found, or that nothing was, is remembered for a while.
 *
 * A caller asks locate_want first. It answers at once, or lets the caller wait for a look-up that
 * is on its way, or demands relays (rendezvous/presence/hrw.h) for locate_begin.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/frame.h"
#include "rendezvous/presence/hrw.h"
#include "rendezvous/presence/located.h"
#include "rendezvous/presence/presence_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LOCATE_COUNT_MAX = 256,  /* look-ups at once */
    LOCATE_WAITERS_MAX = 16, /* who wait for one */
    /* Then who did not answer is silent. From the other side of the world a session and an answer
     * take three round trips of 300 ms, and a lost packet one more. */
    LOCATE_ASK_MS = 2000,
    LOCATE_MORE_MS = 400,      /* after the first valid answer others may tell a newer one */
    LOCATE_STEP_MS = 400,      /* so long without a valid answer, others are asked besides, */
    LOCATE_RANKS_MAX = 9,      /* so many in all */
    LOCATE_PRESENT_MS = 60000, /* so long an answer is remembered, */
    LOCATE_ABSENT_MS = 5000,   /* that there is none, */
    LOCATE_SILENT_MS = 1000,   /* and that nobody answered */
};

/** Set in the request id of each question, so that an answer to another service is not taken for
 * one to a look-up. */
#define LOCATE_ID_FLAG (UINT32_C(1) << 31)

/** Who waits, in the words of the caller. */
struct locate_waiter {
    uint64_t who;
    uint32_t request_id;
};

enum locate_answer {
    LOCATE_KNOWN,    /* `located` is written; it may be empty */
    LOCATE_WAITS,    /* a DONE for the waiter will follow, and perhaps another one */
    LOCATE_ASK_WHOM, /* call locate_begin with relays */
    LOCATE_BUSY,     /* too many look-ups, or too many wait for this one */
};

enum locate_output_type {
    LOCATE_OUTPUT_ASK,  /* send Locate{key} with request_id to the relay `to` */
    LOCATE_OUTPUT_DONE, /* answer the waiter */
};

struct locate_output {
    enum locate_output_type type;
    uint8_t key[KEY_SIZE];
    uint8_t to[KEY_SIZE];        /* ASK */
    uint32_t request_id;         /* ASK; LOCATE_ID_FLAG is set */
    struct locate_waiter waiter; /* DONE */
    struct located located;      /* DONE */
};

/** Counters for metrics; running is a gauge. */
struct locate_stats {
    uint64_t started, joined, cached, busy;
    uint64_t found, absent, silent; /* how look-ups ended */
    uint64_t answers_good, answers_empty, answers_wrong, answers_late, answers_failed;
    uint32_t running;
};

struct locate;

/** No look-ups. check judges signatures (presence_record_signed, or a simulator's); env is kept.
 * ERR_NOMEM leaves *out NULL. */
int locate_new(struct locate **out, presence_check *check, const struct env *env) MUST_CHECK;
void locate_free(struct locate *locate);

/** Somebody wants to know where a key is. located is written for LOCATE_KNOWN only. */
enum locate_answer locate_want(struct locate *locate, const uint8_t key[KEY_SIZE],
                               const struct locate_waiter *waiter, uint64_t wall_ms,
                               struct mono now, struct located *located);

/** Begin the look-up for which locate_want demanded relays: count (at most LOCATE_RANKS_MAX), in
 * the order in which they are asked, none of them the own one. Without any it is done at once.
 * LOCATE_WAITS, or LOCATE_BUSY. */
enum locate_answer locate_begin(struct locate *locate, const uint8_t key[KEY_SIZE],
                                const struct locate_waiter *waiter, uint8_t (*ranks)[KEY_SIZE],
                                size_t count, struct mono now);

/** A signed record in an answer. */
struct locate_record {
    const uint8_t *data;
    size_t size;
};

/** The relay `from` answered a question with these records (any content, perhaps none). False if
 * that answers nothing that it was asked, which is counted and ignored. */
bool locate_on_answer(struct locate *locate, const uint8_t from[KEY_SIZE], uint32_t request_id,
                      const struct locate_record *records, size_t count, uint64_t wall_ms,
                      struct mono now);

/** True while the relay owes an answer to this question. */
bool locate_owes(const struct locate *locate, const uint8_t relay[KEY_SIZE], uint32_t request_id);

/** The relay could not be asked, or answered by an Error. */
void locate_on_failed(struct locate *locate, const uint8_t from[KEY_SIZE], uint32_t request_id,
                      struct mono now);

/** There is no session with this relay any more, or none could be made: it answers nothing. */
void locate_on_gone(struct locate *locate, const uint8_t relay[KEY_SIZE], struct mono now);

/** The key is not at this relay, as the relay itself says: for LOCATE_ABSENT_MS what named it is no
 * answer any more. If nothing else is known, the next who wants the key begins a new look-up, which
 * may find a newer record. */
void locate_forget(struct locate *locate, const uint8_t key[KEY_SIZE],
                   const uint8_t relay[KEY_SIZE], struct mono now);

/** Look-ups whose time is over are done. */
void locate_expire(struct locate *locate, uint64_t wall_ms, struct mono now);

/** When to call locate_expire next; MONO_NEVER if no look-up waits. Outputs have no deadline: take
 * them after every call. */
struct mono locate_deadline(const struct locate *locate);

/** Take the next thing to do; false if there is none. */
bool locate_output(struct locate *locate, struct locate_output *out);

/** Borrowed for the life of `locate`. */
const struct locate_stats *locate_stats(const struct locate *locate);
