/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The punches of an agent: whom it meets, by which relay, and how far that is (docs/protocol.md,
 * sections 13 and 17).
 *
 *   we ask:       WAITING --relay open, NAT known--> ASKED --PunchGo--> FIRING --proven--> OPEN
 *   we are asked: OFFERED --application: yes, or in a pool--> AGREED --PunchGo--> FIRING
 *   the way dies: OPEN --no answer--> LOST --a new PunchGo, or an answer after all--> OPEN
 *
 * A round of punch probes may also run while a punch is OPEN, when one side has moved. What fails
 * before it was ever OPEN is over, and told.
 */
#pragma once

#include "client/libstun2/app_base.h"
#include "client/path/allowance.h"
#include "client/stun2/punch_round.h"
#include "client/stun2/stun2.h"
#include "client/stun2/way.h"
#include "proto/crypto/punch_places.h"
#include "proto/crypto/punch_probe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PUNCH_TABLE_OFFERS_MAX = 16, /* that wait for the application at once; more get a no */
    PUNCH_TABLE_OFFER_MS = 10000,
    PUNCH_SENT_MAX = 32, /* punch probes on their way that are remembered: a whole round */
    PUNCH_ANSWERED_MAX = 32,
};

enum punch_step {
    PUNCH_STEP_WAITING,
    PUNCH_STEP_ASKED,
    PUNCH_STEP_OFFERED,
    PUNCH_STEP_AGREED,
    PUNCH_STEP_FIRING,
    PUNCH_STEP_OPEN,
    PUNCH_STEP_LOST,
};

/** A punch probe of ours whose answer may come. */
struct punch_sent {
    uint64_t transaction; /* 0: none */
    struct endpoint to;
};

/** What PunchGo told. */
struct punch_terms {
    bool known;
    uint64_t id; /* the relay's */
    uint8_t probe_key[PUNCH_PROBE_KEY_SIZE];
    enum punch_probe_side side; /* ours */
    struct endpoint observed;   /* where the relay sees the peer */
};

/** The address at which the peer answered last. */
struct punch_proven {
    struct endpoint remote;    /* none: nowhere yet */
    struct endpoint asks_from; /* the peer's own punch probes came from there last */
};

/** How the way is kept (punch_keep.h). */
struct punch_keeping {
    struct mono since;    /* the peer answers where it is now */
    struct mono heard_at; /* it answered there last */
    struct mono check_at; /* the next look, if that is before its keepalive */
    uint32_t misses;      /* punch probes since an answer */
    bool asked;           /* the relay, whether it is this side that moved */
    struct mono asked_at;
    bool held;               /* this side moved: nothing but a round goes to the peer */
    struct mono rests_until; /* after a round in vain */
    bool talks;              /* the application's datagrams came since the last look at a silence */
    struct mono data_at, quiet_at; /* the last one, that look */
    struct way way;                /* to the peer */
    bool renew; /* the relay is to introduce the two anew, for it has another session */
};

/** The punch probes of late. */
struct punch_memory {
    struct punch_sent sent[PUNCH_SENT_MAX];
    size_t sent_next;
    uint64_t answered[PUNCH_ANSWERED_MAX]; /* transactions of the peer */
    size_t answered_next;
};

struct app_punch {
    uint64_t number; /* the application's; 0: unused */
    enum punch_step step;
    uint64_t relay;            /* number of its session */
    char app[RECORD_APP_SIZE]; /* the pool; "": none */
    bool key_known;            /* not of who is picked from a pool, until PunchGo */
    uint8_t key[KEY_SIZE];
    uint8_t peer_kind;      /* of its NAT */
    bool was_open;          /* the application has been told of a way */
    uint32_t request_id;    /* ASKED */
    struct mono wait_until; /* ASKED, OFFERED, AGREED; while LOST: for the same; NEVER */
    struct punch_terms terms;
    struct punch_places places; /* of the peer, as it told itself; count 0: none */
    uint64_t offer_id;          /* OFFERED: the relay's number */
    bool firing;                /* a round runs */
    struct punch_round round;
    struct punch_retry retry; /* while LOST */
    struct punch_proven proven;
    struct punch_keeping keeping;
    struct punch_memory memory;
    struct allowance allowance; /* for addresses that never answered */
};

struct punch_table {
    struct app_base *base;
    struct app_punch list[STUN2_PUNCHES_MAX];
    uint64_t number_last;
    struct allowance_total allowance;
};

/** No punches. base is borrowed. */
void punch_table_init(struct punch_table *table, struct app_base *base, struct mono now);

/** An unused one, made WAITING. NULL: there are STUN2_PUNCHES_MAX. */
struct app_punch *punch_table_add(struct punch_table *table, uint64_t relay, struct mono now);

/** By the application's number, by the peer's key, by what punch probes name. NULL: none. */
struct app_punch *punch_table_find(struct punch_table *table, uint64_t number);
struct app_punch *punch_table_of_key(struct punch_table *table, const uint8_t key[KEY_SIZE]);
struct app_punch *punch_table_of_id(struct punch_table *table, uint64_t punch_id);

/** The open punch whose peer is at this address, or NULL. */
const struct app_punch *punch_table_of_address(const struct punch_table *table,
                                               const struct endpoint *address);

/** Forget it, with its key for punch probes. */
void punch_table_end(struct app_punch *punch);

/** Tell the application that it came to nothing, and forget it. text may be NULL. */
void punch_table_fail(struct punch_table *table, struct app_punch *punch, int code,
                      const char *text);

/** An event about this punch, with what is known of it. */
struct stun2_event *punch_table_event(struct punch_table *table, const struct app_punch *punch,
                                      enum stun2_event_type type);

/** How many wait for the application's answer. */
size_t punch_table_offers(const struct punch_table *table);
