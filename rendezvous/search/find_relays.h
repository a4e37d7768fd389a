/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Relays that help an application, as a search finds them and as they travel in a FindResult
 * (docs/protocol.md, section 17), and what a search asks for.
 */
#pragma once

#include "proto/wire/control.h"
#include "proto/wire/frame.h"
#include "proto/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FIND_ATTESTATIONS_MAX = 3,
    FIND_RESULT_RELAYS = 12, /* of relays with attestations so many fit into one message */
};

/** What somebody looks for: relays that help one of these types of application, and are behind one
 * of these kinds of NAT, if any are named. */
struct find_query {
    char apps[RECORD_APPS_MAX][RECORD_APP_SIZE];
    size_t apps_count; /* 1 at least */
    uint8_t nat_kinds[FIND_NAT_KINDS_MAX];
    size_t nat_kinds_count;
    uint32_t count; /* of relays, 1 to FIND_COUNT_MAX */
};

/** One that was found. All pointers are borrowed. */
struct find_relay {
    const uint8_t *key;
    const uint8_t *record; /* signed */
    size_t record_size;
    const uint8_t *attestations[FIND_ATTESTATIONS_MAX]; /* signed */
    size_t attestation_sizes[FIND_ATTESTATIONS_MAX];
    size_t attestations_count;
    const char *app;    /* which of those asked for it helps */
    uint32_t pool_size; /* applications in its pool; 0: not known */
};

/** A FindResult with room for all it is made of. */
struct find_result {
    Ziglan__Control control; /* to be packed; the rest is what it points to */
    Ziglan__FindResult body;
    Ziglan__FoundRelay relays[FIND_COUNT_MAX];
    Ziglan__FoundRelay *relay_pointers[FIND_COUNT_MAX];
    Ziglan__NodeEntry nodes[FIND_COUNT_MAX];
    ProtobufCBinaryData attestations[FIND_COUNT_MAX][FIND_ATTESTATIONS_MAX];
};

/** Take the question of a Find. False, and out undefined: it asks for nothing. */
bool find_query_take(struct find_query *out, const Ziglan__Find *body);

/** Which of the query's types of application this relay helps; NULL if none, or if it is behind
 * another kind of NAT. Borrowed from the query. */
const char *find_query_match(const struct find_query *query, const struct record_node *node);

/** Let a query ask for this type of application alone; false if it is none of its own. */
bool find_query_narrow(struct find_query *query, const char *app);

/** Begin a FindResult without relays. */
void find_result_begin(struct find_result *result);

/** Add a relay, with its attestations or without; borrows what it borrows. False: it is full. */
bool find_result_add(struct find_result *result, const struct find_relay *relay, bool attested);
