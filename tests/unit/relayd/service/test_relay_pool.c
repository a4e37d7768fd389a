/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pools of applications over sessions: who may join, what it is told, and introductions. */
#include "relayd/core/core_internal.h"
#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

static void app_add(struct relay_config *cfg, const char *app)
{
    (void)snprintf(cfg->pools.apps[cfg->pools.apps_count++], RECORD_APP_SIZE, "%s", app);
}

static void reward_add(struct relay_config *cfg, const char *chain, const char *address)
{
    struct record_reward *reward = &cfg->rewards.list[cfg->rewards.count++];

    (void)snprintf(reward->chain, sizeof(reward->chain), "%s", chain);
    (void)snprintf(reward->address, sizeof(reward->address), "%s", address);
    (void)snprintf(reward->identity, sizeof(reward->identity), "%s", "somebody");
}

static struct world *pools_new(bool open, uint32_t limit)
{
    struct relay_config cfg = {.open_relay = open, .pools = {.limit = limit}};

    app_add(&cfg, "sol:gossip");
    app_add(&cfg, "chess");
    reward_add(&cfg, "any", "general-1");
    reward_add(&cfg, "sol", "sol-2");
    return world_new(&cfg);
}

static void pool_join(struct world *w, struct client *c, const char *app, uint32_t nat_kind)
{
    Ziglan__PoolJoin body = ZIGLAN__POOL_JOIN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    client_forget(c);
    body.app = control_text(app);
    body.nat_kind = nat_kind;
    message.request_id = c->request_next++;
    message.body_case = ZIGLAN__CONTROL__BODY_POOL_JOIN;
    message.pool_join = &body;
    client_send(c, &message);
    world_run(w, 100);
}

static bool joined(struct world *w, struct client *c)
{
    return client_got(w, c, ZIGLAN__CONTROL__BODY_POOL_JOINED) != NULL;
}

static void pool_leave(struct world *w, struct client *c, const char *app)
{
    Ziglan__PoolLeave body = ZIGLAN__POOL_LEAVE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.app = control_text(app);
    message.request_id = c->request_next++;
    message.body_case = ZIGLAN__CONTROL__BODY_POOL_LEAVE;
    message.pool_leave = &body;
    client_send(c, &message);
    world_run(w, 100);
}

/* Ask for any other application of this pool. */
static void meet(struct world *w, struct client *c, const char *app, uint32_t nat_kind)
{
    Ziglan__PunchRequest body = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t token[PUNCH_TOKEN_SIZE] = {0x55};

    client_forget(c);
    body.app = control_text(app);
    body.token = control_bytes(token, sizeof(token));
    body.nat_kind = nat_kind;
    body.has_session = nat_kind == 0; /* a lie, which does not help */
    message.request_id = c->request_next++;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_REQUEST;
    message.punch_request = &body;
    client_send(c, &message);
    world_run(w, 100);
}

static void answer_yes(struct world *w, struct client *c, uint64_t id)
{
    Ziglan__PunchAnswer body = ZIGLAN__PUNCH_ANSWER__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t token[PUNCH_TOKEN_SIZE] = {0x11};

    body.punch_id = id;
    body.accept = true;
    body.nat_kind = 2;
    body.token = control_bytes(token, sizeof(token));
    message.request_id = c->request_next++;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_ANSWER;
    message.punch_answer = &body;
    client_send(c, &message);
    world_run(w, 100);
}

static void who_joins_is_told_size_limit_and_where_to_reward(void **state)
{
    struct world *w = pools_new(false, 0);
    const Ziglan__PoolJoined *told;

    (void)state;
    world_members(w, 2);
    pool_join(w, &w->clients[0], "chess", 3);
    pool_join(w, &w->clients[1], "chess", 3);
    told = client_got(w, &w->clients[1], ZIGLAN__CONTROL__BODY_POOL_JOINED)->pool_joined;
    assert_string_equal(told->app, "chess");
    assert_int_equal(told->size, 2);
    assert_int_equal(told->limit, 500);
    assert_string_equal(told->reward->address, "general-1"); /* chess has no chain here */
    assert_string_equal(told->reward->identity, "somebody");
    pool_join(w, &w->clients[1], "sol:gossip", 3);
    told = client_got(w, &w->clients[1], ZIGLAN__CONTROL__BODY_POOL_JOINED)->pool_joined;
    assert_string_equal(told->reward->chain, "sol");
    assert_string_equal(told->reward->address, "sol-2");
    world_free(w);
}

