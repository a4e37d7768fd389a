/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Look-ups: who is asked, whom one believes, when they end, and what is remembered. */
#include "rendezvous/presence/locate.h"

#include "rendezvous/presence/locate_cache.h"
#include "tests/support/env.h"
#include "tests/support/identities.h"
#include "tests/support/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_MS (3600 * 1000)

struct fixture {
    struct test_env ports;
    struct locate *locate;
    struct mono now;
    uint64_t wall_ms;
    struct identity host;
    uint8_t winners[LOCATE_RANKS_MAX][KEY_SIZE];
    size_t ranks;                            /* so many of them are there */
    uint8_t home[KEY_SIZE], other[KEY_SIZE]; /* relays that attachments name */
};

static void start(struct fixture *f)
{
    test_env_init(&f->ports, 5);
    f->now = (struct mono){NS_PER_S};
    f->wall_ms = TEST_WALL_MS;
    f->host = fixture_identity('h');
    f->ranks = HRW_WINNERS;
    for (size_t i = 0; i < LOCATE_RANKS_MAX; i++) {
        memset(f->winners[i], (int)i + 1, KEY_SIZE);
    }
    memset(f->home, 0x70, KEY_SIZE);
    memset(f->other, 0x71, KEY_SIZE);
    assert_int_equal(locate_new(&f->locate, presence_record_signed, &f->ports.env), ERR_OK);
}

static enum locate_answer want_key(struct fixture *f, const uint8_t *key, uint64_t who,
                                   struct located *found)
{
    struct locate_waiter waiter = {.who = who, .request_id = (uint32_t)who};
    enum locate_answer answer = locate_want(f->locate, key, &waiter, f->wall_ms, f->now, found);

    return answer == LOCATE_ASK_WHOM
               ? locate_begin(f->locate, key, &waiter, f->winners, f->ranks, f->now)
               : answer;
}

static enum locate_answer want(struct fixture *f, uint64_t who)
{
    struct located found;

    return want_key(f, f->host.public_key, who, &found);
}

/* The questions to these of the relays, and no more; returns their number. */
static uint32_t questions_to(struct fixture *f, size_t first, size_t count)
{
    struct locate_output out;
    uint32_t id = 0;

    for (size_t i = first; i < first + count; i++) {
        assert_true(locate_output(f->locate, &out));
        assert_int_equal(out.type, LOCATE_OUTPUT_ASK);
        assert_memory_equal(out.to, f->winners[i], KEY_SIZE);
        assert_memory_equal(out.key, f->host.public_key, KEY_SIZE);
        assert_true(out.request_id != 0 && (id == 0 || id == out.request_id));
        id = out.request_id;
    }
    assert_false(locate_output(f->locate, &out));
    return id;
}

/* The questions of a look-up that has just begun; returns their number. */
static uint32_t questions(struct fixture *f)
{
    return questions_to(f, 0, HRW_WINNERS);
}

static void answer(struct fixture *f, size_t winner, uint32_t id, const struct part *part)
{
    struct locate_record record = {0};

    if (part != NULL) {
        record = (struct locate_record){.data = part->bytes, .size = part->size};
    }
    (void)locate_on_answer(f->locate, f->winners[winner], id, &record, part != NULL ? 1 : 0,
                           f->wall_ms, f->now);
}

static struct part attached(struct fixture *f, const uint8_t *relay, uint64_t sequence)
{
    return attachment_of(f->wall_ms, &f->host, relay, sequence, HOUR_MS);
}

/* The look-up is done; returns what was found. */
static struct located done(struct fixture *f, uint64_t who)
{
    struct locate_output out;

    assert_true(locate_output(f->locate, &out));
    assert_int_equal(out.type, LOCATE_OUTPUT_DONE);
    assert_int_equal(out.waiter.who, who);
    assert_int_equal(out.waiter.request_id, who);
    assert_memory_equal(out.key, f->host.public_key, KEY_SIZE);
    return out.located;
}

static void assert_not_done(struct fixture *f)
{
    struct locate_output out;

    locate_expire(f->locate, f->wall_ms, f->now);
    assert_false(locate_output(f->locate, &out));
}

