/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a host binds its end of a lane (proto/crypto/lane.h). */
#include "proto/crypto/lane.h"

#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/instants.h"

enum { LABEL = 7, OWNER = 4711 };

static const uint8_t secret[LANE_SECRET_SIZE] = "the secret of an end of a lane.";

static struct lane fresh(void)
{
    struct lane lane;

    lane_init(&lane, LABEL, secret, test_at_ms(0));
    return lane;
}

/* The bind that is due now. */
static struct lane_message bind_now(struct lane *lane, uint64_t ms)
{
    uint8_t bytes[LANE_BIND_SIZE];
    struct lane_message m;

    assert_true(lane_bind_due(lane, OWNER, bytes, test_at_ms(ms)));
    assert_int_equal(lane_bind_decode(&m, bytes, sizeof(bytes)), ERR_OK);
    assert_true(lane_mac_ok(bytes, sizeof(bytes), secret));
    assert_int_equal(m.label, LABEL);
    assert_int_equal(lane_owner(&m), OWNER);
    return m;
}

static bool bound(struct lane *lane, const struct lane_message *m, const uint8_t *with)
{
    uint8_t bytes[LANE_BOUND_SIZE];

    lane_bound_encode(bytes, m, with);
    return lane_on_bound(lane, m, bytes);
}

static bool is_zero(const uint8_t *cookie)
{
    static const uint8_t zeros[LANE_COOKIE_SIZE];

    return memcmp(cookie, zeros, sizeof(zeros)) == 0;
}

static void two_binds_and_two_answers_bind_it(void **state)
{
    struct lane lane = fresh();
    struct lane_message first = bind_now(&lane, 0), second;

    (void)state;
    assert_true(is_zero(first.cookie));
    memcpy(first.cookie, "fifteen letters", LANE_COOKIE_SIZE);
    assert_true(lane_on_challenge(&lane, &first, test_at_ms(20)));
    second = bind_now(&lane, 20);
    assert_memory_equal(second.cookie, "fifteen letters", LANE_COOKIE_SIZE);
    assert_true(second.nonce > first.nonce);
    assert_false(lane.bound);
    assert_true(bound(&lane, &second, secret));
    assert_true(lane.bound);
    assert_int_equal(lane.bind_at.ns, MONO_NEVER.ns);
}

static void answers_to_nothing_of_ours_change_nothing(void **state)
{
    static const uint8_t other[LANE_SECRET_SIZE] = {1};
    struct lane lane = fresh();
    struct lane_message m = {.label = LABEL};

    (void)state;
    assert_false(lane_on_challenge(&lane, &m, test_at_ms(0))); /* before any bind */
    assert_false(bound(&lane, &m, secret));
    m = bind_now(&lane, 0);
    assert_false(bound(&lane, &m, other));
    m.nonce++;
    assert_false(lane_on_challenge(&lane, &m, test_at_ms(1)));
    assert_false(bound(&lane, &m, secret));
    assert_false(lane.bound);
}

static void what_is_not_answered_is_repeated_ever_more_rarely_and_given_up(void **state)
{
    struct lane lane = fresh();
    uint8_t bytes[LANE_BIND_SIZE];
    uint64_t last = 0;
    unsigned binds = 0;

    (void)state;
    for (uint64_t ms = 0; ms < 20000; ms += 10) {
        if (lane_bind_due(&lane, OWNER, bytes, test_at_ms(ms))) {
            struct lane_message m;

            assert_int_equal(lane_bind_decode(&m, bytes, sizeof(bytes)), ERR_OK);
            assert_true(m.nonce > last);
            last = m.nonce;
            binds++;
        }
    }
    assert_int_equal(binds, LANE_BINDS_MAX);
    assert_true(lane_failed(&lane, test_at_ms(20000)));
    assert_false(lane_failed(&lane, test_at_ms(LANE_BIND_MS * 30)));
}

static void a_challenge_out_of_the_blue_binds_again(void **state)
{
    struct lane lane = fresh();
    struct lane_message m = bind_now(&lane, 0);

    (void)state;
    assert_true(bound(&lane, &m, secret));
    m.cookie[0] = 1;
    assert_true(lane_on_challenge(&lane, &m, test_at_ms(60000)));  /* our mapping moved */
    assert_false(lane_on_challenge(&lane, &m, test_at_ms(60000))); /* the same once more */
    assert_false(is_zero(bind_now(&lane, 60000).cookie));
    assert_true(is_zero(bind_now(&lane, 60000 + LANE_BIND_MS).cookie));
    assert_true(lane.bound);
}

/* Answers of a relay so far away, which is a queue of them here. */
struct far_relay {
    uint64_t way_ms;
    struct {
        uint64_t at_ms;
        struct lane_message m;
        bool bound;
    } answers[64];
    size_t count, given;
    unsigned binds;
};

static void far_relay_take(struct far_relay *relay, struct lane_message m, uint64_t ms)
{
    relay->binds++;
    assert_true(relay->count < 64);
    relay->answers[relay->count].at_ms = ms + relay->way_ms;
    relay->answers[relay->count].bound = !is_zero(m.cookie);
    memset(m.cookie, 1, sizeof(m.cookie));
    relay->answers[relay->count++].m = m;
}

static void a_relay_that_is_far_away_is_understood(void **state)
{
    (void)state;
    for (uint64_t way_ms = 10; way_ms <= 600; way_ms += 10) {
        struct far_relay relay = {.way_ms = way_ms};
        struct lane lane = fresh();
        uint8_t bytes[LANE_BIND_SIZE];
        uint64_t bound_ms = 0;

        for (uint64_t ms = 0; ms < 20000; ms += 10) {
            struct lane_message m;

            for (; relay.given < relay.count && relay.answers[relay.given].at_ms <= ms;
                 relay.given++) {
                if (relay.answers[relay.given].bound) {
                    (void)bound(&lane, &relay.answers[relay.given].m, secret);
                } else {
                    (void)lane_on_challenge(&lane, &relay.answers[relay.given].m, test_at_ms(ms));
                }
            }
            if (lane_bind_due(&lane, OWNER, bytes, test_at_ms(ms))) {
                assert_int_equal(lane_bind_decode(&m, bytes, sizeof(bytes)), ERR_OK);
                far_relay_take(&relay, m, ms);
            }
            bound_ms = lane.bound && bound_ms == 0 ? ms : bound_ms;
        }
        assert_true(lane.bound);
        assert_true(bound_ms <= 2 * way_ms + 20); /* two round trips */
        assert_int_equal(lane.bind_at.ns, MONO_NEVER.ns);
        assert_true(relay.binds <= 8); /* and then it is quiet */
    }
}

static void nonces_grow_also_when_a_lane_is_made_anew(void **state)
{
    struct lane lane = fresh();
    uint64_t last = 0;

    (void)state;
    for (uint64_t ms = 0; ms < 2000; ms += LANE_BIND_MS) {
        struct lane_message m = {0};

        lane_rebind(&lane, test_at_ms(ms));
        m = bind_now(&lane, ms);
        assert_true(m.nonce > last);
        last = m.nonce;
    }
    lane = fresh();
    assert_true(bind_now(&lane, 4000).nonce > last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_binds_and_two_answers_bind_it),
        cmocka_unit_test(answers_to_nothing_of_ours_change_nothing),
        cmocka_unit_test(what_is_not_answered_is_repeated_ever_more_rarely_and_given_up),
        cmocka_unit_test(a_challenge_out_of_the_blue_binds_again),
        cmocka_unit_test(a_relay_that_is_far_away_is_understood),
        cmocka_unit_test(nonces_grow_also_when_a_lane_is_made_anew),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
