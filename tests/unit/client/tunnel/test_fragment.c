/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fragments put together again are the plaintext that was cut, in any order and among others; what
 * a peer sends beyond that is refused or given up within the bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/tunnel/fragment.h"
#include "proto/base/err.h"

#include "tests/support/tunnel_packets.h"

static struct mono at_ms(uint64_t ms)
{
    return (struct mono){ms * NS_PER_MS};
}

/* Offer one fragment in memory of exactly its size. */
static int put_from(struct fragment_box *box, uint32_t session, const uint8_t *fragment,
                    size_t size, uint8_t *out, size_t *out_size, struct mono now)
{
    uint8_t *copy = malloc(size + 1);

    memcpy(copy, fragment, size);
    int rc =
        fragment_box_put(box, session, copy, size, out, FRAGMENT_PLAIN_SIZE_MAX, out_size, now);

    free(copy);
    return rc;
}

static int put(struct fragment_box *box, const uint8_t *fragment, size_t size, uint8_t *out,
               size_t *out_size, struct mono now)
{
    return put_from(box, 1, fragment, size, out, out_size, now);
}

static void counts_are_the_fewest_that_fit(void **state)
{
    (void)state;
    assert_int_equal(fragment_count(100, 100), 1);
    assert_int_equal(fragment_count(0, 100), 1);
    assert_int_equal(fragment_count(101, 100), 2);
    assert_int_equal(fragment_count(180, 100), 2);
    assert_int_equal(fragment_count(181, 100), 3);
    assert_int_equal(fragment_count(360, 100), 4);
    assert_int_equal(fragment_count(361, 100), 0);
    assert_int_equal(fragment_count(11, 10), 0); /* no room for anything */
    assert_int_equal(fragment_count(11, 0), 0);
    assert_int_equal(fragment_count(FRAGMENT_PLAIN_SIZE_MAX, 4000), 3);
    assert_int_equal(fragment_count(FRAGMENT_PLAIN_SIZE_MAX + 1, 4000), 0);
    assert_int_equal(fragment_count(FRAGMENT_PLAIN_SIZE_MAX + 1, 65535), 1);
}

static void layout_is_that_of_the_protocol(void **state)
{
    uint8_t plain[30] = {6, 1, 2, 3, 4};
    uint8_t out[30];

    (void)state;
    plain[10] = 0xaa;
    plain[20] = 0xbb;
    assert_int_equal(fragment_count(30, 20), 3);
    assert_int_equal(fragment_write(out, 20, plain, 30, 0x01020304, 1, 3), 20);
    assert_memory_equal(out, ((uint8_t[]){250, 0, 0, 0, 1, 2, 3, 4, 1, 3, 0xaa}), 11);
    assert_int_equal(fragment_write(out, 20, plain, 30, 0x01020304, 2, 3), 20);
    assert_memory_equal(out, ((uint8_t[]){250, 0, 0, 0, 1, 2, 3, 4, 2, 3, 0xbb}), 11);
}