static void pass(struct fixture *f, uint64_t ms)
{
    f->now = mono_add_ms(f->now, ms);
    f->wall_ms += ms;
    locate_expire(f->locate, f->wall_ms, f->now);
}

static const struct locate_stats *stats(struct fixture *f)
{
    return locate_stats(f->locate);
}

/* ---- the end of a look-up ---- */

static void the_first_valid_answer_is_told_at_once_and_all_answers_end_it(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    struct part part = attached(&f, f.home, 4);
    assert_int_equal(want(&f, 9), LOCATE_WAITS);
    uint32_t id = questions(&f);
    answer(&f, 0, id, NULL);
    assert_not_done(&f);
    answer(&f, 1, id, &part);
    struct located found = done(&f, 9);
    assert_int_equal(found.count, 1);
    assert_memory_equal(found.records[0].relay, f.home, KEY_SIZE);
    assert_int_equal(stats(&f)->running, 1);
    answer(&f, 2, id, &part);
    assert_not_done(&f);
    assert_int_equal(stats(&f)->running, 0);
    assert_int_equal(stats(&f)->found, 1);
    assert_int_equal(stats(&f)->answers_good, 2);
    assert_int_equal(stats(&f)->answers_empty, 1);
    locate_free(f.locate);
    locate_free(NULL);
}

static void who_was_told_something_old_is_told_again(void **state)
{
    struct located found;
    struct fixture f;

    (void)state;
    start(&f);
    struct part old = attached(&f, f.home, 4), new = attached(&f, f.other, 5);
    assert_int_equal(want(&f, 9), LOCATE_WAITS);
    uint32_t id = questions(&f);
    answer(&f, 2, id, &old); /* a replay is the fastest */
    assert_memory_equal(done(&f, 9).records[0].relay, f.home, KEY_SIZE);
    assert_int_equal(want_key(&f, f.host.public_key, 3, &found), LOCATE_KNOWN);
    answer(&f, 1, id, &new);
    assert_not_done(&f);
    pass(&f, LOCATE_MORE_MS);
    found = done(&f, 9);
    assert_int_equal(found.count, 2);
    assert_memory_equal(found.records[0].relay, f.other, KEY_SIZE);
    assert_not_done(&f);
    assert_int_equal(stats(&f)->running, 0);
    assert_int_equal(want_key(&f, f.host.public_key, 4, &found), LOCATE_KNOWN);
    assert_memory_equal(found.records[0].relay, f.other, KEY_SIZE);
    locate_free(f.locate);
}

static void others_have_400_ms_to_tell_something_newer(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    struct part part = attached(&f, f.home, 4), new = attached(&f, f.other, 5);
    assert_int_equal(want(&f, 9), LOCATE_WAITS);
    uint32_t id = questions(&f);
    pass(&f, 300);
    answer(&f, 1, id, &part);
    assert_int_equal(done(&f, 9).count, 1);
    pass(&f, LOCATE_MORE_MS - 1);
    assert_int_equal(mono_ms_between(f.now, locate_deadline(f.locate)), 1);
    pass(&f, 1);
    answer(&f, 0, id, &new);
    assert_not_done(&f);
    assert_int_equal(stats(&f)->answers_late, 1);
    assert_int_equal(stats(&f)->running, 0);
    locate_free(f.locate);
}

static void while_nobody_answers_others_are_asked_besides(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    f.ranks = 8;
    struct part part = attached(&f, f.home, 4);
    assert_int_equal(want(&f, 9), LOCATE_WAITS);
    uint32_t id = questions(&f);
    pass(&f, LOCATE_STEP_MS - 1);
    assert_not_done(&f);
    pass(&f, 1);
    assert_int_equal(questions_to(&f, 3, 3), id);
    pass(&f, LOCATE_STEP_MS);
    assert_int_equal(questions_to(&f, 6, 2), id);
    pass(&f, LOCATE_STEP_MS);
    assert_not_done(&f);
    answer(&f, 7, id, &part);
    assert_int_equal(done(&f, 9).count, 1);
    locate_free(f.locate);
}

