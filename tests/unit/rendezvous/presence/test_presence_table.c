/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What relays announce: only what they may, only once, and never more than their share. */
#include "rendezvous/presence/presence_table.h"

#include "tests/support/endpoints.h"
#include "tests/support/env.h"
#include "tests/support/identities.h"
#include "tests/support/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_MS (3600 * 1000)
#define MINUTE_MS UINT64_C(60000)

struct fixture {
    struct test_env ports;
    struct presence_table *table;
    struct mono now;
    uint64_t wall_ms;
    struct identity host;
    struct presence_teller relay;
};

static bool always_signed(const struct presence_record *record)
{
    (void)record;
    return true;
}

static struct presence_teller teller_of(uint32_t n, uint32_t net)
{
    const uint8_t ip[4] = {11, (uint8_t)(net >> 8), (uint8_t)net, (uint8_t)n};
    struct presence_teller teller = {.address = endpoint_v4(ip, 4433)};

    memset(teller.key, 0x44, KEY_SIZE);
    memcpy(teller.key, &n, sizeof(n));
    return teller;
}

static void start(struct fixture *f, uint32_t count_max, presence_check *check)
{
    test_env_init(&f->ports, 3);
    f->now = (struct mono){100 * NS_PER_S};
    f->wall_ms = TEST_WALL_MS;
    f->host = fixture_identity('h');
    f->relay = teller_of(1, 1);
    assert_int_equal(presence_table_new(&f->table, count_max, check, &f->ports.env, f->now),
                     ERR_OK);
}

static void pass(struct fixture *f, uint64_t ms)
{
    f->now = mono_add_ms(f->now, ms);
    f->wall_ms += ms;
}

static enum verdict tell_part(struct fixture *f, const struct presence_teller *teller,
                              const struct part *part)
{
    return presence_table_tell(f->table, teller, part->bytes, part->size, f->wall_ms, f->now);
}

static enum verdict tell(struct fixture *f, const struct presence_teller *teller, uint64_t sequence)
{
    struct part part = attachment_of(f->wall_ms, &f->host, teller->key, sequence, HOUR_MS);

    return tell_part(f, teller, &part);
}

/* An attachment of a key without an identity, for tables that take any signature. */
static enum verdict tell_key(struct fixture *f, const struct presence_teller *teller, uint32_t key,
                             uint64_t sequence)
{
    struct presence_record record = {.sequence = sequence,
                                     .created_ms = f->wall_ms,
                                     .expires_ms = f->wall_ms + HOUR_MS,
                                     .lifetime_s = HOUR_MS / 1000};
    uint8_t bytes[PRESENCE_SIGNED_SIZE_MAX];

    memcpy(record.key, &key, sizeof(key));
    memcpy(record.relay, teller->key, KEY_SIZE);
    size_t size = presence_record_write(&record, bytes);
    return presence_table_tell(f->table, teller, bytes, size, f->wall_ms, f->now);
}

static size_t find(struct fixture *f, struct presence_record out[PRESENCE_PER_KEY_MAX])
{
    return presence_table_find(f->table, f->host.public_key, f->wall_ms, f->now, out);
}

static size_t find_key(struct fixture *f, uint32_t key)
{
    struct presence_record out[PRESENCE_PER_KEY_MAX];
    uint8_t bytes[KEY_SIZE] = {0};

    memcpy(bytes, &key, sizeof(key));
    return presence_table_find(f->table, bytes, f->wall_ms, f->now, out);
}

static const struct presence_stats *stats(struct fixture *f)
{
    return presence_table_stats(f->table);
}

/* ---- records ---- */

static void what_was_announced_is_found_as_the_bytes_it_came_in(void **state)
{
    struct presence_record out[PRESENCE_PER_KEY_MAX];
    uint8_t bytes[PRESENCE_SIGNED_SIZE_MAX];
    struct fixture f;

    (void)state;
    start(&f, 100, presence_record_signed);
    struct part part = attachment_of(f.wall_ms, &f.host, f.relay.key, 5, HOUR_MS);
    assert_int_equal(find(&f, out), 0);
    assert_int_equal(tell_part(&f, &f.relay, &part), VERDICT_OK);
    assert_int_equal(find(&f, out), 1);
    assert_int_equal(presence_record_write(&out[0], bytes), part.size);
    assert_memory_equal(bytes, part.bytes, part.size);
    assert_memory_equal(out[0].relay, f.relay.key, KEY_SIZE);
    presence_table_free(f.table);
    presence_table_free(NULL);
}

