/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STUN requests on their way: each is repeated a few times, each time with an id of its own, so
 * that round trips and losses are known. Values in caller memory; pure.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/net/dgram.h"
#include "proto/wire/stun.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUESTIONS_MAX = 72, QUESTION_TRIES_MAX = 3 };

/** What a question is for. */
enum question_about {
    QUESTION_MAPPING, /* a sample */
    QUESTION_SIZE,    /* does this size pass? */
    QUESTION_TIME,    /* the round trip, and losses */
};

struct question {
    enum question_about about;
    uint16_t socket; /* its own port */
    struct endpoint remote;
    uint16_t size; /* of the request */
    uint8_t tries, tries_max;
    uint8_t id[STUN_ID_SIZE]; /* the last byte is the number of the try */
    struct mono sent_at[QUESTION_TRIES_MAX];
    struct mono due;
    uint32_t order; /* of the first packet, among all questions; UINT32_MAX: it was lost */
    bool answered;
    uint8_t answers;        /* tries that were answered */
    uint64_t rtt_ns;        /* the shortest; of those answered */
    struct endpoint mapped; /* answered: where its packets come from */
};

struct questions {
    struct question list[QUESTIONS_MAX];
    size_t count;
    uint32_t orders; /* given out */
};

/** Ask from `socket` at the time `due`, with a random id. NULL if there are too many. */
struct question *questions_add(struct questions *questions, enum question_about about,
                               uint16_t socket, const struct endpoint *remote,
                               const uint8_t id[STUN_ID_SIZE], struct mono due);

/** A STUN message came to a socket from remote. The question that it answers, or NULL. */
struct question *questions_on_answer(struct questions *questions, uint16_t socket,
                                     const struct endpoint *remote,
                                     const struct stun_message *message, struct mono now);

/** Append what is due; and when that is. */
void questions_transmit(struct questions *questions, struct outbox *out, struct mono now);
struct mono questions_deadline(const struct questions *questions);

/** A request of this size passes: nothing smaller is asked any more. */
void questions_end_smaller(struct questions *questions, uint16_t size);

/** True if no answer is waited for any more. */
bool questions_over(const struct questions *questions, struct mono now);