static void in_place_of_who_cannot_be_asked_or_lies_the_next_one_is_asked_at_once(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    f.ranks = LOCATE_RANKS_MAX;
    struct part lie = attached(&f, f.other, 9), part = attached(&f, f.home, 4);
    lie.bytes[lie.size - 1] ^= 1;
    assert_int_equal(want(&f, 9), LOCATE_WAITS);
    uint32_t id = questions(&f);
    locate_on_failed(f.locate, f.winners[1], id, f.now);
    assert_int_equal(questions_to(&f, 3, 1), id);
    answer(&f, 0, id, &lie);
    assert_int_equal(questions_to(&f, 4, 1), id);
    locate_on_gone(f.locate, f.winners[2], f.now);
    assert_int_equal(questions_to(&f, 5, 1), id);
    answer(&f, 3, id, &part);
    assert_int_equal(done(&f, 9).count, 1);
    pass(&f, LOCATE_STEP_MS); /* nobody else is asked */
    assert_not_done(&f);
    locate_free(f.locate);
}

static void a_key_that_is_nowhere_is_asked_for_at_six_relays_and_no_more(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    f.ranks = LOCATE_RANKS_MAX;
    assert_int_equal(want(&f, 9), LOCATE_WAITS);
    uint32_t id = questions(&f);
    for (size_t i = 0; i < 3; i++) {
        answer(&f, i, id, NULL);
        (void)questions_to(&f, i + 3, 1);
    }
    answer(&f, 3, id, NULL);
    answer(&f, 4, id, NULL);
    assert_not_done(&f);
    answer(&f, 5, id, NULL);
    assert_int_equal(done(&f, 9).count, 0);
    assert_int_equal(stats(&f)->absent, 1);
    locate_free(f.locate);
}

static void silent_winners_end_it_after_two_seconds(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    assert_int_equal(want(&f, 9), LOCATE_WAITS);
    uint32_t id = questions(&f);
    answer(&f, 0, id, NULL);
    pass(&f, LOCATE_ASK_MS - 1);
    assert_not_done(&f);
    pass(&f, 1);
    assert_int_equal(done(&f, 9).count, 0);
    assert_int_equal(stats(&f)->absent, 1);
    assert_true(locate_deadline(f.locate).ns == MONO_NEVER.ns);
    locate_free(f.locate);
}

static void winners_that_cannot_be_asked_are_not_waited_for(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    struct part part = attached(&f, f.home, 4);
    assert_int_equal(want(&f, 9), LOCATE_WAITS);
    uint32_t id = questions(&f);
    locate_on_failed(f.locate, f.winners[0], id, f.now);
    locate_on_failed(f.locate, f.winners[2], id, f.now);
    locate_on_failed(f.locate, f.winners[2], id, f.now); /* again: ignored */
    assert_not_done(&f);
    answer(&f, 1, id, &part);
    assert_int_equal(done(&f, 9).count, 1);
    assert_int_equal(stats(&f)->answers_failed, 2);
    locate_free(f.locate);
}

static void without_other_relays_nothing_is_found_at_once(void **state)
{
    struct locate_waiter waiter = {.who = 3, .request_id = 3};
    struct fixture f;

    (void)state;
    start(&f);
    assert_int_equal(locate_begin(f.locate, f.host.public_key, &waiter, f.winners, 0, f.now),
                     LOCATE_WAITS);
    assert_int_equal(done(&f, 3).count, 0);
    locate_free(f.locate);
}

/* ---- who is believed ---- */

static void the_largest_sequence_wins(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    struct part old = attached(&f, f.home, 4), new = attached(&f, f.other, 5);
    struct part older = attached(&f, f.other, 3);
    assert_int_equal(want(&f, 9), LOCATE_WAITS);
    uint32_t id = questions(&f);
    answer(&f, 0, id, &old);
    (void)done(&f, 9);
    answer(&f, 1, id, &new);
    answer(&f, 2, id, &older);
    struct located found = done(&f, 9);
    assert_int_equal(found.count, 2);
    assert_memory_equal(found.records[0].relay, f.other, KEY_SIZE);
    assert_int_equal(found.records[0].sequence, 5);
    assert_memory_equal(found.records[1].relay, f.home, KEY_SIZE);
    locate_free(f.locate);
}