static void a_ziglans_entry_relay_is_found_by_the_ziglans_key(void **state)
{
    struct presence_record out[PRESENCE_PER_KEY_MAX];
    uint8_t bytes[PRESENCE_SIGNED_SIZE_MAX];
    struct identity ziglan = fixture_identity('z'), entry = fixture_identity('e');
    struct fixture f;

    (void)state;
    start(&f, 100, presence_record_signed);
    struct part part =
        delegation_of(f.wall_ms, &ziglan, &entry, RECORD_RIGHT_ADMIT_FLAG, f.wall_ms + DAY_MS);
    struct part powerless = delegation_of(f.wall_ms, &ziglan, &entry, 0, f.wall_ms + DAY_MS);
    memcpy(f.relay.key, entry.public_key, KEY_SIZE);
    assert_int_equal(tell_part(&f, &f.relay, &powerless), VERDICT_BAD_REQUEST);
    assert_int_equal(tell_part(&f, &f.relay, &part), VERDICT_OK);
    assert_int_equal(presence_table_find(f.table, ziglan.public_key, f.wall_ms, f.now, out), 1);
    assert_int_equal(presence_record_write(&out[0], bytes), part.size);
    assert_memory_equal(bytes, part.bytes, part.size);
    presence_table_free(f.table);
}

static void an_entry_relay_that_announces_no_more_is_forgotten(void **state)
{
    struct presence_record out[PRESENCE_PER_KEY_MAX];
    struct identity ziglan = fixture_identity('z'), entry = fixture_identity('e');
    struct fixture f;

    (void)state;
    start(&f, 100, presence_record_signed);
    struct part part =
        delegation_of(f.wall_ms, &ziglan, &entry, RECORD_RIGHT_ADMIT_FLAG, f.wall_ms + DAY_MS);
    memcpy(f.relay.key, entry.public_key, KEY_SIZE);
    assert_int_equal(tell_part(&f, &f.relay, &part), VERDICT_OK);
    for (int i = 0; i < 12; i++) { /* two hours of announcements */
        pass(&f, 10 * MINUTE_MS);
        assert_int_equal(tell_part(&f, &f.relay, &part), VERDICT_OK);
    }
    assert_int_equal(presence_table_find(f.table, ziglan.public_key, f.wall_ms, f.now, out), 1);
    pass(&f, 60 * MINUTE_MS);
    assert_int_equal(presence_table_find(f.table, ziglan.public_key, f.wall_ms, f.now, out), 0);
    presence_table_free(f.table);
}

static void the_larger_sequence_wins_and_replays_are_refused(void **state)
{
    struct presence_record out[PRESENCE_PER_KEY_MAX];
    struct fixture f;

    (void)state;
    start(&f, 100, presence_record_signed);
    struct part old = attachment_of(f.wall_ms, &f.host, f.relay.key, 5, HOUR_MS);
    struct part new = attachment_of(f.wall_ms, &f.host, f.relay.key, 6, HOUR_MS);
    struct part twin = attachment_of(f.wall_ms, &f.host, f.relay.key, 6, HOUR_MS / 2);
    assert_int_equal(tell_part(&f, &f.relay, &old), VERDICT_OK);
    assert_int_equal(tell_part(&f, &f.relay, &new), VERDICT_OK);
    assert_int_equal(tell_part(&f, &f.relay, &old), VERDICT_REFUSED);
    assert_int_equal(tell_part(&f, &f.relay, &twin), VERDICT_REFUSED);
    assert_int_equal(tell_part(&f, &f.relay, &new), VERDICT_OK); /* announced again */
    assert_int_equal(find(&f, out), 1);
    assert_int_equal(out[0].sequence, 6);
    assert_int_equal(stats(&f)->replayed, 2);
    assert_int_equal(stats(&f)->added, 1);
    assert_int_equal(stats(&f)->renewed, 1);
    assert_int_equal(stats(&f)->repeated, 1);
    presence_table_free(f.table);
}

