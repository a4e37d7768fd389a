/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cookies under load (proto/crypto/cookie.h). */
#include "tests/support/env.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#include "proto/crypto/cookie.h"
#include "proto/crypto/handshake.h"

#include <sodium.h>

static const uint8_t source[18] = {[10] = 0xff, 0xff, 192, 0, 2, 1, 0x11, 0x51};
static const uint8_t elsewhere[18] = {[10] = 0xff, 0xff, 192, 0, 2, 1, 0x11, 0x52};

struct world {
    struct rng random;
    struct env env;
    struct identity a, b;
    struct cookie_baker baker; /* of b */
    struct cookie_jar jar;     /* of a, for b */
    struct handshake handshake;
    uint8_t frame[HANDSHAKE_INITIATION_SIZE], reply[COOKIE_REPLY_SIZE];
};

static struct mono at_ms(uint64_t ms)
{
    return (struct mono){ms * NS_PER_MS};
}

static void world_init(struct world *w)
{
    memset(w, 0, sizeof(*w));
    w->env = test_env_of(&w->random);
    w->a = fixture_identity('a');
    w->b = fixture_identity('b');
    cookie_baker_init(&w->baker, &w->env, at_ms(0));
}

/* A new initiation, ready to be sent. */
static void send_frame(struct world *w, uint64_t ms)
{
    struct handshake_local local = {&w->a, NULL, aead_list_local(), &w->env};

    assert_int_equal(
        handshake_initiate(&w->handshake, &local, w->b.public_key, 0x01020304, 1, w->frame),
        ERR_OK);
    cookie_jar_stamp(&w->jar, w->frame, sizeof(w->frame), at_ms(ms));
}

static bool mac2_ok(struct world *w, const uint8_t *from, uint64_t ms)
{
    return cookie_mac2_ok(&w->baker, w->frame, sizeof(w->frame), from, sizeof(source), at_ms(ms));
}

static void reply_write(struct world *w, uint64_t ms)
{
    cookie_reply_write(&w->baker, &w->b, w->frame, sizeof(w->frame), source, sizeof(source),
                       at_ms(ms), w->reply);
}

static int receive(struct world *w, uint64_t ms)
{
    return cookie_jar_receive(&w->jar, w->b.x25519_public, w->reply, sizeof(w->reply), at_ms(ms));
}

/* The first frame is answered with a cookie, which the second one carries. */
static void send_stamped_frame(struct world *w, uint64_t ms)
{
    send_frame(w, ms);
    reply_write(w, ms);
    assert_int_equal(receive(w, ms), ERR_OK);
    send_frame(w, ms);
}

static void the_second_frame_carries_the_cookie(void **state)
{
    struct world w;
    uint32_t index = 0;

    (void)state;
    world_init(&w);
    send_frame(&w, 0);
    assert_true(sodium_is_zero(w.frame + sizeof(w.frame) - COOKIE_SIZE, COOKIE_SIZE));
    assert_false(mac2_ok(&w, source, 0));
    reply_write(&w, 0);
    assert_true(sizeof(w.reply) < HANDSHAKE_RESPONSE_SIZE); /* never larger than what it answers */
    assert_true(handshake_receiver_index(w.reply, sizeof(w.reply), &index));
    assert_int_equal(index, 0x01020304);
    assert_int_equal(receive(&w, 10), ERR_OK);

    send_frame(&w, 20);
    assert_true(handshake_mac1_ok(&w.b, w.frame, sizeof(w.frame)));
    assert_true(mac2_ok(&w, source, 30));
    assert_false(mac2_ok(&w, elsewhere, 30));
}

static void responses_are_answered_and_stamped_too(void **state)
{
    struct world w;
    struct handshake_initiation initiation;
    struct session_keys keys;
    struct cookie_jar jar = {0};
    uint8_t response[HANDSHAKE_RESPONSE_SIZE];

    (void)state;
    world_init(&w);
    struct handshake_local local = {&w.b, NULL, aead_list_local(), &w.env};

    for (int round = 0; round < 2; round++) {
        send_frame(&w, 0);
        assert_int_equal(handshake_read_initiation(&initiation, &local, w.frame, sizeof(w.frame)),
                         ERR_OK);
        assert_int_equal(handshake_respond(&initiation, &local, 9, response, &keys), ERR_OK);
        cookie_jar_stamp(&jar, response, sizeof(response), at_ms(0));
        assert_int_equal(
            cookie_mac2_ok(&w.baker, response, sizeof(response), source, sizeof(source), at_ms(0)),
            round == 1);
        cookie_reply_write(&w.baker, &w.a, response, sizeof(response), source, sizeof(source),
                           at_ms(0), w.reply);
        assert_int_equal(
            cookie_jar_receive(&jar, w.a.x25519_public, w.reply, sizeof(w.reply), at_ms(0)),
            ERR_OK);
    }
}