static void lies_are_ignored_and_counted(void **state)
{
    struct identity stranger = fixture_identity('s');
    struct fixture f;

    (void)state;
    start(&f);
    struct part good = attached(&f, f.home, 4);
    struct part lies[] = {
        attached(&f, f.other, 9),                                         /* forged, below */
        attachment_of(f.wall_ms, &stranger, f.other, 9, HOUR_MS),         /* of another key */
        attachment_of(f.wall_ms + HOUR_MS, &f.host, f.other, 9, HOUR_MS), /* of the future */
        attachment_of(f.wall_ms - HOUR_MS, &f.host, f.other, 9, HOUR_MS), /* over: a replay */
        attachment_of(f.wall_ms, &f.host, f.other, 9, 2 * HOUR_MS),       /* for too long */
        {.size = 0},
    };
    lies[0].bytes[lies[0].size - 1] ^= 1;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct fixture g;
        start(&g);
        assert_int_equal(want(&g, 9), LOCATE_WAITS);
        uint32_t id = questions(&g);
        answer(&g, 0, id, &lies[i]);
        answer(&g, 1, id, &lies[i]);
        assert_not_done(&g);
        assert_int_equal(stats(&g)->answers_wrong, 2);
        answer(&g, 2, id, &good);
        struct located found = done(&g, 9);
        assert_int_equal(found.count, 1);
        assert_memory_equal(found.records[0].relay, g.home, KEY_SIZE);
        locate_free(g.locate);
    }
    locate_free(f.locate);
}

static void only_who_was_asked_can_answer_and_only_once(void **state)
{
    const uint8_t stranger[KEY_SIZE] = {0x66};
    struct fixture f;

    (void)state;
    start(&f);
    struct part part = attached(&f, f.home, 4), new = attached(&f, f.other, 5);
    struct locate_record record = {.data = new.bytes, .size = new.size};
    assert_int_equal(want(&f, 9), LOCATE_WAITS);
    uint32_t id = questions(&f);
    (void)locate_on_answer(f.locate, stranger, id, &record, 1, f.wall_ms, f.now);
    (void)locate_on_answer(f.locate, f.winners[0], id + 1, &record, 1, f.wall_ms, f.now);
    (void)locate_on_answer(f.locate, f.winners[0], id + LOCATE_COUNT_MAX, &record, 1, f.wall_ms,
                           f.now);
    (void)locate_on_answer(f.locate, f.winners[0], 0, &record, 1, f.wall_ms, f.now);
    answer(&f, 0, id, &part);
    answer(&f, 0, id, &new);
    assert_int_equal(stats(&f)->answers_late, 5);
    answer(&f, 1, id, NULL);
    answer(&f, 2, id, NULL);
    struct located found = done(&f, 9);
    assert_int_equal(found.count, 1);
    assert_memory_equal(found.records[0].relay, f.home, KEY_SIZE);
    answer(&f, 2, id, &new); /* it is over */
    assert_int_equal(stats(&f)->answers_late, 6);
    locate_free(f.locate);
}

/* A fifth of all relays lies, is silent or tells something old; each of the three winners may be
 * one of them. What is found is right unless all three are. */