static void a_host_with_two_relays_is_found_at_both_the_newest_first(void **state)
{
    struct presence_record out[PRESENCE_PER_KEY_MAX];
    struct presence_teller relays[6];
    struct fixture f;

    (void)state;
    start(&f, 100, presence_record_signed);
    for (uint32_t i = 0; i < 6; i++) {
        relays[i] = teller_of(i, i);
    }
    assert_int_equal(tell(&f, &relays[0], 20), VERDICT_OK);
    assert_int_equal(tell(&f, &relays[1], 10), VERDICT_OK);
    assert_int_equal(find(&f, out), 2);
    assert_memory_equal(out[0].relay, relays[0].key, KEY_SIZE);
    assert_memory_equal(out[1].relay, relays[1].key, KEY_SIZE);
    assert_int_equal(tell(&f, &relays[2], 30), VERDICT_OK);
    assert_int_equal(tell(&f, &relays[3], 40), VERDICT_OK);
    assert_int_equal(tell(&f, &relays[4], 5), VERDICT_REFUSED); /* older than all four */
    assert_int_equal(tell(&f, &relays[5], 50), VERDICT_OK);     /* in place of the oldest */
    assert_int_equal(find(&f, out), 4);
    assert_int_equal(out[0].sequence, 50);
    assert_int_equal(out[3].sequence, 20);
    assert_int_equal(stats(&f)->records, 4);
    presence_table_free(f.table);
}

static void
a_relay_that_says_that_a_host_is_not_there_is_believed_until_it_announces_it(void **state)
{
    struct presence_record out[PRESENCE_PER_KEY_MAX];
    struct presence_teller other = teller_of(2, 2);
    struct fixture f;

    (void)state;
    start(&f, 100, presence_record_signed);
    struct part part = attachment_of(f.wall_ms, &f.host, f.relay.key, 5, HOUR_MS);
    assert_int_equal(tell_part(&f, &f.relay, &part), VERDICT_OK);
    presence_table_absent(f.table, f.host.public_key, other.key); /* it is not about that one */
    assert_int_equal(tell(&f, &other, 4), VERDICT_OK);
    assert_int_equal(find(&f, out), 2);
    presence_table_absent(f.table, f.host.public_key, f.relay.key);
    assert_int_equal(find(&f, out), 1);
    assert_memory_equal(out[0].relay, other.key, KEY_SIZE);
    assert_int_equal(tell_part(&f, &f.relay, &part), VERDICT_OK);
    assert_int_equal(find(&f, out), 2);
    presence_table_free(f.table);
}

/* ---- what is not taken ---- */

static void forged_records_change_nothing(void **state)
{
    struct presence_record out[PRESENCE_PER_KEY_MAX];
    struct fixture f;

    (void)state;
    start(&f, 100, presence_record_signed);
    struct part part = attachment_of(f.wall_ms, &f.host, f.relay.key, 5, HOUR_MS);
    for (size_t i = 0; i < part.size; i++) {
        struct part bad = part;
        bad.bytes[i] ^= 1;
        assert_int_not_equal(tell_part(&f, &f.relay, &bad), VERDICT_OK);
        bad = part;
        bad.size = i;
        assert_int_not_equal(tell_part(&f, &f.relay, &bad), VERDICT_OK);
    }
    assert_int_equal(stats(&f)->records, 0);
    assert_true(stats(&f)->forged > SIGNATURE_SIZE);
    assert_int_equal(find(&f, out), 0);
    /* A forged one does not take the place of a good one, and does not use up its changes. */
    assert_int_equal(tell_part(&f, &f.relay, &part), VERDICT_OK);
    struct part bad = attachment_of(f.wall_ms, &f.host, f.relay.key, 6, HOUR_MS);
    bad.bytes[bad.size - 1] ^= 1;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(tell_part(&f, &f.relay, &bad), VERDICT_BAD_REQUEST);
    }
    assert_int_equal(find(&f, out), 1);
    assert_int_equal(out[0].sequence, 5);
    assert_int_equal(tell(&f, &f.relay, 7), VERDICT_OK);
    presence_table_free(f.table);
}

static void a_relay_cannot_announce_what_names_another(void **state)
{
    struct presence_teller thief = teller_of(2, 2);
    struct fixture f;

    (void)state;
    start(&f, 100, presence_record_signed);
    struct part part = attachment_of(f.wall_ms, &f.host, f.relay.key, 5, HOUR_MS);
    assert_int_equal(tell_part(&f, &thief, &part), VERDICT_BAD_REQUEST);
    assert_int_equal(stats(&f)->foreign, 1);
    assert_int_equal(stats(&f)->records, 0);
    presence_table_free(f.table);
}

