/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When members were here last, their bytes, and memberships that end. */
#include "relayd/service/use.h"

#include "relayd/core/core_internal.h"
#include "relayd/service/operator_adjust.h"
#include "tests/support/disk.h"
#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

enum { PASSED_SIZE = 64 /* of the frame of client_frame_passes */ };

static struct directory_use use_of_client(struct world *w, const struct client *c)
{
    struct directory_use use;

    assert_int_equal(use_of(&w->relay.core->use, c->identity.public_key, &use), VERDICT_OK);
    return use;
}

static void bytes_are_told_at_once_and_stay_over_a_restart(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    uint64_t seen_ms;

    (void)state;
    world_members(w, 2);
    assert_true(client_frame_passes(w, a, b));
    assert_true(client_frame_passes(w, a, b));
    assert_true(client_frame_passes(w, b, a));
    assert_int_equal(use_of_client(w, a).rx_bytes, 2 * PASSED_SIZE);
    assert_int_equal(use_of_client(w, a).tx_bytes, PASSED_SIZE);
    assert_int_equal(use_of_client(w, b).tx_bytes, 2 * PASSED_SIZE);
    link_hub_close(b->hub, b->handle, 0, "bye", w->now);
    world_run(w, 200);
    seen_ms = use_of_client(w, b).seen_ms;
    assert_true(seen_ms > 0);
    world_run(w, 20000);
    assert_int_equal(use_of_client(w, b).seen_ms, seen_ms);
    assert_int_equal(use_of_client(w, a).seen_ms, env_wall_ms(&w->ports.env));
    relay_core_shutdown(w->relay.core, 0, false, w->now);
    relay_node_stop(&w->relay);
    world_core_start(w);
    assert_int_equal(use_of_client(w, a).rx_bytes, 2 * PASSED_SIZE);
    assert_int_equal(use_of_client(w, b).tx_bytes, 2 * PASSED_SIZE);
    assert_int_equal(use_of_client(w, b).seen_ms, seen_ms);
    world_free(w);
}

/* A store on a slow disk: what is counted is written by one transaction in five minutes. */
static void packets_cost_no_writes(void **state)
{
    struct test_disk disk;
    struct world *w = world_new(NULL);
    size_t rows;

    (void)state;
    world_members(w, 2);
    test_disk_put_under(&disk, w->relay.store);
    for (int i = 0; i < 20; i++) {
        assert_true(client_frame_passes(w, &w->clients[0], &w->clients[1]));
    }
    assert_int_equal(disk.writes_most, 0);
    world_run(w, USE_SAVE_MS + HOUSEKEEPING_MS);
    rows = disk.writes_most;
    assert_in_range(rows, 2, 2);
    assert_int_equal(use_of_client(w, &w->clients[0]).rx_bytes, 20 * PASSED_SIZE);
    /* A crash now loses nothing of that. */
    relay_node_stop(&w->relay);
    world_core_start(w);
    assert_int_equal(use_of_client(w, &w->clients[0]).rx_bytes, 20 * PASSED_SIZE);
    world_free(w);
}

/* Sessions that end between two writes are kept in a table; who fills it makes one write. */
static void who_comes_and_goes_does_not_fill_the_memory(void **state)
{
    struct world *w = world_new(NULL);
    struct use_service *uses = &w->relay.core->use;
    struct relay_client client = {.use = {.member = true, .rx_bytes = 3}};

    (void)state;
    world_members(w, 1);
    memcpy(client.key, w->clients[0].identity.public_key, KEY_SIZE);
    for (int i = 0; i < 3 * USE_PARTED_MAX; i++) {
        use_on_closed(uses, &client);
        assert_true(uses->parted_count <= USE_PARTED_MAX);
    }
    client.use.member = false; /* a stranger's session */
    use_on_closed(uses, &client);
    assert_int_equal(use_of_client(w, &w->clients[0]).rx_bytes, 9 * USE_PARTED_MAX);
    world_free(w);
}