static void fragments_in_any_order_make_the_plaintext(void **state)
{
    static uint8_t plain[FRAGMENT_PLAIN_SIZE_MAX];
    static uint8_t out[FRAGMENT_PLAIN_SIZE_MAX];
    struct fragment_box *box;
    struct rng rng = {1};

    (void)state;
    assert_int_equal(fragment_box_new(&box, NULL), ERR_OK);
    for (uint32_t id = 0; id < 3000; id++) {
        uint8_t fragments[FRAGMENT_COUNT_MAX][FRAGMENT_PLAIN_SIZE_MAX];
        size_t sizes[FRAGMENT_COUNT_MAX];
        size_t order[FRAGMENT_COUNT_MAX] = {0, 1, 2, 3};
        size_t size = 40 + rng_below(&rng, id % 2 == 0 ? 2000 : FRAGMENT_PLAIN_SIZE_MAX - 40);
        size_t room = 20 + rng_below(&rng, (uint32_t)size);
        size_t count = fragment_count(size, room);
        size_t out_size = 99;

        if (count < 2) {
            continue;
        }
        rng_fill(&rng, plain, size);
        plain[0] = 6;
        for (size_t i = 0; i < count; i++) {
            sizes[i] = fragment_write(fragments[i], room, plain, size, id, i, count);
            assert_true(sizes[i] <= room);
        }
        for (size_t i = count - 1; i > 0; i--) {
            size_t j = rng_below(&rng, (uint32_t)i + 1);
            size_t swap = order[i];

            order[i] = order[j];
            order[j] = swap;
        }
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(
                put(box, fragments[order[i]], sizes[order[i]], out, &out_size, at_ms(id)), ERR_OK);
            assert_int_equal(out_size, i + 1 == count ? size : 0);
        }
        assert_memory_equal(out, plain, size);
    }
    assert_int_equal(fragment_box_deadline(box).ns, MONO_NEVER.ns);
    fragment_box_free(box);
}

static void the_whole_may_be_written_over_its_last_fragment(void **state)
{
    uint8_t plain[150];
    uint8_t memory[200];
    size_t out_size;
    struct fragment_box *box;

    (void)state;
    assert_int_equal(fragment_box_new(&box, NULL), ERR_OK);
    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < 2; i++) {
        size_t size = fragment_write(memory, 100, plain, sizeof(plain), 5, i, 2);

        assert_int_equal(
            fragment_box_put(box, 1, memory, size, memory, sizeof(memory), &out_size, at_ms(0)),
            ERR_OK);
    }
    assert_int_equal(out_size, sizeof(plain));
    assert_memory_equal(memory, plain, sizeof(plain));
    fragment_box_free(box);
}

/* Bytes of a fragment by hand. */
static size_t fragment_of(uint8_t *out, uint32_t id, unsigned index, unsigned count,
                          size_t part_size)
{
    memset(out, 0, FRAGMENT_OVERHEAD + part_size);
    out[0] = 250;
    put16(out + 4, id >> 16);
    put16(out + 6, id & 0xffff);
    out[8] = (uint8_t)index;
    out[9] = (uint8_t)count;
    memset(out + FRAGMENT_OVERHEAD, 0x11, part_size);
    return FRAGMENT_OVERHEAD + part_size;
}

static void bad_fragments_change_nothing(void **state)
{
    static const struct {
        const char *name;
        unsigned index, count;
        size_t part_size;
        size_t changed_at; /* 0: none */
        uint8_t value;
    } cases[] = {
        {"duplicate", 0, 3, 50, 0, 0},     {"other count", 1, 4, 50, 0, 0},
        {"count 1", 0, 1, 50, 0, 0},       {"count 0", 0, 0, 50, 0, 0},
        {"count 5", 1, 5, 50, 0, 0},       {"index beyond the count", 3, 3, 50, 0, 0},
        {"empty", 1, 3, 0, 0, 0},          {"smaller middle", 1, 3, 49, 0, 0},
        {"larger middle", 1, 3, 51, 0, 0}, {"larger last", 2, 3, 51, 0, 0},
        {"traffic class", 1, 3, 50, 1, 1}, {"hop limit", 1, 3, 50, 2, 1},
        {"plain flags", 1, 3, 50, 3, 1},   {"protocol 249", 1, 3, 50, 0, 249},
    };
    uint8_t fragment[FRAGMENT_OVERHEAD + 100];
    uint8_t out[FRAGMENT_PLAIN_SIZE_MAX];
    size_t out_size = 99;
    struct fragment_box *box;

    (void)state;
    assert_int_equal(fragment_box_new(&box, NULL), ERR_OK);
    assert_int_equal(
        put(box, fragment, fragment_of(fragment, 1, 0, 3, 50), out, &out_size, at_ms(0)), ERR_OK);
    out_size = 99;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size = fragment_of(fragment, 1, cases[i].index, cases[i].count, cases[i].part_size);

        if (cases[i].value != 0) {
            fragment[cases[i].changed_at] = cases[i].value;
        }
        if (put(box, fragment, size, out, &out_size, at_ms(10)) != ERR_DROP) {
            fail_msg("accepted: %s", cases[i].name);
        }
        assert_int_equal(fragment_box_counters(box)->refused, i + 1);
    }
    for (size_t cut = 0; cut <= FRAGMENT_OVERHEAD; cut++) { /* truncated, up to an empty part */
        fragment_of(fragment, 1, 1, 3, 50);
        assert_int_equal(put(box, fragment, cut, out, &out_size, at_ms(10)), ERR_DROP);
    }
    size_t nested_size = fragment_of(fragment, 2, 0, 2, 50);

    fragment[FRAGMENT_OVERHEAD] = 250;
    assert_int_equal(put(box, fragment, nested_size, out, &out_size, at_ms(10)), ERR_DROP);
    assert_int_equal(out_size, 99);

    /* The plaintext is still completed by the right ones. */
    assert_int_equal(
        put(box, fragment, fragment_of(fragment, 1, 1, 3, 50), out, &out_size, at_ms(10)), ERR_OK);
    assert_int_equal(
        put(box, fragment, fragment_of(fragment, 1, 2, 3, 7), out, &out_size, at_ms(10)), ERR_OK);
    assert_int_equal(out_size, 107);
    fragment_box_free(box);
}