static void records_of_the_future_the_past_and_for_long_are_refused(void **state)
{
    static const struct {
        int64_t created_ms; /* from now */
        uint32_t lifetime_ms;
        enum verdict verdict;
    } rows[] = {
        {0, HOUR_MS, VERDICT_OK},
        {0, HOUR_MS + 1000, VERDICT_BAD_REQUEST},
        {10 * 60 * 1000, HOUR_MS, VERDICT_OK}, /* clocks differ */
        {10 * 60 * 1000 + 1, HOUR_MS, VERDICT_CLOCK},
        {-HOUR_MS + 1000, HOUR_MS, VERDICT_OK},
        {-HOUR_MS, HOUR_MS, VERDICT_BAD_REQUEST},
        {-2 * HOUR_MS, HOUR_MS, VERDICT_BAD_REQUEST},
        {INT64_C(1) << 50, HOUR_MS, VERDICT_CLOCK},
    };
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        start(&f, 100, presence_record_signed);
        struct part part = attachment_of(f.wall_ms + (uint64_t)rows[i].created_ms, &f.host,
                                         f.relay.key, 5, rows[i].lifetime_ms);
        assert_int_equal(tell_part(&f, &f.relay, &part), rows[i].verdict);
        assert_int_equal(stats(&f)->records, rows[i].verdict == VERDICT_OK ? 1 : 0);
        presence_table_free(f.table);
    }
}

static void what_is_over_is_told_no_more_and_forgotten_soon(void **state)
{
    struct presence_record out[PRESENCE_PER_KEY_MAX];
    struct fixture f;

    (void)state;
    start(&f, 1000, always_signed);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(tell_key(&f, &f.relay, i, 1), VERDICT_OK);
    }
    pass(&f, HOUR_MS - 1000);
    assert_int_equal(find_key(&f, 7), 1);
    pass(&f, 1000);
    assert_int_equal(find_key(&f, 7), 0);
    assert_int_equal(find(&f, out), 0);
    assert_int_equal(stats(&f)->records, 1000);
    pass(&f, 11 * MINUTE_MS);
    for (int i = 0; i < 80; i++) {
        presence_table_expire(f.table, f.now);
    }
    assert_int_equal(stats(&f)->records, 0);
    assert_int_equal(stats(&f)->relays, 0);
    assert_int_equal(stats(&f)->expired, 1000);
    presence_table_free(f.table);
}

static void a_wall_clock_that_is_wrong_for_a_minute_costs_no_record(void **state)
{
    struct presence_record out[PRESENCE_PER_KEY_MAX];
    struct fixture f;

    (void)state;
    start(&f, 100, presence_record_signed);
    assert_int_equal(tell(&f, &f.relay, 5), VERDICT_OK);
    f.wall_ms += 365 * DAY_MS;
    assert_int_equal(find(&f, out), 0);
    for (int i = 0; i < 100; i++) {
        presence_table_expire(f.table, f.now);
    }
    f.wall_ms -= 365 * DAY_MS;
    assert_int_equal(find(&f, out), 1);
    presence_table_free(f.table);
}

/* ---- bounds ---- */

static void a_key_changes_four_times_at_once_and_then_once_in_five_seconds(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, 100, presence_record_signed);
    for (uint64_t i = 0; i < PRESENCE_CHANGE_BURST; i++) {
        assert_int_equal(tell(&f, &f.relay, 10 + i), VERDICT_OK);
    }
    assert_int_equal(tell(&f, &f.relay, 20), VERDICT_LIMIT);
    assert_int_equal(stats(&f)->limit_key, 1);
    pass(&f, 5000);
    assert_int_equal(tell(&f, &f.relay, 20), VERDICT_OK);
    assert_int_equal(tell(&f, &f.relay, 21), VERDICT_LIMIT);
    presence_table_free(f.table);
}

static void a_flood_from_one_network_is_refused_and_others_are_heard(void **state)
{
    struct fixture f;
    uint32_t taken = 0;

    (void)state;
    start(&f, 100000, always_signed);
    for (uint32_t i = 0; i < 10000; i++) { /* of 200 relays of one /24 */
        struct presence_teller flooder = teller_of(1000 + i % 200, 9);
        taken += tell_key(&f, &flooder, i, 1) == VERDICT_OK ? 1 : 0;
    }
    assert_int_equal(taken, PRESENCE_TELLS_BURST);
    assert_int_equal(stats(&f)->limit_rate, 10000 - PRESENCE_TELLS_BURST);
    assert_int_equal(tell_key(&f, &f.relay, 77777, 1), VERDICT_OK);
    pass(&f, 1000);
    taken = 0;
    for (uint32_t i = 10000; i < 11000; i++) {
        struct presence_teller flooder = teller_of(1000 + i % 200, 9);
        taken += tell_key(&f, &flooder, i, 1) == VERDICT_OK ? 1 : 0;
    }
    assert_int_equal(taken, PRESENCE_TELLS_PER_S);
    presence_table_free(f.table);
}