static void a_fifth_of_bad_winners_spoils_less_than_one_look_up_in_a_hundred(void **state)
{
    enum { ROUNDS = 3000 };
    struct fixture f;
    uint32_t right = 0, all_bad = 0;

    (void)state;
    start(&f);
    struct part good = attached(&f, f.home, 4), old = attached(&f, f.other, 3);
    struct part forged = attached(&f, f.other, 9);
    forged.bytes[forged.size - 1] ^= 1;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        assert_int_equal(want(&f, 9), LOCATE_WAITS);
        uint32_t id = questions(&f);
        uint32_t bad = 0;
        for (size_t w = 0; w < HRW_WINNERS; w++) {
            if (!rng_chance(&f.ports.rng, 200000)) {
                answer(&f, w, id, &good);
                continue;
            }
            bad++;
            switch (rng_below(&f.ports.rng, 4)) {
            case 0:
                answer(&f, w, id, &forged);
                break;
            case 1:
                answer(&f, w, id, &old);
                break;
            case 2:
                answer(&f, w, id, NULL);
                break;
            default:
                break; /* silent */
            }
        }
        struct located found = {0};
        struct locate_output out;
        pass(&f, LOCATE_ASK_MS);
        f.wall_ms -= LOCATE_ASK_MS; /* the records stay in force for all rounds */
        while (locate_output(f.locate, &out)) {
            found = out.located;
        }
        bool is_right = found.count > 0 && memcmp(found.records[0].relay, f.home, KEY_SIZE) == 0;
        assert_true(is_right || bad == HRW_WINNERS);
        right += is_right ? 1 : 0;
        all_bad += bad == HRW_WINNERS ? 1 : 0;
        f.now = mono_add_ms(f.now, 2 * LOCATE_PRESENT_MS); /* nothing is remembered */
    }
    assert_int_equal(right, ROUNDS - all_bad);
    assert_true(right * 100 >= ROUNDS * 99);
    locate_free(f.locate);
}

/* ---- what is remembered ---- */

static void equal_look_ups_are_one(void **state)
{
    struct locate_output out;
    struct fixture f;

    (void)state;
    start(&f);
    struct part part = attached(&f, f.home, 4);
    assert_int_equal(want(&f, 1), LOCATE_WAITS);
    uint32_t id = questions(&f);
    for (uint64_t who = 2; who <= LOCATE_WAITERS_MAX; who++) {
        assert_int_equal(want(&f, who), LOCATE_WAITS);
    }
    assert_int_equal(want(&f, 99), LOCATE_BUSY);
    assert_false(locate_output(f.locate, &out)); /* nobody is asked again */
    for (size_t i = 0; i < HRW_WINNERS; i++) {
        answer(&f, i, id, &part);
    }
    uint32_t told = 0;
    while (locate_output(f.locate, &out)) {
        assert_int_equal(out.type, LOCATE_OUTPUT_DONE);
        assert_int_equal(out.located.count, 1);
        told |= 1U << out.waiter.who;
    }
    assert_int_equal(told, 0x1fffe);
    assert_int_equal(stats(&f)->started, 1);
    locate_free(f.locate);
}

static void answers_are_remembered_for_a_minute_and_absence_for_five_seconds(void **state)
{
    struct located found;
    struct fixture f;

    (void)state;
    start(&f);
    struct part part = attached(&f, f.home, 4);
    assert_int_equal(want(&f, 1), LOCATE_WAITS);
    uint32_t id = questions(&f);
    for (size_t i = 0; i < HRW_WINNERS; i++) {
        answer(&f, i, id, NULL);
    }
    (void)done(&f, 1);
    pass(&f, LOCATE_ABSENT_MS - 1);
    assert_int_equal(want_key(&f, f.host.public_key, 2, &found), LOCATE_KNOWN);
    assert_int_equal(found.count, 0);
    pass(&f, 1);
    assert_int_equal(want(&f, 3), LOCATE_WAITS);
    id = questions(&f);
    for (size_t i = 0; i < HRW_WINNERS; i++) {
        answer(&f, i, id, &part);
    }
    (void)done(&f, 3);
    pass(&f, LOCATE_PRESENT_MS - 1);
    assert_int_equal(want_key(&f, f.host.public_key, 4, &found), LOCATE_KNOWN);
    assert_int_equal(found.count, 1);
    pass(&f, 1);
    assert_int_equal(want(&f, 5), LOCATE_WAITS);
    id = questions(&f);
    pass(&f, LOCATE_ASK_MS); /* nobody answers: try again soon */
    (void)done(&f, 5);
    pass(&f, LOCATE_SILENT_MS);
    assert_int_equal(want(&f, 6), LOCATE_WAITS);
    assert_int_equal(stats(&f)->silent, 1);
    locate_free(f.locate);
}

