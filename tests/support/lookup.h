/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Look-ups (rendezvous/presence/locate.h) without the relays that are asked: a test sees the
 * questions, and answers them itself. All functions run inside a cmocka test.
 */
#pragma once

#include "rendezvous/presence/locate.h"
#include "tests/support/env.h"
#include "tests/support/identities.h"
#include "tests/support/parts.h"

enum { LOOKUP_HOUR_MS = 3600 * 1000 };

struct lookup {
    struct test_env ports;
    struct locate *locate;
    struct mono now;
    uint64_t wall_ms;
    struct identity host;
    uint8_t winners[LOCATE_RANKS_MAX][KEY_SIZE];
    size_t ranks;                            /* so many of them are there */
    uint8_t home[KEY_SIZE], other[KEY_SIZE]; /* relays that attachments name */
};

/** Nothing is asked or known yet; locate_free what is in it. */
void lookup_start(struct lookup *f);

/** `who` wants to know where this key is, or where the host is, and relays are named to ask. */
enum locate_answer lookup_want_key(struct lookup *f, const uint8_t *key, uint64_t who,
                                   struct located *found);
enum locate_answer lookup_want(struct lookup *f, uint64_t who);

/** The questions to these of the relays, and no more; returns their number. */
uint32_t lookup_questions_to(struct lookup *f, size_t first, size_t count);

/** The questions of a look-up that has just begun; returns their number. */
uint32_t lookup_questions(struct lookup *f);

/** A relay answers with this attachment, or that it knows none (NULL). */
void lookup_answer(struct lookup *f, size_t winner, uint32_t id, const struct part *part);

/** Those who are asked first all answer so. */
void lookup_answer_all(struct lookup *f, uint32_t id, const struct part *part);

/** The host's attachment to this relay, in force for an hour. */
struct part lookup_attached(struct lookup *f, const uint8_t *relay, uint64_t sequence);

/** The look-up is done; returns what was found. */
struct located lookup_done(struct lookup *f, uint64_t who);

/** No look-up is done, and nobody else is asked. */
void assert_lookup_not_done(struct lookup *f);

/** So long passes. */
void lookup_pass(struct lookup *f, uint64_t ms);

const struct locate_stats *lookup_stats(struct lookup *f);
