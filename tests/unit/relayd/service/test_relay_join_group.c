/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Joins of one turn of the relay: one transaction, answered when it is on the disk. */
#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

#include "relayd/core/core_internal.h"
#include "rendezvous/store/store_memory.h"

/* Counts the commits of the store, and lets the next `fail` of them fail. */
static struct {
    struct world *world;
    const struct store_ops *real;
    struct store_ops ops;
    int commits, fail;
    uint64_t answered_before; /* control messages that had been sent at the first commit */
} watched;

static int commit_watched(struct store *store)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(watched.world->relay.core, &snapshot, watched.world->now);
    if (watched.commits++ == 0) {
        watched.answered_before = snapshot.link.control_sent;
    }
    if (watched.fail > 0) {
        watched.fail--;
        watched.real->abort(store);
        return ERR_SYSTEM;
    }
    return watched.real->commit(store);
}

static struct world *world_watched(void)
{
    struct world *w = world_new(NULL);

    watched.world = w;
    watched.real = w->relay.store->ops;
    watched.ops = *watched.real;
    watched.ops.commit = commit_watched;
    w->relay.store->ops = &watched.ops;
    return w;
}

static void count_from_here(int fail)
{
    watched.commits = 0;
    watched.fail = fail;
}

static void all_dial(struct world *w)
{
    for (int i = 0; i < CLIENTS_MAX; i++) {
        client_dial(w, &w->clients[i]);
    }
}

static const char *granted(struct world *w, int i)
{
    Ziglan__Control *message = client_got(w, &w->clients[i], ZIGLAN__CONTROL__BODY_JOINED);

    return message != NULL ? message->joined->granted_name : "-";
}

static uint64_t members(struct world *w)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(w->relay.core, &snapshot, w->now);
    return snapshot.members;
}

static void joins_of_one_turn_are_one_transaction(void **state)
{
    static const char *const names[] = {"nas", "nas-2", "nas-3", "-", "nas-4", "nas-5"};
    const uint8_t wrong[INVITE_SIZE] = {9};
    uint8_t invite[INVITE_SIZE];
    struct relay_snapshot before;
    struct world *w = world_watched();

    (void)state;
    world_invite(w, CLIENTS_MAX - 1, invite);
    all_dial(w);
    relay_core_snapshot(w->relay.core, &before, w->now);
    count_from_here(0);
    for (int i = 0; i < CLIENTS_MAX; i++) {
        client_join_send(w, &w->clients[i], i == 3 ? wrong : invite, "nas");
    }
    world_run(w, 200);
    assert_int_equal(watched.commits, 1);
    assert_int_equal(watched.answered_before, before.link.control_sent); /* nobody, before that */
    for (int i = 0; i < CLIENTS_MAX; i++) { /* each saw what those before it had changed */
        assert_string_equal(granted(w, i), names[i]);
    }
    assert_int_equal(client_error(w, &w->clients[3]), VERDICT_INVITE_INVALID);
    assert_int_equal(members(w), CLIENTS_MAX - 1);
    client_forget(&w->clients[3]);
    client_join_send(w, &w->clients[3], invite, "nas"); /* its uses are used up */
    world_run(w, 200);
    assert_int_equal(client_error(w, &w->clients[3]), VERDICT_INVITE_INVALID);
    world_free(w);
}

static void all_join(struct world *w, const uint8_t *invite)
{
    for (int i = 0; i < CLIENTS_MAX; i++) {
        client_join_send(w, &w->clients[i], invite, "nas");
    }
    world_run(w, 200);
}

static void a_group_that_cannot_be_kept_is_tried_one_by_one(void **state)
{
    uint8_t invite[INVITE_SIZE];
    struct world *w = world_watched();
    struct relay_counters counters;

    (void)state;
    world_invite(w, CLIENTS_MAX, invite);
    all_dial(w);
    count_from_here(1 + CLIENTS_MAX);
    all_join(w, invite);
    for (int i = 0; i < CLIENTS_MAX; i++) {
        assert_int_equal(client_error(w, &w->clients[i]), VERDICT_UNAVAILABLE);
        client_forget(&w->clients[i]);
    }
    assert_int_equal(members(w), 0);
    assert_int_equal(directory_sequence(w->relay.core->base.directory), 0);
    assert_int_equal(directory_invite_count(w->relay.core->base.directory), 1);
    count_from_here(3); /* the group, and the first two of those alone */
    all_join(w, invite);
    assert_int_equal(watched.commits, 1 + CLIENTS_MAX);
    for (int i = 0; i < CLIENTS_MAX; i++) {
        assert_int_equal(client_error(w, &w->clients[i]), i < 2 ? VERDICT_UNAVAILABLE : VERDICT_OK);
    }
    assert_string_equal(granted(w, 2), "nas"); /* nothing was left of those that failed */
    assert_string_equal(granted(w, 5), "nas-4");
    assert_int_equal(members(w), 4);
    counters = world_counters(w);
    assert_int_equal(counters.join_ok, 4);
    assert_int_equal(counters.join_unavailable, CLIENTS_MAX + 2);
    for (int i = 0; i < 2; i++) { /* nor were their invites used */
        client_forget(&w->clients[i]);
        client_join_send(w, &w->clients[i], invite, "desk");
    }
    world_run(w, 200);
    assert_string_equal(granted(w, 1), "desk-2");
    world_free(w);
}

/* 100 broadcasts are allowed at once; a join that was tried twice is one of them. */
static void a_join_that_is_tried_again_is_counted_once(void **state)
{
    uint8_t invite[INVITE_SIZE];
    struct world *w = world_watched();

    (void)state;
    world_invite(w, CLIENTS_MAX, invite);
    all_dial(w);
    for (int round = 0; round < 60; round++) {
        count_from_here(1 + CLIENTS_MAX);
        all_join(w, invite);
        for (int i = 0; i < CLIENTS_MAX; i++) {
            assert_int_equal(client_error(w, &w->clients[i]), VERDICT_UNAVAILABLE);
            client_forget(&w->clients[i]);
        }
    }
    assert_int_equal(world_counters(w).control_broadcast, 0);
    world_free(w);
}

