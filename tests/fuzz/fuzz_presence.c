/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as what a relay announces, and as what it answers to a look-up. A record that is read
 * is written as the same bytes. Nobody signed the bytes, so signatures are taken as right: what
 * comes behind them is to be reached, too.
 */
#include "proto/base/bytes.h"
#include "rendezvous/presence/locate.h"
#include "rendezvous/presence/presence_table.h"
#include "tests/support/env.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORDS_MAX = 100 };

static bool always_signed(const struct presence_record *record)
{
    (void)record;
    return true;
}

static void round_trip(const uint8_t *data, size_t size)
{
    struct presence_record record;
    uint8_t bytes[PRESENCE_SIGNED_SIZE_MAX];

    if (presence_record_read(&record, data, size) == ERR_OK) {
        CHECK(presence_record_write(&record, bytes) == size);
        CHECK(memcmp(bytes, data, size) == 0);
    }
}

/* The record comes from the relay that it names, or else nothing of it would be looked at. */
static void announce(struct presence_table *table, const uint8_t *data, size_t size,
                     uint64_t wall_ms)
{
    struct presence_teller teller = {.address = {.port = 1}};
    struct presence_record out[PRESENCE_PER_KEY_MAX], record;
    struct mono now = {NS_PER_S};

    if (presence_record_read(&record, data, size) != ERR_OK) {
        CHECK(presence_table_tell(table, &teller, data, size, wall_ms, now) != VERDICT_OK);
        return;
    }
    memcpy(teller.key, record.relay, KEY_SIZE);
    if (presence_table_tell(table, &teller, data, size, wall_ms, now) == VERDICT_OK) {
        CHECK(presence_table_find(table, record.key, wall_ms, now, out) > 0);
    }
}

static void answer(struct locate *locate, const uint8_t *data, size_t size, uint64_t wall_ms)
{
    uint8_t ranks[LOCATE_RANKS_MAX][KEY_SIZE] = {{1}, {2}, {3}, {4}, {5}};
    struct locate_record record = {.data = data, .size = size};
    struct locate_waiter waiter = {.who = 1};
    struct mono now = {NS_PER_S};
    struct locate_output out;
    uint8_t key[KEY_SIZE] = {0};

    memcpy(key, data + (size < 2 ? 0 : 2), size < 2 + KEY_SIZE ? 0 : KEY_SIZE);
    (void)locate_begin(locate, key, &waiter, ranks, 5, now);
    while (locate_output(locate, &out)) {
        if (out.type == LOCATE_OUTPUT_ASK) {
            (void)locate_on_answer(locate, out.to, out.request_id, &record, 1, wall_ms, now);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct test_env ports;
    struct presence_table *table;
    struct locate *locate;

    test_env_init(&ports, 1);
    CHECK(presence_table_new(&table, RECORDS_MAX, always_signed, &ports.env,
                             (struct mono){NS_PER_S}) == ERR_OK);
    CHECK(locate_new(&locate, always_signed, &ports.env) == ERR_OK);
    round_trip(data, size);
    announce(table, data, size, ports.wall_ms);
    answer(locate, data, size, ports.wall_ms);
    locate_free(locate);
    presence_table_free(table);
    return 0;
}