static void signatures_are_checked_at_a_bounded_rate(void **state)
{
    struct fixture f;
    uint32_t taken = 0;

    (void)state;
    start(&f, 100000, always_signed);
    for (uint32_t i = 0; i < 20000; i++) { /* each relay in a network of its own */
        struct presence_teller teller = teller_of(i, i);
        taken += tell_key(&f, &teller, i, 1) == VERDICT_OK ? 1 : 0;
    }
    assert_int_equal(taken, PRESENCE_CHECKS_BURST);
    assert_int_equal(stats(&f)->limit_checks, 10000);
    presence_table_free(f.table);
}

static void a_relay_and_a_network_have_a_largest_share(void **state)
{
    enum { RELAYS = 5 };
    struct fixture f;
    uint32_t key = 0;

    (void)state;
    start(&f, 200000, always_signed);
    for (uint32_t r = 0; r < RELAYS; r++) {
        struct presence_teller teller = teller_of(r, 3);
        uint32_t taken = 0;
        for (uint32_t i = 0; i < PRESENCE_PER_RELAY_MAX + 10; i++) {
            pass(&f, 20);
            taken += tell_key(&f, &teller, key++, 1) == VERDICT_OK ? 1 : 0;
        }
        assert_int_equal(taken, r < 4 ? PRESENCE_PER_RELAY_MAX : 0);
    }
    assert_int_equal(stats(&f)->limit_relay, 40);
    assert_int_equal(stats(&f)->limit_prefix, PRESENCE_PER_RELAY_MAX + 10);
    assert_int_equal(stats(&f)->records, PRESENCE_PER_PREFIX_MAX);
    presence_table_free(f.table);
}

/* Floods of many networks fill the table; who has few records loses none. */
static void in_a_full_table_the_largest_shares_make_room(void **state)
{
    enum { CAP = 5000, FLOODERS = 20, SMALL = 300 };
    struct fixture f;

    (void)state;
    start(&f, CAP, always_signed);
    for (uint32_t i = 0; i < SMALL; i++) { /* one record of each of 300 networks */
        struct presence_teller small = teller_of(1000 + i, 1000 + i);
        assert_int_equal(tell_key(&f, &small, 1000000 + i, 1), VERDICT_OK);
    }
    for (uint32_t i = 0; i < 20000; i++) {
        struct presence_teller flooder = teller_of(i % FLOODERS, i % FLOODERS);
        pass(&f, 1);
        (void)tell_key(&f, &flooder, i, 1);
    }
    assert_int_equal(stats(&f)->records, CAP);
    assert_true(stats(&f)->limit_all > 0);
    for (uint32_t i = 0; i < SMALL; i++) {
        assert_int_equal(find_key(&f, 1000000 + i), 1);
    }
    for (uint32_t i = 0; i < SMALL; i++) { /* and newcomers find room */
        struct presence_teller small = teller_of(2000 + i, 2000 + i);
        pass(&f, 10);
        assert_int_equal(tell_key(&f, &small, 2000000 + i, 1), VERDICT_OK);
    }
    assert_true(stats(&f)->displaced >= SMALL);
    for (uint32_t i = 0; i < SMALL; i++) {
        assert_int_equal(find_key(&f, 1000000 + i), 1);
        assert_int_equal(find_key(&f, 2000000 + i), 1);
    }
    presence_table_free(f.table);
}

static void a_relay_that_moves_takes_its_share_along(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, 100, always_signed);
    assert_int_equal(tell_key(&f, &f.relay, 1, 1), VERDICT_OK);
    struct presence_teller moved = teller_of(1, 200);
    assert_int_equal(tell_key(&f, &moved, 2, 1), VERDICT_OK);
    assert_int_equal(stats(&f)->relays, 1);
    pass(&f, 2 * HOUR_MS);
    for (int i = 0; i < 100; i++) {
        presence_table_expire(f.table, f.now);
    }
    assert_int_equal(stats(&f)->relays, 0);
    presence_table_free(f.table);
}