static void a_membership_ends_when_the_operator_says(void **state)
{
    struct world *w = world_new(NULL);
    struct operator_service *verbs = relay_core_operator(w->relay.core);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    struct who_fits who;
    const Ziglan__Control *answer;
    uint64_t wall_ms;

    (void)state;
    world_members(w, 2);
    wall_ms = env_wall_ms(&w->ports.env);
    assert_int_equal(operator_expire(verbs, "host1", wall_ms, &who, w->now), VERDICT_BAD_REQUEST);
    assert_int_equal(operator_expire(verbs, "nobody", 0, &who, w->now), VERDICT_NOT_FOUND);
    assert_int_equal(operator_expire(verbs, "host1", wall_ms + 20000, &who, w->now), VERDICT_OK);
    world_run(w, 15000);
    assert_true(client_frame_passes(w, a, b));
    world_run(w, 5000);
    assert_int_equal(client_got(w, b, ZIGLAN__CONTROL__BODY_GO_AWAY)->go_away->reason,
                     GOAWAY_NOT_ADMITTED);
    assert_false(client_frame_passes(w, a, b));
    client_forget(b);
    client_dial(w, b);
    assert_true(b->open); /* as a stranger's */
    assert_false(client_frame_passes(w, b, a));
    client_join(w, b, NULL, "host1");
    answer = client_got(w, b, ZIGLAN__CONTROL__BODY_ERROR);
    assert_non_null(answer);
    assert_int_equal(answer->error->code, VERDICT_ENDED);
    assert_non_null(strstr(answer->error->text, "membership ended at 20"));
    assert_int_equal(world_counters(w).join_ended, 1);
    assert_int_equal(operator_expire(verbs, "host1", 0, &who, w->now), VERDICT_OK);
    client_forget(b);
    client_join(w, b, NULL, "host1");
    assert_non_null(client_got(w, b, ZIGLAN__CONTROL__BODY_JOINED));
    assert_true(client_frame_passes(w, b, a));
    world_free(w);
}

static void groups_are_added_and_removed(void **state)
{
    struct world *w = world_new(NULL);
    struct operator_service *verbs = relay_core_operator(w->relay.core);
    struct operator_groups groups = {0};
    char text[DIRECTORY_GROUPS_TEXT_SIZE];
    struct who_fits who;

    (void)state;
    world_members(w, 1);
    assert_int_equal(directory_groups_add(&groups.add, "family"), ERR_OK);
    assert_int_equal(directory_groups_add(&groups.add, "work"), ERR_OK);
    assert_int_equal(operator_group(verbs, "host0", &groups, &who, w->now), VERDICT_OK);
    groups = (struct operator_groups){0};
    assert_int_equal(directory_groups_add(&groups.remove, "family"), ERR_OK);
    assert_int_equal(directory_groups_add(&groups.add, "tv"), ERR_OK);
    assert_int_equal(operator_group(verbs, "host0", &groups, &who, w->now), VERDICT_OK);
    assert_string_equal(directory_groups_text(&groups.result, text), "work,tv");
    groups = (struct operator_groups){0}; /* only to see them */
    assert_int_equal(operator_group(verbs, "host0", &groups, &who, w->now), VERDICT_OK);
    assert_string_equal(directory_groups_text(&groups.result, text), "work,tv");
    for (int i = 0; i < DIRECTORY_GROUPS_MAX; i++) {
        char name[] = "a";

        name[0] = (char)('a' + i);
        assert_int_equal(directory_groups_add(&groups.add, name), ERR_OK);
    }
    assert_int_equal(operator_group(verbs, "host0", &groups, &who, w->now), VERDICT_LIMIT);
    assert_int_equal(operator_note(verbs, "host0", "mine", &who, w->now), VERDICT_OK);
    assert_int_equal(operator_note(verbs, "host0", "\x1b[31m", &who, w->now), VERDICT_BAD_REQUEST);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_told_at_once_and_stay_over_a_restart),
        cmocka_unit_test(packets_cost_no_writes),
        cmocka_unit_test(who_comes_and_goes_does_not_fill_the_memory),
        cmocka_unit_test(a_membership_ends_when_the_operator_says),
        cmocka_unit_test(groups_are_added_and_removed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