static void an_answer_that_is_over_is_not_remembered(void **state)
{
    struct located found;
    struct fixture f;

    (void)state;
    start(&f);
    struct part part = attachment_of(f.wall_ms - HOUR_MS + 30000, &f.host, f.home, 4, HOUR_MS);
    assert_int_equal(want(&f, 1), LOCATE_WAITS);
    uint32_t id = questions(&f);
    for (size_t i = 0; i < HRW_WINNERS; i++) {
        answer(&f, i, id, &part);
    }
    assert_int_equal(done(&f, 1).count, 1);
    pass(&f, 29000);
    assert_int_equal(want_key(&f, f.host.public_key, 2, &found), LOCATE_KNOWN);
    pass(&f, 1000);
    assert_int_equal(want(&f, 3), LOCATE_WAITS);
    locate_free(f.locate);
}

static void a_relay_that_says_no_is_no_answer_for_five_seconds(void **state)
{
    struct located found;
    struct fixture f;

    (void)state;
    start(&f);
    struct part home = attached(&f, f.home, 4), other = attached(&f, f.other, 3);
    assert_int_equal(want(&f, 1), LOCATE_WAITS);
    uint32_t id = questions(&f);
    answer(&f, 0, id, &home);
    answer(&f, 1, id, &other);
    answer(&f, 2, id, NULL);
    assert_int_equal(done(&f, 1).count, 2);
    locate_forget(f.locate, f.host.public_key, f.home, f.now);
    assert_int_equal(want_key(&f, f.host.public_key, 2, &found), LOCATE_KNOWN);
    assert_int_equal(found.count, 1);
    assert_memory_equal(found.records[0].relay, f.other, KEY_SIZE);
    locate_forget(f.locate, f.host.public_key, f.other, f.now);
    assert_int_equal(want(&f, 3), LOCATE_WAITS); /* the winners are asked again, and know no more */
    id = questions(&f);
    answer(&f, 0, id, &home);
    answer(&f, 1, id, &other);
    answer(&f, 2, id, &home);
    assert_int_equal(done(&f, 3).count, 0);
    assert_int_equal(want_key(&f, f.host.public_key, 4, &found), LOCATE_KNOWN);
    assert_int_equal(found.count, 0);
    pass(&f, LOCATE_ABSENT_MS);
    assert_int_equal(want(&f, 5), LOCATE_WAITS); /* then it may be there again */
    id = questions(&f);
    for (size_t i = 0; i < HRW_WINNERS; i++) {
        answer(&f, i, id, &home);
    }
    assert_int_equal(done(&f, 5).count, 1);
    locate_free(f.locate);
}

static void a_host_that_moved_is_found_at_once_when_its_old_relay_says_no(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    struct part old = attached(&f, f.home, 4), new = attached(&f, f.other, 5);
    struct part back = attached(&f, f.home, 6);
    assert_int_equal(want(&f, 1), LOCATE_WAITS);
    uint32_t id = questions(&f);
    for (size_t i = 0; i < HRW_WINNERS; i++) {
        answer(&f, i, id, &old);
    }
    assert_int_equal(done(&f, 1).count, 1);
    locate_forget(f.locate, f.host.public_key, f.home, f.now);
    assert_int_equal(want(&f, 2), LOCATE_WAITS);
    id = questions(&f);
    answer(&f, 0, id, &old);
    answer(&f, 1, id, &new);
    answer(&f, 2, id, &old);
    struct located located = done(&f, 2);
    assert_int_equal(located.count, 1);
    assert_memory_equal(located.records[0].relay, f.other, KEY_SIZE);
    /* And back: a newer record counts in spite of the denial. */
    locate_forget(f.locate, f.host.public_key, f.other, f.now);
    assert_int_equal(want(&f, 3), LOCATE_WAITS);
    id = questions(&f);
    for (size_t i = 0; i < HRW_WINNERS; i++) {
        answer(&f, i, id, &back);
    }
    located = done(&f, 3);
    assert_int_equal(located.count, 1);
    assert_memory_equal(located.records[0].relay, f.home, KEY_SIZE);
    locate_free(f.locate);
}

