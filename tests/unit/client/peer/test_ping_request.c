/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pings of a peer that a user asked for. */
#include "client/admin/host_admin.h"
#include "client/core/membership.h"
#include "client/peer/ping_request.h"

#include "tests/support/host_fixture.h"
#include "tests/support/instants.h"

/* ---- the table ---- */

static void a_place_is_free_again_when_its_time_is_over(void **state)
{
    struct ping_requests requests = {0};
    struct peer peer = {0};

    (void)state;
    for (uint32_t i = 1; i <= PING_REQUESTS_MAX; i++) {
        const struct ping_request *request = ping_request_begin(&requests, &peer, test_at_ms(0));

        assert_non_null(request);
        assert_int_equal(request->ticket, i);
        assert_ptr_equal(ping_request_find(&requests, i), request);
    }
    assert_null(ping_request_begin(&requests, &peer, test_at_ms(PING_REQUEST_TIMEOUT_MS)));
    const struct ping_request *next =
        ping_request_begin(&requests, &peer, test_at_ms(PING_REQUEST_TIMEOUT_MS + 1));
    assert_non_null(next);
    assert_int_equal(next->ticket, PING_REQUESTS_MAX + 1);
    assert_null(ping_request_find(&requests, 1)); /* its place was taken */
    assert_non_null(ping_request_find(&requests, 2));
}

static void a_request_is_found_only_by_its_own_ticket(void **state)
{
    static const int64_t others[] = {0, -1, 2, INT64_MIN, INT64_MAX, (INT64_C(1) << 32) + 1};
    struct ping_requests requests = {0};
    struct peer peer = {0};

    (void)state;
    assert_non_null(ping_request_begin(&requests, &peer, test_at_ms(0)));
    assert_non_null(ping_request_find(&requests, 1));
    for (size_t i = 0; i < TEST_COUNT(others); i++) {
        assert_null(ping_request_find(&requests, others[i]));
    }
    requests.ticket_last = INT32_MAX; /* the largest one; the next is 1 again */
    const struct ping_request *request = ping_request_begin(&requests, &peer, test_at_ms(0));
    assert_non_null(request);
    assert_int_equal(request->ticket, 1);
}

static void only_a_pong_of_that_peer_to_that_ping_answers(void **state)
{
    static const struct {
        const char *name;
        bool other_peer, forgotten, answered_before;
        uint64_t sent, pong; /* transactions; 0: not sent yet */
        bool want;
    } cases[] = {
        {"its pong", false, false, false, 7, 7, true},
        {"another transaction", false, false, false, 7, 9, false},
        {"no transaction, and it was not sent yet", false, false, false, 0, 0, false},
        {"another peer's", true, false, false, 7, 7, false},
        {"its pong once more", false, false, true, 7, 7, false},
        {"the peer was removed", false, true, false, 7, 7, false},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct ping_requests requests = {0};
        struct peer peer = {0}, other = {0};
        struct ping_request *request = ping_request_begin(&requests, &peer, test_at_ms(0));

        assert_non_null(request);
        request->transaction = cases[i].sent;
        request->sent_at = test_at_ms(10);
        if (cases[i].forgotten) {
            ping_request_forget(&requests, &peer);
        }
        if (cases[i].answered_before) {
            assert_true(ping_request_answer(&requests, &peer, 7, false, test_at_ms(20)));
        }
        if (ping_request_answer(&requests, cases[i].other_peer ? &other : &peer, cases[i].pong,
                                true, test_at_ms(52)) != cases[i].want) {
            fail_msg("%s", cases[i].name);
        }
        assert_int_equal(request->done, cases[i].want || cases[i].answered_before);
        if (cases[i].want) {
            assert_int_equal(request->rtt_ns, 42 * NS_PER_MS);
            assert_true(request->relayed);
        }
    }
}

static void a_request_waits_until_it_is_sent_or_over(void **state)
{
    static const struct {
        const char *name;
        bool sent, done, forgotten;
        uint64_t ms;
        bool want;
    } cases[] = {
        {"fresh", false, false, false, 0, true},
        {"to the end of its time", false, false, false, PING_REQUEST_TIMEOUT_MS, true},
        {"over", false, false, false, PING_REQUEST_TIMEOUT_MS + 1, false},
        {"sent", true, false, false, 0, false},
        {"answered", true, true, false, 0, false},
        {"the peer was removed", false, false, true, 0, false},
    };
    struct ping_request unused = {.sent_at = MONO_NEVER};

    (void)state;
    assert_false(ping_request_waits(&unused, test_at_ms(0)));
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct ping_requests requests = {0};
        struct peer peer = {0}, other = {0};
        struct ping_request *request = ping_request_begin(&requests, &peer, test_at_ms(0));

        assert_non_null(request);
        request->sent_at = cases[i].sent ? test_at_ms(0) : request->sent_at;
        request->done = cases[i].done;
        ping_request_forget(&requests, cases[i].forgotten ? &peer : &other);
        if (ping_request_waits(request, test_at_ms(cases[i].ms)) != cases[i].want) {
            fail_msg("%s", cases[i].name);
        }
    }
}

/* ---- in a host ---- */

static void a_ping_under_way_begins_nothing_with_a_removed_member(void **state)
{
    struct lab *lab = lab_joined();
    uint8_t key[KEY_SIZE];
    json_t *request = json_pack("{s:s, s:s}", "do", "ping", "peer", "nas");
    json_t *answer = host_admin_request(lab->hosts[0].core, request, lab->now);

    (void)state;
    assert_true(json_is_true(json_object_get(answer, "ok")));
    json_decref(answer);
    json_decref(request);
    /* The host hears of the removal before the ping leaves. */
    memcpy(key, lab->hosts[1].identity.public_key, KEY_SIZE);
    membership_on_effect(lab->hosts[0].core, ziglan_at(lab, 0), ROSTER_EFFECT_REMOVED, key,
                         lab->now);
    assert_null(lab->hosts[0].core->peers.list[0]);
    host_core_expire(lab->hosts[0].core, &lab->hosts[0].io, lab->now);
    assert_int_equal(lab->hosts[0].core->conversations.count, 0);
    lab_free(lab);
}

static void a_ping_without_answer_is_over_after_its_time(void **state)
{
    struct lab *lab = lab_joined();
    json_t *request = json_pack("{s:s, s:s}", "do", "ping", "peer", "nas");

    (void)state;
    relay_node_stop(&lab->relay);
    json_decref(host_admin_request(lab->hosts[0].core, request, lab->now));
    json_decref(request);
    run_ms(lab, 1000);
    assert_non_null(conversation_at(lab, 0)); /* it was begun for the ping */
    for (int i = 0; i < 299; i++) {
        run_ms(lab, 1000);
    }
    assert_null(lab->hosts[0].core->peers.list[0]->conversation);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_is_free_again_when_its_time_is_over),
        cmocka_unit_test(a_request_is_found_only_by_its_own_ticket),
        cmocka_unit_test(only_a_pong_of_that_peer_to_that_ping_answers),
        cmocka_unit_test(a_request_waits_until_it_is_sent_or_over),
        cmocka_unit_test(a_ping_under_way_begins_nothing_with_a_removed_member),
        cmocka_unit_test(a_ping_without_answer_is_over_after_its_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
