/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts look-ups, and hands over their questions and answers. */
#include "tests/support/lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void lookup_start(struct lookup *f)
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

enum locate_answer lookup_want_key(struct lookup *f, const uint8_t *key, uint64_t who,
                                   struct located *found)
{
    struct locate_waiter waiter = {.who = who, .request_id = (uint32_t)who};
    enum locate_answer answer = locate_want(f->locate, key, &waiter, f->wall_ms, f->now, found);

    return answer == LOCATE_ASK_WHOM
               ? locate_begin(f->locate, key, &waiter, f->winners, f->ranks, f->now)
               : answer;
}

enum locate_answer lookup_want(struct lookup *f, uint64_t who)
{
    struct located found;

    return lookup_want_key(f, f->host.public_key, who, &found);
}

uint32_t lookup_questions_to(struct lookup *f, size_t first, size_t count)
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

uint32_t lookup_questions(struct lookup *f)
{
    return lookup_questions_to(f, 0, HRW_WINNERS);
}

void lookup_answer(struct lookup *f, size_t winner, uint32_t id, const struct part *part)
{
    struct locate_record record = {0};

    if (part != NULL) {
        record = (struct locate_record){.data = part->bytes, .size = part->size};
    }
    (void)locate_on_answer(f->locate, f->winners[winner], id, &record, part != NULL ? 1 : 0,
                           f->wall_ms, f->now);
}

void lookup_answer_all(struct lookup *f, uint32_t id, const struct part *part)
{
    for (size_t i = 0; i < HRW_WINNERS; i++) {
        lookup_answer(f, i, id, part);
    }
}

struct part lookup_attached(struct lookup *f, const uint8_t *relay, uint64_t sequence)
{
    return attachment_of(f->wall_ms, &f->host, relay, sequence, LOOKUP_HOUR_MS);
}

struct located lookup_done(struct lookup *f, uint64_t who)
{
    struct locate_output out;

    assert_true(locate_output(f->locate, &out));
    assert_int_equal(out.type, LOCATE_OUTPUT_DONE);
    assert_int_equal(out.waiter.who, who);
    assert_int_equal(out.waiter.request_id, who);
    assert_memory_equal(out.key, f->host.public_key, KEY_SIZE);
    return out.located;
}

void assert_lookup_not_done(struct lookup *f)
{
    struct locate_output out;

    locate_expire(f->locate, f->wall_ms, f->now);
    assert_false(locate_output(f->locate, &out));
}

void lookup_pass(struct lookup *f, uint64_t ms)
{
    f->now = mono_add_ms(f->now, ms);
    f->wall_ms += ms;
    locate_expire(f->locate, f->wall_ms, f->now);
}

const struct locate_stats *lookup_stats(struct lookup *f)
{
    return locate_stats(f->locate);
}
