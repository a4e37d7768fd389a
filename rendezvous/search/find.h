/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The search for relays that help an application (docs/protocol.md, section 17). What a relay knows
 * itself is the answer, if it is enough. Else a query goes out to three neighbours, and from each
 * of them that does not know enough to three others, four hops far at most; what is found comes
 * back the way that the query took. No relay passes the same query on twice, no link bears more
 * than one query in two seconds, and no client begins more than one search in that time. So a
 * search costs the subnet at most 3 + 9 + 27 + 81 messages, whoever asks.
 *
 *   client asks --- enough is known ---> answered
 *        |
 *        +--- WAITING, three neighbours asked --- enough was found, or 2 s are over ---> answered
 *
 * Neighbours may stay silent, lie, or tell things twice: a result counts only from a neighbour that
 * was asked, for as many relays as were wanted, and only of relays that are believed here, at the
 * latest when the client is answered.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/control.h"
#include "proto/wire/frame.h"
#include "proto/wire/verdict.h"
#include "rendezvous/search/find_relays.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FIND_ASKS_BURST = 5,        /* questions of a client at once, and one more each second */
    FIND_STRANGERS_PER_S = 100, /* questions of all strangers */
    FIND_STRANGERS_BURST = 200,
    FIND_FANOUT = 3,          /* neighbours that are asked */
    FIND_EVERY_S = 2,         /* between two searches of a client, and two queries on a link */
    FIND_LINK_BURST_OUT = 4,  /* queries to one neighbour at once */
    FIND_LINK_BURST_IN = 8,   /* and from one, which need not come as they were sent */
    FIND_WAIT_MS = 2000,      /* who asked is answered by then */
    FIND_REMEMBER_MS = 10000, /* a query is known again, and results find their way */
    FIND_ROWS_MAX = 1024,     /* queries that are remembered */
    FIND_SEARCHES_MAX = 64,   /* clients that wait */
    FIND_CLIENTS_MAX = 4096,  /* keys whose rate is remembered */
    FIND_NEIGHBOURS_MAX = 64,
};

/** What a search needs from around it; context is given to each. */
struct find_ports {
    void *context;
    /* Write up to `max` relays that are known here, this one before others, and match the query.
     * They borrow until the next `known` or `learn`. */
    size_t (*known)(void *context, const struct find_query *query, struct find_relay *out,
                    size_t max);
    /* A neighbour told of this relay. */
    void (*learn)(void *context, const uint8_t from[KEY_SIZE], const Ziglan__NodeEntry *entry);
    /* What is believed here of the relay of this key, and what its record says; out borrows until
     * the next `learn`. False: nothing. */
    bool (*believed)(void *context, const uint8_t key[KEY_SIZE], struct find_relay *out,
                     struct record_node *node);
    /* The keys of neighbours with an open session, at most FIND_NEIGHBOURS_MAX. */
    size_t (*neighbours)(void *context, uint8_t keys[FIND_NEIGHBOURS_MAX][KEY_SIZE]);
    /* Send to this neighbour, which may be gone. */
    void (*send)(void *context, const uint8_t to[KEY_SIZE], const Ziglan__Control *message,
                 struct mono now);
    /* Answer this client, which may be gone; the request id is in the message. */
    void (*answer)(void *context, uint64_t client, const Ziglan__Control *message);
};

/** Who asks, as its session knows it. */
struct find_asker {
    uint64_t client; /* given to `answer` */
    uint8_t key[KEY_SIZE];
    uint32_t request_id;
    bool may_search; /* false: it is told what is known here */
    bool member;     /* false: a stranger, which shares with all others */
};

/** Counters for metrics; remembered and waiting are gauges. */
struct find_stats {
    uint64_t asked, known_enough, searched, enough, too_late; /* clients' */
    uint64_t limit_asks, limit_client, limit_waiting;
    uint64_t queries, sent, duplicate, malformed, limit_link; /* relays' */
    uint64_t results, results_unwanted, relays_passed, relays_refused;
    uint32_t remembered, waiting;
};

struct find;

/** A search that knows no queries, of the relay with this key. ports is copied, env borrowed; what
 * both stand on outlives it. ERR_NOMEM leaves *out NULL. */
int find_new(struct find **out, const struct find_ports *ports, const uint8_t own_key[KEY_SIZE],
             const struct env *env, struct mono now) MUST_CHECK;

/** Free it; nobody who waits is answered. NULL is legal. */
void find_free(struct find *find);

/**
 * A client asks. VERDICT_OK: it was answered, or will be in FIND_WAIT_MS. BAD_REQUEST if it asks
 * for nothing; LIMIT if it asked too often, or if nothing is known here and it, or all together,
 * searched too much.
 */
enum verdict find_ask(struct find *find, const struct find_asker *asker, const Ziglan__Find *body,
                      struct mono now);

/** A neighbour passes a query on. What breaks a rule is counted and ignored. */
void find_on_find(struct find *find, const uint8_t from[KEY_SIZE], const Ziglan__Find *body,
                  struct mono now);

/** A neighbour tells what was found. What nobody asked it for is counted and ignored. */
void find_on_result(struct find *find, const uint8_t from[KEY_SIZE], const Ziglan__FindResult *body,
                    struct mono now);

/** Answer those who have waited long enough, and forget old queries; and when to call this next. */
void find_expire(struct find *find, struct mono now);
struct mono find_deadline(const struct find *find);

/** Borrowed for the life of `find`. */
const struct find_stats *find_stats(const struct find *find);
