/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host that ends in order is known to be away, at once and to all, until it is back. */
#include "client/peer/farewell.h"

#include "client/admin/host_admin.h"
#include "client/core/core_internal.h"
#include "client/peer/presence.h"
#include "tests/support/host_fixture.h"

enum { ICMP_UNREACHABLE = 3, ICMP_CODE_HOST = 1, AT_ONCE_MS = 60 };

static void end_nas(struct lab *lab)
{
    host_core_shutdown(lab->hosts[1].core);
    flush_host(lab, &lab->hosts[1]);
    run_ms(lab, AT_ONCE_MS);
}

static struct peer *nas_of(struct lab *lab)
{
    return lab->hosts[0].core->peers.list[0];
}

static json_int_t connected_count(struct lab *lab)
{
    json_t *request = json_pack("{s:s}", "do", "status");
    json_t *answer = host_admin_request(lab->hosts[0].core, request, lab->now);
    json_int_t count = json_integer_value(json_object_get(answer, "peers_connected"));

    json_decref(request);
    json_decref(answer);
    return count;
}

/* `ziglan ping nas` does not wait for it. */
static void a_ping_is_refused(struct lab *lab)
{
    json_t *request = json_pack("{s:s, s:s}", "do", "ping", "peer", "nas");
    json_t *answer = host_admin_request(lab->hosts[0].core, request, lab->now);

    assert_false(json_is_true(json_object_get(answer, "ok")));
    assert_non_null(strstr(json_string_value(json_object_get(answer, "error")), "offline"));
    json_decref(request);
    json_decref(answer);
}

/* A packet to nas comes back as an ICMP error, and nothing is sent for it. */
static void nas_is_unreachable(struct lab *lab)
{
    struct host_node *anna = &lab->hosts[0];
    uint64_t frames = anna->core->dataplane.counters.frames_out;

    anna->last_size = 0;
    send_ping(lab, 84);
    assert_true(anna->last_size > 28);
    assert_int_equal(anna->last[20], ICMP_UNREACHABLE);
    assert_int_equal(anna->last[21], ICMP_CODE_HOST);
    assert_int_equal(anna->core->dataplane.counters.frames_out, frames);
}

static void a_direct_peer_that_ends_is_offline_at_once(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 2000);
    assert_string_equal(state_of_nas(lab), "direct");
    assert_int_equal(connected_count(lab), 1);
    end_nas(lab);
    assert_string_equal(state_of_nas(lab), "offline");
    assert_int_equal(connected_count(lab), 0);
    assert_null(nas_of(lab)->conversation);
    nas_is_unreachable(lab);
    a_ping_is_refused(lab);
    lab_free(lab);
}

static void so_is_a_relayed_one(void **state)
{
    struct lab *lab = lab_relayed();

    (void)state;
    assert_string_equal(state_of_nas(lab), "relayed");
    end_nas(lab);
    assert_string_equal(state_of_nas(lab), "offline");
    nas_is_unreachable(lab);
    lab_free(lab);
}

static void so_is_one_to_whom_nobody_talked(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    assert_string_equal(state_of_nas(lab), "online");
    end_nas(lab);
    assert_string_equal(state_of_nas(lab), "offline");
    nas_is_unreachable(lab);
    assert_null(nas_of(lab)->conversation);
    lab_free(lab);
}

/* A peer that is known by its goodbye only: the relay is gone. */
static void a_direct_goodbye_needs_no_relay(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 2000);
    relay_node_stop(&lab->relay);
    end_nas(lab);
    assert_string_equal(state_of_nas(lab), "offline");
    run_ms(lab, 60000); /* without a relay nobody says when it is back */
    assert_string_equal(state_of_nas(lab), "unknown");
    lab_free(lab);
}

