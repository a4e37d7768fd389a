/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What other relays announced to this one: at which relays keys are (docs/protocol.md, section 17).
 * A relay may only announce records that name itself, so nobody can replay somebody else's, and all
 * that it tells is charged to the key and the address prefix that it proved. Of two records about
 * one key at one relay the larger sequence wins. Nothing is stored here but signed records; what is
 * forged, replayed, of the future or over changes nothing and is counted.
 *
 * Records take PRESENCE_BYTES_PER_RECORD bytes each, and nothing before they come. When the table
 * is full, a relay whose prefix has most makes room, so that a flood displaces itself.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"
#include "proto/wire/verdict.h"
#include "rendezvous/presence/presence_record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PRESENCE_COUNT_MAX = 1000000,    /* records of a relay, if its owner says no other number */
    PRESENCE_PER_RELAY_MAX = 20000,  /* twice the sessions of a relay by default */
    PRESENCE_PER_PREFIX_MAX = 80000, /* four such relays */
    PRESENCE_RELAYS_MAX = 65536,
    PRESENCE_TELLS_PER_S = 100, /* of one prefix */
    PRESENCE_TELLS_BURST = 2000,
    PRESENCE_TELLERS_MAX = 16384, /* prefixes whose rate is remembered */
    PRESENCE_CHECKS_PER_S = 1000, /* signatures in all, some 35 us each */
    PRESENCE_CHECKS_BURST = 10000,
    PRESENCE_CHANGE_EVERY_S = 5, /* changes of one key at one relay */
    PRESENCE_CHANGE_BURST = 4,
    PRESENCE_DELEGATION_KEEP_S = 3600, /* an entry relay that announces no more is forgotten */
    PRESENCE_BYTES_PER_RECORD = 152,
};

/** Verifies the signature of a record: presence_record_signed, or, in a simulation of a million
 * records, something cheaper. */
typedef bool presence_check(const struct presence_record *record);

/** Counters for metrics; records and relays are gauges. */
struct presence_stats {
    uint64_t added, renewed, repeated;                           /* what was taken */
    uint64_t malformed, forged, future, over, replayed, foreign; /* what was not */
    uint64_t limit_rate, limit_checks, limit_key, limit_relay, limit_prefix, limit_all;
    uint64_t displaced, expired, absent;
    uint32_t records, relays;
};

/** Who announces, as the session proved it. */
struct presence_teller {
    uint8_t key[KEY_SIZE];
    struct endpoint address;
};

struct presence_table;

/** An empty table for at most count_max records. env is borrowed, for hash keys during the call
 * only; check judges signatures. ERR_NOMEM leaves *out NULL. */
int presence_table_new(struct presence_table **out, uint32_t count_max, presence_check *check,
                       const struct env *env, struct mono now) MUST_CHECK;
void presence_table_free(struct presence_table *table);

/**
 * A relay announces a signed record (size bytes of any content). VERDICT_OK if the table has it
 * now; else nothing changed: BAD_REQUEST (malformed, forged, over, or not about the teller), CLOCK
 * (of the future), REFUSED (replayed: a newer one is known), LIMIT, UNAVAILABLE (no memory).
 */
enum verdict presence_table_tell(struct presence_table *table, const struct presence_teller *teller,
                                 const uint8_t *data, size_t size, uint64_t wall_ms,
                                 struct mono now);

/** Write what is known of a key and in force, the largest sequence first; returns how many there
 * are. */
size_t presence_table_find(const struct presence_table *table, const uint8_t key[KEY_SIZE],
                           uint64_t wall_ms, struct mono now,
                           struct presence_record out[PRESENCE_PER_KEY_MAX]);

/** The relay itself says that the key is not there: its record is forgotten, until it is announced
 * again. */
void presence_table_absent(struct presence_table *table, const uint8_t key[KEY_SIZE],
                           const uint8_t relay[KEY_SIZE]);

/** Forget a part of what is over. To be called each second; all of a table has its turn in about a
 * minute. */
void presence_table_expire(struct presence_table *table, struct mono now);

/** Bytes that the table holds for records, to be compared with their number. For tests and the
 * simulator. Later: the status of a relay. */
size_t presence_table_bytes(const struct presence_table *table);

/** Borrowed for the table's life. */
const struct presence_stats *presence_table_stats(const struct presence_table *table);