static void a_join_without_a_measured_nat_or_a_pool_is_refused(void **state)
{
    struct world *w = pools_new(false, 0);
    struct client *c = &w->clients[0];

    (void)state;
    world_members(w, 1);
    pool_join(w, c, "chess", 0);
    assert_int_equal(client_error(w, c), VERDICT_MEASURE_FIRST);
    pool_join(w, c, "poker", 1);
    assert_int_equal(client_error(w, c), VERDICT_UNSUPPORTED);
    meet(w, c, "poker", 1);
    assert_int_equal(client_error(w, c), VERDICT_UNSUPPORTED);
    meet(w, c, "chess", 1);
    assert_int_equal(client_error(w, c), VERDICT_NOT_FOUND);
    world_free(w);
}

static void strangers_use_the_pools_of_an_open_relay_only(void **state)
{
    struct world *closed = pools_new(false, 0), *open = pools_new(true, 0);

    (void)state;
    client_dial(closed, &closed->clients[0]);
    pool_join(closed, &closed->clients[0], "chess", 1);
    assert_int_equal(client_error(closed, &closed->clients[0]), VERDICT_NOT_MEMBER);
    meet(closed, &closed->clients[0], "chess", 1);
    assert_int_equal(client_error(closed, &closed->clients[0]), VERDICT_NOT_MEMBER);
    client_dial(open, &open->clients[0]);
    pool_join(open, &open->clients[0], "chess", 1);
    assert_true(joined(open, &open->clients[0]));
    world_free(closed);
    world_free(open);
}

static void applications_of_a_pool_are_introduced_also_to_those_of_other_types(void **state)
{
    struct world *w = pools_new(false, 0);
    struct client *a = &w->clients[0], *b = &w->clients[1];
    const Ziglan__PunchRequest *offer;

    (void)state;
    world_members(w, 2);
    pool_join(w, a, "sol:gossip", 3);
    pool_join(w, b, "chess", 3);
    meet(w, a, "chess", 0);
    assert_int_equal(client_error(w, a), VERDICT_MEASURE_FIRST);
    client_forget(b);
    meet(w, a, "chess", 3);
    offer = client_got(w, b, ZIGLAN__CONTROL__BODY_PUNCH_REQUEST)->punch_request;
    assert_memory_equal(offer->requester.data, a->identity.public_key, KEY_SIZE);
    assert_string_equal(offer->app, "chess");
    assert_null(client_got(w, a, ZIGLAN__CONTROL__BODY_PUNCH_GO));
    offer = client_got(w, b, ZIGLAN__CONTROL__BODY_PUNCH_REQUEST)->punch_request;
    answer_yes(w, b, offer->punch_id);
    assert_memory_equal(client_got(w, a, ZIGLAN__CONTROL__BODY_PUNCH_GO)->punch_go->peer.data,
                        b->identity.public_key, KEY_SIZE);
    assert_non_null(client_got(w, b, ZIGLAN__CONTROL__BODY_PUNCH_GO));
    world_free(w);
}

static void who_left_is_introduced_to_nobody(void **state)
{
    struct world *w = pools_new(false, 0);
    struct client *a = &w->clients[0], *b = &w->clients[1];

    (void)state;
    world_members(w, 2);
    pool_join(w, b, "chess", 3);
    pool_leave(w, b, "chess");
    assert_non_null(client_got(w, b, ZIGLAN__CONTROL__BODY_DONE));
    meet(w, a, "chess", 3);
    assert_int_equal(client_error(w, a), VERDICT_NOT_FOUND);
    pool_join(w, b, "chess", 3);
    link_hub_close(b->hub, b->handle, 0, "bye", w->now);
    world_run(w, 1000);
    meet(w, a, "chess", 3);
    assert_int_equal(client_error(w, a), VERDICT_NOT_FOUND);
    world_free(w);
}

static void a_new_session_is_in_no_pool(void **state)
{
    struct world *w = pools_new(false, 0);
    struct client *a = &w->clients[0], *b = &w->clients[1];

    (void)state;
    world_members(w, 2);
    pool_join(w, b, "chess", 3);
    client_dial(w, b); /* it was restarted and has told nobody */
    meet(w, a, "chess", 3);
    assert_int_equal(client_error(w, a), VERDICT_NOT_FOUND);
    world_free(w);
}

static void who_left_the_ziglan_is_in_its_pools_no_more(void **state)
{
    struct world *w = pools_new(false, 0);
    struct client *a = &w->clients[0], *b = &w->clients[1];

    (void)state;
    world_members(w, 2);
    pool_join(w, b, "chess", 3);
    client_ask(b, ZIGLAN__CONTROL__BODY_LEAVE);
    world_run(w, 100);
    meet(w, a, "chess", 3);
    assert_int_equal(client_error(w, a), VERDICT_NOT_FOUND);
    world_free(w);
}