static void a_cookie_lives_one_to_two_periods_of_the_secret(void **state)
{
    static const struct {
        uint64_t baked_ms, asked_ms;
        bool want;
    } cases[] = {
        {0, 119999, true},        {0, 120000, true},         {0, 239999, true},
        {0, 240000, false},       {119999, 239999, true},    {119999, 240000, false},
        {120000, 359999, true},   {120000, 360000, false},   {150000, 300000, true},
        {1000000, 1119999, true}, /* long after the last question: drawn anew, then kept */
        {1000000, 1239999, true}, {1000000, 1240000, false},
    };
    struct world w;

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        world_init(&w);
        send_stamped_frame(&w, cases[i].baked_ms); /* while fresh, arriving at asked_ms */
        if (mac2_ok(&w, source, cases[i].asked_ms) != cases[i].want) {
            fail_msg("baked %llu, asked %llu", (unsigned long long)cases[i].baked_ms,
                     (unsigned long long)cases[i].asked_ms);
        }
    }
}

/* Asked in every period, so that each secret follows the one before it. */
static void a_cookie_ends_with_its_secret_under_steady_load(void **state)
{
    struct world w;
    uint8_t old[sizeof(w.frame)];

    (void)state;
    world_init(&w);
    send_stamped_frame(&w, 0);
    memcpy(old, w.frame, sizeof(old));
    for (uint64_t ms = 60000; ms < 240000; ms += 60000) {
        assert_true(mac2_ok(&w, source, ms));
    }
    assert_false(mac2_ok(&w, source, 240000));
    assert_memory_equal(w.frame, old, sizeof(old));
}

static void a_received_cookie_is_used_for_its_time_only(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    send_frame(&w, 0);
    reply_write(&w, 0);
    assert_int_equal(receive(&w, 1000), ERR_OK);
    send_frame(&w, 1000 + COOKIE_FRESH_MS - 1);
    assert_false(sodium_is_zero(w.frame + sizeof(w.frame) - COOKIE_SIZE, COOKIE_SIZE));
    send_frame(&w, 1000 + COOKIE_FRESH_MS);
    assert_true(sodium_is_zero(w.frame + sizeof(w.frame) - COOKIE_SIZE, COOKIE_SIZE));
}

static void refuse(struct world *w, const uint8_t *reply, size_t size)
{
    struct cookie_jar before = w->jar;
    uint8_t *copy = fixture_copy(reply, size);

    assert_int_equal(cookie_jar_receive(&w->jar, w->b.x25519_public, copy, size, at_ms(1)),
                     ERR_DROP);
    assert_memory_equal(&w->jar, &before, sizeof(before));
    free(copy);
}

static void damaged_replies_are_refused_and_change_nothing(void **state)
{
    struct world w;
    uint8_t longer[COOKIE_REPLY_SIZE + 1] = {0};

    (void)state;
    world_init(&w);
    send_frame(&w, 0);
    reply_write(&w, 0);
    memcpy(longer, w.reply, sizeof(w.reply));
    for (size_t size = 0; size < sizeof(w.reply); size++) {
        refuse(&w, w.reply, size);
    }
    refuse(&w, longer, sizeof(longer));
    for (size_t i = 0; i < sizeof(w.reply); i++) {
        if (i >= 4 && i < 8) {
            continue; /* the index by which the caller found this jar */
        }
        w.reply[i] ^= 0x04;
        refuse(&w, w.reply, sizeof(w.reply));
        w.reply[i] ^= 0x04;
    }
    assert_int_equal(receive(&w, 1), ERR_OK);
}

static void replies_that_answer_nothing_of_ours_are_refused(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    send_frame(&w, 0);
    reply_write(&w, 0);
    send_frame(&w, 1); /* another frame: the reply is to an older one */
    refuse(&w, w.reply, sizeof(w.reply));
    reply_write(&w, 1);
    assert_int_equal(
        cookie_jar_receive(&w.jar, w.a.x25519_public, w.reply, sizeof(w.reply), at_ms(1)),
        ERR_DROP); /* of another peer */
    assert_int_equal(receive(&w, 1), ERR_OK);
    refuse(&w, w.reply, sizeof(w.reply)); /* a second time */
    memset(&w.jar, 0, sizeof(w.jar));
    refuse(&w, w.reply, sizeof(w.reply)); /* nothing was ever sent */
}

static void mac2_of_damaged_frames_is_refused(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    send_stamped_frame(&w, 0);
    assert_true(mac2_ok(&w, source, 0));
    for (size_t i = 0; i < sizeof(w.frame); i++) {
        w.frame[i] ^= 0x20;
        assert_false(mac2_ok(&w, source, 0));
        w.frame[i] ^= 0x20;
    }
    for (size_t size = 0; size < sizeof(w.frame); size++) {
        uint8_t *copy = fixture_copy(w.frame, size);

        assert_false(cookie_mac2_ok(&w.baker, copy, size, source, sizeof(source), at_ms(0)));
        free(copy);
    }
    cookie_baker_wipe(&w.baker);
    assert_true(sodium_is_zero((const uint8_t *)&w.baker, sizeof(w.baker)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_frame_carries_the_cookie),
        cmocka_unit_test(responses_are_answered_and_stamped_too),
        cmocka_unit_test(a_cookie_lives_one_to_two_periods_of_the_secret),
        cmocka_unit_test(a_cookie_ends_with_its_secret_under_steady_load),
        cmocka_unit_test(a_received_cookie_is_used_for_its_time_only),
        cmocka_unit_test(damaged_replies_are_refused_and_change_nothing),
        cmocka_unit_test(replies_that_answer_nothing_of_ours_are_refused),
        cmocka_unit_test(mac2_of_damaged_frames_is_refused),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