/* ---- bounds ---- */

static void so_many_look_ups_at_once_and_no_more(void **state)
{
    struct located found;
    struct fixture f;
    struct locate_output out;
    uint8_t key[KEY_SIZE] = {0};

    (void)state;
    start(&f);
    for (uint32_t i = 0; i < LOCATE_COUNT_MAX; i++) {
        memcpy(key, &i, sizeof(i));
        assert_int_equal(want_key(&f, key, i, &found), LOCATE_WAITS);
    }
    memset(key, 0xff, sizeof(key));
    assert_int_equal(want_key(&f, key, 1, &found), LOCATE_BUSY);
    assert_int_equal(stats(&f)->running, LOCATE_COUNT_MAX);
    pass(&f, LOCATE_ASK_MS);
    for (uint32_t i = 0; i < LOCATE_COUNT_MAX; i++) {
        assert_true(locate_output(f.locate, &out));
        assert_int_equal(out.type, LOCATE_OUTPUT_DONE);
    }
    assert_int_equal(stats(&f)->running, 0);
    assert_int_equal(want_key(&f, key, 1, &found), LOCATE_WAITS);
    locate_free(f.locate);
}

static void the_memory_of_answers_has_a_bound_and_the_oldest_goes(void **state)
{
    struct test_env ports;
    struct locate_cache *cache;
    struct located found = {0};
    uint8_t key[KEY_SIZE] = {0};
    struct mono until = {10 * NS_PER_S};

    (void)state;
    test_env_init(&ports, 1);
    assert_int_equal(locate_cache_new(&cache, &ports.env), ERR_OK);
    for (uint32_t i = 0; i < LOCATE_CACHE_MAX + 10; i++) {
        memcpy(key, &i, sizeof(i));
        locate_cache_put(cache, key, &found, until);
    }
    for (uint32_t i = 0; i < LOCATE_CACHE_MAX + 10; i += 9) {
        memcpy(key, &i, sizeof(i));
        assert_int_equal(locate_cache_find(cache, key, (struct mono){0}) != NULL, i >= 10);
    }
    locate_cache_free(cache);
    locate_cache_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_valid_answer_is_told_at_once_and_all_answers_end_it),
        cmocka_unit_test(who_was_told_something_old_is_told_again),
        cmocka_unit_test(others_have_400_ms_to_tell_something_newer),
        cmocka_unit_test(while_nobody_answers_others_are_asked_besides),
        cmocka_unit_test(in_place_of_who_cannot_be_asked_or_lies_the_next_one_is_asked_at_once),
        cmocka_unit_test(a_key_that_is_nowhere_is_asked_for_at_six_relays_and_no_more),
        cmocka_unit_test(silent_winners_end_it_after_two_seconds),
        cmocka_unit_test(winners_that_cannot_be_asked_are_not_waited_for),
        cmocka_unit_test(without_other_relays_nothing_is_found_at_once),
        cmocka_unit_test(the_largest_sequence_wins),
        cmocka_unit_test(lies_are_ignored_and_counted),
        cmocka_unit_test(only_who_was_asked_can_answer_and_only_once),
        cmocka_unit_test(a_fifth_of_bad_winners_spoils_less_than_one_look_up_in_a_hundred),
        cmocka_unit_test(equal_look_ups_are_one),
        cmocka_unit_test(answers_are_remembered_for_a_minute_and_absence_for_five_seconds),
        cmocka_unit_test(an_answer_that_is_over_is_not_remembered),
        cmocka_unit_test(a_relay_that_says_no_is_no_answer_for_five_seconds),
        cmocka_unit_test(a_host_that_moved_is_found_at_once_when_its_old_relay_says_no),
        cmocka_unit_test(so_many_look_ups_at_once_and_no_more),
        cmocka_unit_test(the_memory_of_answers_has_a_bound_and_the_oldest_goes),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