static void a_stranger_that_makes_room_is_told(void **state)
{
    struct world *w = pools_new(true, 1);
    struct client *member = &w->clients[0], *stranger = &w->clients[1];

    (void)state;
    world_members(w, 1);
    client_dial(w, stranger);
    pool_join(w, stranger, "chess", 3);
    assert_true(joined(w, stranger));
    pool_join(w, member, "chess", 3);
    assert_true(joined(w, member));
    assert_string_equal(client_got(w, stranger, ZIGLAN__CONTROL__BODY_POOL_LEAVE)->pool_leave->app,
                        "chess");
    pool_join(w, stranger, "chess", 3);
    assert_int_equal(client_error(w, stranger), VERDICT_LIMIT);
    world_free(w);
}

/* What the relay refused the client last, and how it said so. */
static void refused_with(struct world *w, struct client *c, enum verdict verdict, const char *words)
{
    const Ziglan__Control *message = client_got(w, c, ZIGLAN__CONTROL__BODY_ERROR);

    assert_non_null(message);
    assert_int_equal(message->error->code, verdict);
    assert_non_null(strstr(message->error->text, words));
}

static void who_finds_a_pool_full_hears_so(void **state)
{
    struct world *w = pools_new(false, 1);
    struct client *first = &w->clients[0], *second = &w->clients[1];

    (void)state;
    world_members(w, 2);
    pool_join(w, first, "chess", 3);
    assert_true(joined(w, first));
    pool_join(w, second, "chess", 3); /* no member makes room for another */
    refused_with(w, second, VERDICT_LIMIT, "the pool is full");
    pool_leave(w, first, "chess");
    pool_join(w, second, "chess", 3);
    assert_true(joined(w, second));
    assert_int_equal(app_pools_stats(w->relay.core->pool.pools)->refused_full, 1);
    world_free(w);
}

static void a_strangers_application_asks_as_often_as_any_key(void **state)
{
    struct world *w = pools_new(true, 0);
    struct client *a = &w->clients[0], *b = &w->clients[1];
    const struct punch_stats *stats = punch_stats(w->relay.core->punch.broker);

    (void)state;
    client_dial(w, a);
    client_dial(w, b);
    pool_join(w, b, "chess", 3);
    for (int i = 0; i < 4 * PUNCH_RATE_PER_S && stats->limit_rate == 0; i++) { /* ten a second */
        meet(w, a, "chess", 3);
    }
    assert_int_equal(stats->limit_rate, 1);
    refused_with(w, a, VERDICT_LIMIT, "try again later");
    world_free(w);
}

static void a_pool_that_the_owner_closes_is_left_by_all(void **state)
{
    struct world *w = pools_new(false, 0);
    struct client *c = &w->clients[0];
    struct relay_config cfg = w->relay.cfg;

    (void)state;
    world_members(w, 1);
    pool_join(w, c, "chess", 3);
    cfg.pools.apps_count = 1;
    assert_int_equal(w->relay.core->delegation.hello.rewards_count, 2);
    assert_string_equal(w->relay.core->delegation.hello.rewards[1].address, "sol-2");
    cfg.rewards.count = 1;
    relay_core_reload(w->relay.core, &cfg, w->now);
    assert_int_equal(w->relay.core->delegation.hello.rewards_count, 1);
    world_run(w, 100);
    assert_string_equal(client_got(w, c, ZIGLAN__CONTROL__BODY_POOL_LEAVE)->pool_leave->app,
                        "chess");
    pool_join(w, c, "sol:gossip", 3);
    assert_string_equal(
        client_got(w, c, ZIGLAN__CONTROL__BODY_POOL_JOINED)->pool_joined->reward->address,
        "general-1");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_joins_is_told_size_limit_and_where_to_reward),
        cmocka_unit_test(a_join_without_a_measured_nat_or_a_pool_is_refused),
        cmocka_unit_test(strangers_use_the_pools_of_an_open_relay_only),
        cmocka_unit_test(applications_of_a_pool_are_introduced_also_to_those_of_other_types),
        cmocka_unit_test(who_left_is_introduced_to_nobody),
        cmocka_unit_test(a_new_session_is_in_no_pool),
        cmocka_unit_test(who_left_the_ziglan_is_in_its_pools_no_more),
        cmocka_unit_test(a_stranger_that_makes_room_is_told),
        cmocka_unit_test(who_finds_a_pool_full_hears_so),
        cmocka_unit_test(a_strangers_application_asks_as_often_as_any_key),
        cmocka_unit_test(a_pool_that_the_owner_closes_is_left_by_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