static void who_is_back_is_reached_at_once(void **state)
{
    struct lab *lab = lab_relayed();

    (void)state;
    end_nas(lab);
    nas_is_unreachable(lab);
    run_ms(lab, 10000);
    nas_is_unreachable(lab);
    lab_restart(lab, 1);
    run_ms(lab, 500);
    size_t before = lab->hosts[1].delivered;
    send_ping(lab, 84);
    run_ms(lab, 200);
    assert_int_equal(lab->hosts[1].delivered, before + 1);
    assert_string_equal(state_of_nas(lab), "relayed");
    lab_free(lab);
}

/* Its entry point took it for gone, and is wrong: what comes from it later shows that. */
static void a_peer_whose_frames_come_is_there_whatever_was_said(void **state)
{
    struct lab *lab = lab_relayed();

    (void)state;
    roster_all_offline(ziglan_at(lab, 0)->roster);
    presence_on_away(nas_of(lab), &lab->hosts[0].core->ziglans, lab->now);
    send_ping_between(lab, 1, "anna", 84); /* it may have left before */
    run_ms(lab, AT_ONCE_MS);
    assert_string_equal(state_of_nas(lab), "offline");
    run_ms(lab, PRESENCE_LATE_MS);
    send_ping_between(lab, 1, "anna", 84);
    run_ms(lab, AT_ONCE_MS);
    next_ping_arrives(lab, 84, AT_ONCE_MS);
    assert_string_equal(state_of_nas(lab), "relayed");
    lab_free(lab);
}

/* A goodbye that was on its way for long does not end what began since. */
static void a_goodbye_of_a_former_session_does_not_count(void **state)
{
    struct lab *lab = lab_relayed();
    struct conversation *a = conversation_at(lab, 0);
    struct noise_session former = *a->sessions.current;

    (void)state;
    former.made_at.ns -= 2 * FAREWELL_TWIN_MS * NS_PER_MS;
    a->sessions.current->made_at = lab->now;
    farewell_receive(a, &former, lab->now);
    assert_ptr_equal(nas_of(lab)->conversation, a);
    assert_string_equal(state_of_nas(lab), "relayed");
    lab_free(lab);
}

/* Nobody can tell who is there while the relay is away. Its goodbye is no goodbye of its hosts. */
static void without_a_relay_nobody_is_offline(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    assert_string_equal(state_of_nas(lab), "online");
    relay_core_shutdown(lab->relay.core, 1000, false, lab->now);
    (void)relay_node_pump(&lab->relay, lab->now);
    run_ms(lab, 500);
    assert_string_equal(state_of_nas(lab), "unknown");
    lab_free(lab);
}

/* Its session to the relay ends in order, but it answers directly. */
static void who_answers_directly_is_not_offline(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 2000);
    relay_session_close(ziglan_at(lab, 1)->entry_point, UINT64_MAX, lab->now);
    flush_host(lab, &lab->hosts[1]);
    run_ms(lab, 2000);
    assert_false(peer_member(nas_of(lab))->online);
    assert_string_equal(state_of_nas(lab), "direct");
    size_t before = lab->hosts[1].delivered;
    send_ping(lab, 84);
    run_ms(lab, 100);
    assert_int_equal(lab->hosts[1].delivered, before + 1);
    lab->cut_direct = true; /* and when it does not any more, it is */
    for (int i = 0; i < 20; i++) {
        send_ping(lab, 84);
        run_ms(lab, 50);
    }
    assert_string_equal(state_of_nas(lab), "offline");
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_direct_peer_that_ends_is_offline_at_once),
        cmocka_unit_test(so_is_a_relayed_one),
        cmocka_unit_test(so_is_one_to_whom_nobody_talked),
        cmocka_unit_test(a_direct_goodbye_needs_no_relay),
        cmocka_unit_test(who_is_back_is_reached_at_once),
        cmocka_unit_test(a_peer_whose_frames_come_is_there_whatever_was_said),
        cmocka_unit_test(a_goodbye_of_a_former_session_does_not_count),
        cmocka_unit_test(without_a_relay_nobody_is_offline),
        cmocka_unit_test(who_answers_directly_is_not_offline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