static void fragments_too_large_together_are_refused(void **state)
{
    static uint8_t fragment[FRAGMENT_OVERHEAD + FRAGMENT_PLAIN_SIZE_MAX + 1];
    static uint8_t out[FRAGMENT_PLAIN_SIZE_MAX];
    size_t out_size = 99;
    struct fragment_box *box;

    (void)state;
    assert_int_equal(fragment_box_new(&box, NULL), ERR_OK);
    assert_int_equal(put(box, fragment, fragment_of(fragment, 1, 0, 2, FRAGMENT_PLAIN_SIZE_MAX + 1),
                         out, &out_size, at_ms(0)),
                     ERR_DROP);
    assert_int_equal(
        put(box, fragment, fragment_of(fragment, 1, 0, 2, 5000), out, &out_size, at_ms(0)), ERR_OK);
    assert_int_equal(
        put(box, fragment, fragment_of(fragment, 1, 1, 2, 4500), out, &out_size, at_ms(0)),
        ERR_DROP);
    assert_int_equal(
        put(box, fragment, fragment_of(fragment, 1, 1, 2, 4012), out, &out_size, at_ms(0)), ERR_OK);
    assert_int_equal(out_size, FRAGMENT_PLAIN_SIZE_MAX);

    /* Larger than what the caller has room for: forgotten. */
    assert_int_equal(
        put(box, fragment, fragment_of(fragment, 2, 0, 2, 100), out, &out_size, at_ms(0)), ERR_OK);
    size_t size = fragment_of(fragment, 2, 1, 2, 100);

    assert_int_equal(fragment_box_put(box, 1, fragment, size, out, 199, &out_size, at_ms(0)),
                     ERR_LIMIT);
    assert_int_equal(fragment_box_deadline(box).ns, MONO_NEVER.ns);
    fragment_box_free(box);
}

