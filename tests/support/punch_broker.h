/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A punch broker (rendezvous/punch/punch.h) with a clock, and nodes that are numbers. A failure
 * aborts.
 */
#pragma once

#include "rendezvous/punch/punch.h"
#include "tests/support/env.h"

struct broker {
    struct test_env ports;
    struct punch *punch;
    struct mono now;
};

/** The broker alone; punch_free(b->punch) ends it. */
void broker_init(struct broker *b);

/** Node number n: its key, token and address are made of the number. */
struct punch_side broker_side(uint16_t n);

/** One node asks for another; elsewhere: it is at another relay. */
enum verdict broker_ask_from(struct broker *b, uint16_t requester, uint16_t target, bool elsewhere);
enum verdict broker_ask(struct broker *b, uint16_t requester, uint16_t target);

enum verdict broker_answer(struct broker *b, uint64_t id, uint16_t target, bool accept);

/** The next output, which must be of that type, and for `to` about `peer`. */
struct punch_output broker_next(struct broker *b, enum punch_output_type type, uint16_t to,
                                uint16_t peer);

/** There must be none. */
void broker_is_quiet(struct broker *b);

void broker_later(struct broker *b, uint64_t ms);

/** Make a live punch of two nodes and take its outputs; returns its id. */
uint64_t broker_live(struct broker *b, uint16_t requester, uint16_t target);
