/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many packets go to addresses that never answered: of one path, of one peer, of all peers. */
#include "client/path/allowance.h"

#include "tests/support/endpoints.h"
#include "tests/support/fixture.h"
#include "tests/support/instants.h"

enum { PEER_BURST = 256, PEER_PER_S = 4, LEARNED_BURST = 8 };

static struct path path_to(unsigned number, bool observed)
{
    static const struct endpoint any = {.port = 0};
    struct endpoint remote = test_endpoint(number, 5000);
    struct path path;

    path_init(&path, &any, &remote, observed, 1300, test_at_ms(0));
    return path;
}

/* How many of `count` packets may go. */
static size_t taken(struct allowance *allowance, const struct path *path, size_t count,
                    struct mono now)
{
    size_t sent = 0;

    for (size_t i = 0; i < count; i++) {
        sent += allowance_take(allowance, path, now) ? 1 : 0;
    }
    return sent;
}

static void packets_of_one_peer_are_counted_over_all_its_silent_addresses(void **state)
{
    struct allowance_total total;
    struct allowance allowance;
    struct path paths[2] = {path_to(1, true), path_to(2, true)};

    (void)state;
    allowance_total_init(&total, test_at_ms(0));
    allowance_init(&allowance, &total, test_at_ms(0));
    assert_int_equal(taken(&allowance, &paths[0], 100, test_at_ms(0)), 100);
    assert_int_equal(taken(&allowance, NULL, 100, test_at_ms(0)),
                     100); /* an address without a path */
    assert_int_equal(taken(&allowance, &paths[1], 100, test_at_ms(0)), PEER_BURST - 200);
    assert_int_equal(taken(&allowance, NULL, 1, test_at_ms(0)), 0);
    assert_int_equal(taken(&allowance, NULL, 100, test_at_ms(1000)), PEER_PER_S);
    assert_int_equal(taken(&allowance, NULL, 1000, test_at_ms(1000 * 1000)), PEER_BURST);
}

static void a_path_that_answered_is_free_and_one_that_was_only_heard_is_not(void **state)
{
    static const struct {
        const char *name;
        bool heard, answered;
        size_t want;
    } cases[] = {
        {"silent", false, false, PEER_BURST},
        {"heard: a source may be forged", true, false, PEER_BURST},
        {"answered", true, true, 10000},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct allowance_total total;
        struct allowance allowance;
        struct path path = path_to(1, true);

        path.heard = cases[i].heard;
        path.answered = cases[i].answered;
        allowance_total_init(&total, test_at_ms(0));
        allowance_init(&allowance, &total, test_at_ms(0));
        if (taken(&allowance, &path, 10000, test_at_ms(0)) != cases[i].want) {
            fail_msg("%s", cases[i].name);
        }
        /* A packet that is free takes nothing from the allowance. */
        assert_int_equal(taken(&allowance, NULL, 1000, test_at_ms(0)),
                         cases[i].answered ? PEER_BURST : 0);
    }
}

static void all_peers_share_a_bound(void **state)
{
    enum { PEERS = ALLOWANCE_SILENT_BURST / PEER_BURST + 4 };
    struct allowance_total total;
    struct allowance peers[PEERS];
    size_t sent = 0;

    (void)state;
    allowance_total_init(&total, test_at_ms(0));
    for (size_t round = 0; round < 3; round++) {
        struct mono now = test_at_ms(1000 * round);

        for (size_t i = 0; i < PEERS; i++) {
            allowance_init(&peers[i], &total, now); /* the underlay changed: each is full again */
            sent += taken(&peers[i], NULL, 1000, now);
        }
        assert_int_equal(sent, ALLOWANCE_SILENT_BURST + round * ALLOWANCE_SILENT_PER_S);
    }
}

static void pings_count_against_the_bound_of_their_path_too(void **state)
{
    static const struct {
        const char *name;
        bool observed, heard;
        size_t want;
    } cases[] = {
        {"told by the peer", false, false, PATH_UNOBSERVED_PINGS_MAX},
        {"observed by a relay", true, false, PATH_SILENT_PINGS_MAX},
        {"heard", false, true, PEER_BURST},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct allowance_total total;
        struct allowance allowance;
        struct path path = path_to(1, cases[i].observed);
        size_t sent = 0;

        path.heard = cases[i].heard;
        allowance_total_init(&total, test_at_ms(0));
        allowance_init(&allowance, &total, test_at_ms(0));
        for (uint64_t k = 1; k <= 1000; k++) {
            if (allowance_take_ping(&allowance, &path, test_at_ms(0))) {
                path_on_ping_sent(&path, k, 64, test_at_ms(0));
                sent++;
            }
        }
        if (sent != cases[i].want) {
            fail_msg("%s: %zu", cases[i].name, sent);
        }
        /* A ping that its path's bound refuses costs the peer nothing. */
        assert_int_equal(taken(&allowance, NULL, 1000, test_at_ms(0)), PEER_BURST - sent);
    }
}

static void new_paths_are_learnt_one_in_a_second(void **state)
{
    struct allowance_total total;
    struct allowance allowance;
    size_t learned = 0;

    (void)state;
    allowance_total_init(&total, test_at_ms(0));
    allowance_init(&allowance, &total, test_at_ms(0));
    for (uint64_t ms = 0; ms < 10 * 1000; ms += 100) {
        learned += allowance_take_learned(&allowance, test_at_ms(ms)) ? 1 : 0;
    }
    assert_int_equal(learned, LEARNED_BURST + 9);
    assert_int_equal(taken(&allowance, NULL, 1000, test_at_ms(0)),
                     PEER_BURST); /* another allowance */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_of_one_peer_are_counted_over_all_its_silent_addresses),
        cmocka_unit_test(a_path_that_answered_is_free_and_one_that_was_only_heard_is_not),
        cmocka_unit_test(all_peers_share_a_bound),
        cmocka_unit_test(pings_count_against_the_bound_of_their_path_too),
        cmocka_unit_test(new_paths_are_learnt_one_in_a_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