/* A peer that was restarted counts ids anew, while a part from before still waits. */
static void parts_of_two_sessions_are_not_put_together(void **state)
{
    uint8_t before[100], after[100], fragment[100];
    uint8_t out[FRAGMENT_PLAIN_SIZE_MAX];
    size_t out_size;
    struct fragment_box *box;

    (void)state;
    memset(before, 0x11, sizeof(before));
    memset(after, 0x22, sizeof(after));
    assert_int_equal(fragment_box_new(&box, NULL), ERR_OK);
    size_t size = fragment_write(fragment, 80, before, sizeof(before), 1, 0, 2);

    assert_int_equal(put_from(box, 7, fragment, size, out, &out_size, at_ms(0)), ERR_OK);
    size = fragment_write(fragment, 80, after, sizeof(after), 1, 1, 2);
    assert_int_equal(put_from(box, 8, fragment, size, out, &out_size, at_ms(10)), ERR_OK);
    assert_int_equal(out_size, 0);
    size = fragment_write(fragment, 80, after, sizeof(after), 1, 0, 2);
    assert_int_equal(put_from(box, 8, fragment, size, out, &out_size, at_ms(20)), ERR_OK);
    assert_int_equal(out_size, sizeof(after));
    assert_memory_equal(out, after, sizeof(after));
    size = fragment_write(fragment, 80, before, sizeof(before), 1, 1, 2);
    assert_int_equal(put_from(box, 7, fragment, size, out, &out_size, at_ms(30)), ERR_OK);
    assert_int_equal(out_size, sizeof(before));
    assert_memory_equal(out, before, sizeof(before));
    fragment_box_free(box);
}

static void incomplete_plaintexts_are_given_up_after_a_second(void **state)
{
    uint8_t fragment[200];
    uint8_t out[FRAGMENT_PLAIN_SIZE_MAX];
    size_t out_size;
    struct fragment_box *box;

    (void)state;
    assert_int_equal(fragment_box_new(&box, NULL), ERR_OK);
    assert_int_equal(fragment_box_deadline(box).ns, MONO_NEVER.ns);
    assert_int_equal(
        put(box, fragment, fragment_of(fragment, 1, 0, 2, 50), out, &out_size, at_ms(500)), ERR_OK);
    assert_int_equal(
        put(box, fragment, fragment_of(fragment, 2, 0, 2, 50), out, &out_size, at_ms(700)), ERR_OK);
    assert_int_equal(fragment_box_deadline(box).ns, at_ms(500 + FRAGMENT_TIMEOUT_MS).ns);
    fragment_box_expire(box, at_ms(500 + FRAGMENT_TIMEOUT_MS - 1));
    assert_int_equal(fragment_box_counters(box)->timed_out, 0);
    fragment_box_expire(box, at_ms(500 + FRAGMENT_TIMEOUT_MS));
    assert_int_equal(fragment_box_counters(box)->timed_out, 1);
    assert_int_equal(fragment_box_deadline(box).ns, at_ms(700 + FRAGMENT_TIMEOUT_MS).ns);

    /* A fragment that comes too late begins anew. */
    assert_int_equal(
        put(box, fragment, fragment_of(fragment, 2, 1, 2, 50), out, &out_size, at_ms(1700)),
        ERR_OK);
    assert_int_equal(out_size, 0);
    assert_int_equal(fragment_box_counters(box)->timed_out, 2);
    fragment_box_free(box);
}

static void the_oldest_makes_room_when_there_are_too_many(void **state)
{
    uint8_t fragment[200];
    uint8_t out[FRAGMENT_PLAIN_SIZE_MAX];
    size_t out_size;
    struct fragment_box *box;

    (void)state;
    assert_int_equal(fragment_box_new(&box, NULL), ERR_OK);
    for (uint32_t id = 0; id <= FRAGMENT_PENDING_MAX; id++) {
        assert_int_equal(
            put(box, fragment, fragment_of(fragment, id, 0, 2, 50), out, &out_size, at_ms(0)),
            ERR_OK);
    }
    assert_int_equal(fragment_box_counters(box)->displaced, 1);
    for (uint32_t id = 1; id <= FRAGMENT_PENDING_MAX; id++) { /* all but the first */
        assert_int_equal(
            put(box, fragment, fragment_of(fragment, id, 1, 2, 50), out, &out_size, at_ms(1)),
            ERR_OK);
        assert_int_equal(out_size, 100);
    }
    assert_int_equal(
        put(box, fragment, fragment_of(fragment, 0, 1, 2, 50), out, &out_size, at_ms(1)), ERR_OK);
    assert_int_equal(out_size, 0);
    fragment_box_free(box);
}