/* Whichever write of the group it is that fails. */
static void a_write_that_fails_in_a_group_spoils_nobody(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth < 40; nth += 6) {
        uint8_t invite[INVITE_SIZE];
        struct world *w = world_watched();
        world_invite(w, CLIENTS_MAX, invite);
        all_dial(w);
        count_from_here(0);
        store_memory_fail_write(w->relay.store, nth);
        all_join(w, invite);
        assert_string_equal(granted(w, 0), "nas");
        assert_string_equal(granted(w, 5), "nas-6");
        assert_int_equal(watched.commits, CLIENTS_MAX); /* the group's failed before its commit */
        w->relay.store->ops = watched.real;
        relay_node_stop(&w->relay);
        world_core_start(w); /* the directory counts what is there */
        assert_int_equal(members(w), CLIENTS_MAX);
        assert_int_equal(directory_invite_count(w->relay.core->base.directory), 0);
        world_free(w);
    }
}

static void messages_keep_their_order(void **state)
{
    uint8_t invite[INVITE_SIZE];
    struct world *w = world_watched();
    struct client *a = &w->clients[0];
    struct who_fits who;

    (void)state;
    world_invite(w, 3, invite);
    all_dial(w);
    client_join_send(w, a, invite, "nas");
    client_ask(a, ZIGLAN__CONTROL__BODY_LEAVE);
    world_run(w, 200);
    assert_string_equal(granted(w, 0), "nas");
    assert_non_null(client_got(w, a, ZIGLAN__CONTROL__BODY_DONE));
    assert_int_equal(members(w), 0);
    /* The operator, too, comes after those who came before. */
    client_forget(a);
    client_join_send(w, a, invite, "nas");
    link_hub_transmit(a->hub, &w->box, w->now);
    for (size_t i = 0; i < w->box.items_count; i++) {
        const struct outbox_item *item = &w->box.items[i];
        struct dgram in = {.local = w->relay.address,
                           .remote = a->address,
                           .data = w->box.bytes + item->offset,
                           .size = item->size};
        relay_core_receive(w->relay.core, &in, w->now);
    }
    outbox_clear(&w->box);
    assert_int_equal(members(w), 0); /* it waits, and that makes the core want a turn at once */
    assert_int_equal(relay_core_deadline(w->relay.core).ns, 0);
    assert_int_equal(operator_revoke(relay_core_operator(w->relay.core), "nas", &who, w->now),
                     VERDICT_OK);
    assert_memory_equal(who.list[0].key, a->identity.public_key, KEY_SIZE);
    world_run(w, 500);
    assert_string_equal(granted(w, 0), "nas");
    assert_false(a->open);
    world_free(w);
}

static void more_joins_than_wait_together_are_all_answered(void **state)
{
    uint8_t invite[INVITE_SIZE];
    struct world *w = world_watched();
    struct client *a = &w->clients[0];

    (void)state;
    world_invite(w, 1, invite);
    client_dial(w, a);
    count_from_here(0);
    for (int i = 0; i < 2 * JOINS_MAX + 3; i++) {
        client_join_send(w, a, invite, "nas");
        if (i % 8 == 0) {
            w->ports.wall_ms++; /* a newer part, which is a change */
        }
    }
    world_run(w, 500);
    assert_int_equal(client_count(w, a, ZIGLAN__CONTROL__BODY_JOINED), 2 * JOINS_MAX + 3);
    assert_true(watched.commits >= 3 && watched.commits <= 6);
    assert_int_equal(members(w), 1);
    world_free(w);
}

static void who_is_gone_before_its_turn_does_not_join(void **state)
{
    uint8_t invite[INVITE_SIZE];
    struct world *w = world_watched();
    struct relay_client *session;

    (void)state;
    world_invite(w, 2, invite);
    all_dial(w);
    for (int i = 0; i < 2; i++) {
        Ziglan__Join join = ZIGLAN__JOIN__INIT;
        Ziglan__Control message = ZIGLAN__CONTROL__INIT;
        uint8_t part[RECORD_SIGNED_SIZE_MAX];
        join.invite.data = invite;
        join.invite.len = sizeof(invite);
        join.member_part.data = part;
        join.member_part.len = member_part_make(w, &w->clients[i], "nas", part);
        message.request_id = 1;
        message.join = &join;
        session =
            session_table_of_key(&w->relay.core->base.sessions, w->clients[i].identity.public_key);
        join_on_join(&w->relay.core->join, session, &message, w->now);
        if (i == 0) {
            session_send_away(&w->relay.core->session, session, GOAWAY_REPLACED, 0, w->now);
        }
    }
    join_flush(&w->relay.core->join, w->now);
    assert_int_equal(members(w), 1);
    assert_int_equal(world_counters(w).join_ok, 1);
    world_run(w, 500);
    assert_string_equal(granted(w, 0), "-");
    assert_string_equal(granted(w, 1), "nas");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_of_one_turn_are_one_transaction),
        cmocka_unit_test(a_group_that_cannot_be_kept_is_tried_one_by_one),
        cmocka_unit_test(a_join_that_is_tried_again_is_counted_once),
        cmocka_unit_test(a_write_that_fails_in_a_group_spoils_nobody),
        cmocka_unit_test(messages_keep_their_order),
        cmocka_unit_test(more_joins_than_wait_together_are_all_answered),
        cmocka_unit_test(who_is_gone_before_its_turn_does_not_join),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
