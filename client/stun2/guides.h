/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Guides are relays with which this host has a session only to ask them where an entry point is
 * (seeking.h): the relays that the URL of the ziglan names, and some of the subnet that other
 * relays told once and that are stored. They are dialled when an entry point is not heard for a
 * while and no relay that the host uses knows it, and let go when all are heard.
 */
#pragma once

#include "client/stun2/relay_set.h"
#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GUIDES_MAX = 8,                   /* stored */
    GUIDES_PER_RELAY = 4,             /* of them one relay tells */
    GUIDES_AT_ONCE = 2,               /* sessions */
    GUIDES_AFTER_MS = 3000,           /* at once, if the entry point has no address; */
    GUIDES_AFTER_MS_MOVES = 1000,     /* so soon, if it is expected to move */
    GUIDES_AFTER_MS_ANSWERED = 20000, /* what relays with a session know may be old */
    GUIDES_TURN_MS = 10000,           /* then another one has its turn, if there is one; */
    GUIDES_TURNS_FAST = 24,           /* after so many of them a turn lasts longer */
    GUIDES_TURN_MS_SLOW = 300000,
    GUIDES_FRESH_MS = 24 * 3600 * 1000, /* nobody is asked for more, if there are GUIDES_MAX */
    GUIDES_REQUEST_ID = 5,              /* of the question for some relays */
    GUIDES_ASKED_MAX = 8,               /* answers that are waited for; the oldest makes room */
};

/** One that other relays told. */
struct guide {
    uint8_t key[KEY_SIZE];
    struct endpoint address;
};

/** A session to one. */
struct guide_session {
    uint64_t number; /* of the session; 0: there is none */
    struct mono until;
};

struct guides {
    struct relay_set *relays;
    struct store *store;
    const struct env *env;
    struct guide list[GUIDES_MAX];
    size_t count;
    size_t next; /* where the next one that is told goes, once there are GUIDES_MAX */
    struct mono fresh_until;
    uint64_t asked[GUIDES_ASKED_MAX]; /* numbers of sessions; 0: unused */
    size_t asked_next;
    struct guide_session sessions[GUIDES_AT_ONCE];
    uint32_t turns; /* since all entry points were heard */
};

/** Load what is stored. Everything is borrowed. ERR_SYSTEM. */
int guides_init(struct guides *guides, struct relay_set *relays, struct store *store,
                const struct env *env) MUST_CHECK;

/** A session opened. One that is used is asked for some relays, if more are wanted. */
void guides_on_open(struct guides *guides, struct relay_session *relay, struct mono now);

/** A relay answers with this request id: of the records of others that it tells, those that are
 * signed and live are remembered. */
void guides_on_nodes(struct guides *guides, const struct relay_session *from, uint32_t request_id,
                     const Ziglan__Nodes *nodes, struct mono now);

/** Dial guides, and let them go, as it is due; and when that is. */
void guides_expire(struct guides *guides, struct mono now);
struct mono guides_deadline(const struct guides *guides);

/** True if there is a relay that could be asked for this one. */
bool guides_any(const struct guides *guides, const struct relay_session *sought);
