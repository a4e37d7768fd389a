/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which addresses of a relay are dialled, and when. */
#include "client/stun2/relay_session.h"
#include "client/ziglan/ziglan_state.h"

#include "tests/support/fixture.h"
#include "tests/support/host_fixture.h"

static void an_entry_point_that_moves_often_is_still_dialled(void **state)
{
    struct url url = {.kind = URL_KIND_ZIGLAN, .hosts_count = 1};
    struct relay_session relay = {0};
    struct mono now = {NS_PER_S};
    struct endpoint last = {0};

    (void)state;
    (void)snprintf(url.hosts[0].name, sizeof(url.hosts[0].name), "relay.example");
    relay_session_begin(&relay, &url, now);
    for (uint8_t i = 1; i <= 40; i++) {
        const uint8_t ip[4] = {203, 0, 113, i};

        last = endpoint_v4(ip, 0);
        relay_session_resolved(&relay, 0, &last, 1, now);
    }
    last.port = RELAY_TARGETS_PORT_FIRST;
    assert_int_equal(relay.targets.count, 2);
    assert_true(endpoint_equal(&relay.targets.list[0], &last));
    relay_session_resolved(&relay, 0, NULL, 0, now); /* the resolver fails: the last known stays */
    assert_int_equal(relay.targets.count, 2);
}

static void a_name_that_resolves_does_not_cut_a_wait_short(void **state)
{
    struct lab *lab = lab_joined();
    struct ziglan *ziglan = ziglan_at(lab, 0);
    struct relay_session *relay = ziglan->entry_point;
    struct endpoint addr = lab->relay.address;

    (void)state;
    relay_session_close(relay, 30000, lab->now);
    struct mono wait_end = relay->dial_at;
    relay_session_resolved(relay, 0, &addr, 1, lab->now);
    assert_int_equal(relay->dial_at.ns, wait_end.ns);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_point_that_moves_often_is_still_dialled),
        cmocka_unit_test(a_name_that_resolves_does_not_cut_a_wait_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