static void a_record_takes_so_many_bytes(void **state)
{
    struct fixture f;
    size_t empty, full;

    (void)state;
    start(&f, 100000, always_signed);
    empty = presence_table_bytes(f.table);
    for (uint32_t i = 0; i < 64000; i++) {
        struct presence_teller teller = teller_of(i % 50, i % 50);
        pass(&f, 1);
        assert_int_equal(tell_key(&f, &teller, i, 1), VERDICT_OK);
    }
    full = presence_table_bytes(f.table);
    assert_in_range((full - empty) / 64000, 144, PRESENCE_BYTES_PER_RECORD);
    presence_table_free(f.table);
}

/* Random announcements, compared with a table of all that should be known. */
static void a_table_is_as_a_naive_twin(void **state)
{
    enum { KEYS = 40, RELAYS = 8 };
    struct fixture f;
    uint64_t twin[KEYS][RELAYS] = {{0}};
    struct presence_record out[PRESENCE_PER_KEY_MAX];

    (void)state;
    start(&f, 1000, always_signed);
    for (uint32_t step = 0; step < 20000; step++) {
        uint32_t key = rng_below(&f.ports.rng, KEYS), relay = rng_below(&f.ports.rng, RELAYS);
        uint64_t sequence = rng_below(&f.ports.rng, 1000) + 1;
        struct presence_teller teller = teller_of(relay, relay);
        uint64_t *cell = &twin[key][relay];
        size_t known = 0;
        uint32_t oldest = RELAYS;

        pass(&f, 0);
        f.now = mono_add_ms(f.now, 30000); /* without the wall clock: nothing is over */
        for (uint32_t r = 0; r < RELAYS; r++) {
            known += twin[key][r] != 0 ? 1 : 0;
            if (twin[key][r] != 0 && (oldest == RELAYS || twin[key][r] < twin[key][oldest])) {
                oldest = r;
            }
        }
        bool want = *cell != 0 ? sequence >= *cell : known < 4 || sequence > twin[key][oldest];
        assert_int_equal(tell_key(&f, &teller, key, sequence) == VERDICT_OK, want);
        if (want) {
            if (*cell == 0 && known == 4) {
                twin[key][oldest] = 0;
            }
            *cell = sequence;
        }
        if (step % 100 == 0) { /* what is over by the monotonic clock is out of the question here */
            uint8_t bytes[KEY_SIZE] = {0};
            memcpy(bytes, &key, sizeof(key));
            size_t count = presence_table_find(f.table, bytes, f.wall_ms, (struct mono){0}, out);
            size_t in_twin = 0;
            for (uint32_t r = 0; r < RELAYS; r++) {
                in_twin += twin[key][r] != 0 ? 1 : 0;
            }
            assert_int_equal(count, in_twin);
            for (size_t i = 1; i < count; i++) {
                assert_true(out[i - 1].sequence >= out[i].sequence);
            }
        }
    }
    presence_table_free(f.table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_announced_is_found_as_the_bytes_it_came_in),
        cmocka_unit_test(a_ziglans_entry_relay_is_found_by_the_ziglans_key),
        cmocka_unit_test(an_entry_relay_that_announces_no_more_is_forgotten),
        cmocka_unit_test(the_larger_sequence_wins_and_replays_are_refused),
        cmocka_unit_test(a_host_with_two_relays_is_found_at_both_the_newest_first),
        cmocka_unit_test(
            a_relay_that_says_that_a_host_is_not_there_is_believed_until_it_announces_it),
        cmocka_unit_test(forged_records_change_nothing),
        cmocka_unit_test(a_relay_cannot_announce_what_names_another),
        cmocka_unit_test(records_of_the_future_the_past_and_for_long_are_refused),
        cmocka_unit_test(what_is_over_is_told_no_more_and_forgotten_soon),
        cmocka_unit_test(a_wall_clock_that_is_wrong_for_a_minute_costs_no_record),
        cmocka_unit_test(a_key_changes_four_times_at_once_and_then_once_in_five_seconds),
        cmocka_unit_test(a_flood_from_one_network_is_refused_and_others_are_heard),
        cmocka_unit_test(signatures_are_checked_at_a_bounded_rate),
        cmocka_unit_test(a_relay_and_a_network_have_a_largest_share),
        cmocka_unit_test(in_a_full_table_the_largest_shares_make_room),
        cmocka_unit_test(a_relay_that_moves_takes_its_share_along),
        cmocka_unit_test(a_record_takes_so_many_bytes),
        cmocka_unit_test(a_table_is_as_a_naive_twin),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
