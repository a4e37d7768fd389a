/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pings of peers that a person asked for. */
#include "client/admin/host_admin.h"
#include "client/core/membership.h"
#include "client/peer/ping_request.h"
#include "relayd/core/core.h"

#include "tests/support/host_fixture.h"

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
    /* The removal is heard of before the ping leaves. */
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
    for (int i = 0; i < 300; i++) {
        run_ms(lab, 1000);
    }
    assert_null(lab->hosts[0].core->peers.list[0]->conversation);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ping_under_way_begins_nothing_with_a_removed_member),
        cmocka_unit_test(a_ping_without_answer_is_over_after_its_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