static void the_oldest_makes_room_when_there_are_too_many_bytes(void **state)
{
    static uint8_t fragment[9000];
    static uint8_t out[FRAGMENT_PLAIN_SIZE_MAX];
    size_t out_size;
    struct fragment_box *box;
    uint32_t fit = FRAGMENT_BYTES_MAX / 8000;

    (void)state;
    assert_int_equal(fragment_box_new(&box, NULL), ERR_OK);
    assert_true(fit < FRAGMENT_PENDING_MAX);
    for (uint32_t id = 0; id <= fit; id++) {
        assert_int_equal(
            put(box, fragment, fragment_of(fragment, id, 0, 2, 8000), out, &out_size, at_ms(0)),
            ERR_OK);
    }
    assert_int_equal(fragment_box_counters(box)->displaced, 1);
    assert_int_equal(
        put(box, fragment, fragment_of(fragment, fit, 1, 2, 90), out, &out_size, at_ms(1)), ERR_OK);
    assert_int_equal(out_size, 8090); /* the newest is whole */
    assert_int_equal(
        put(box, fragment, fragment_of(fragment, 0, 1, 2, 90), out, &out_size, at_ms(1)), ERR_OK);
    assert_int_equal(out_size, 0); /* the first was given up */
    fragment_box_free(box);
}

static void boxes_share_a_budget_and_each_has_room_for_one_plaintext(void **state)
{
    enum { BOXES = 20, PART = 5000 };
    static uint8_t fragment[PART + FRAGMENT_OVERHEAD];
    static uint8_t out[FRAGMENT_PLAIN_SIZE_MAX];
    struct budget shared = {.max = FRAGMENT_BYTES_MAX};
    struct fragment_box *boxes[BOXES];
    size_t out_size;

    (void)state;
    for (size_t b = 0; b < BOXES; b++) {
        assert_int_equal(fragment_box_new(&boxes[b], &shared), ERR_OK);
        for (uint32_t id = 0; id < FRAGMENT_PENDING_MAX; id++) {
            assert_int_equal(put(boxes[b], fragment, fragment_of(fragment, id, 0, 2, PART), out,
                                 &out_size, at_ms(0)),
                             ERR_OK);
            assert_true(shared.used <= shared.max);
        }
    }
    assert_true(shared.used > shared.max - PART);
    /* The last box has its own part only: the newest plaintext, which still becomes whole. */
    assert_int_equal(fragment_box_counters(boxes[BOXES - 1])->displaced, FRAGMENT_PENDING_MAX - 1);
    assert_int_equal(
        put(boxes[BOXES - 1], fragment,
            fragment_of(fragment, FRAGMENT_PENDING_MAX - 1, 1, 2, FRAGMENT_PLAIN_SIZE_MAX - PART),
            out, &out_size, at_ms(1)),
        ERR_OK);
    assert_int_equal(out_size, FRAGMENT_PLAIN_SIZE_MAX);
    for (size_t b = 0; b < BOXES; b++) {
        fragment_box_free(boxes[b]);
    }
    assert_int_equal(shared.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_the_fewest_that_fit),
        cmocka_unit_test(layout_is_that_of_the_protocol),
        cmocka_unit_test(fragments_in_any_order_make_the_plaintext),
        cmocka_unit_test(the_whole_may_be_written_over_its_last_fragment),
        cmocka_unit_test(bad_fragments_change_nothing),
        cmocka_unit_test(fragments_too_large_together_are_refused),
        cmocka_unit_test(parts_of_two_sessions_are_not_put_together),
        cmocka_unit_test(incomplete_plaintexts_are_given_up_after_a_second),
        cmocka_unit_test(the_oldest_makes_room_when_there_are_too_many),
        cmocka_unit_test(the_oldest_makes_room_when_there_are_too_many_bytes),
        cmocka_unit_test(boxes_share_a_budget_and_each_has_room_for_one_plaintext),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
