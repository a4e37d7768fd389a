/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a relay tells of itself, honest or not, as the host shows it. */
#include "client/admin/host_admin.h"
#include "client/core/core_internal.h"
#include "client/stun2/relay_facts.h"
#include "tests/support/fixture.h"
#include "tests/support/town.h"

static char chain[] = "sol";
static char address[] = "addr";
static char identity[] = "me";
static char escape[] = "\x1b[2J";
static char longest[2 * RECORD_REWARD_SIZE];

static void rewards_that_cannot_be_shown_are_left_out(void **state)
{
    Ziglan__Reward rewards[6];
    Ziglan__Reward *list[6];
    Ziglan__Hello hello = ZIGLAN__HELLO__INIT;
    struct relay_facts facts;

    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    for (size_t i = 0; i < 6; i++) {
        rewards[i] = (Ziglan__Reward)ZIGLAN__REWARD__INIT;
        rewards[i].chain = chain;
        rewards[i].address = address;
        rewards[i].identity = identity;
        list[i] = &rewards[i];
    }
    rewards[0].address = longest;
    rewards[1].identity = escape;
    hello.rewards = list;
    hello.n_rewards = 2;
    relay_facts_begin(&facts, &hello, (struct mono){1});
    assert_int_equal(facts.rewards_count, 0);
    hello.n_rewards = 6;
    relay_facts_begin(&facts, &hello, (struct mono){1});
    assert_int_equal(facts.rewards_count, RECORD_REWARDS_MAX);
    assert_string_equal(facts.rewards[0].chain, "sol");
    assert_string_equal(facts.rewards[0].address, "addr");
    assert_string_equal(facts.rewards[0].identity, "me");
}

static void a_load_is_never_more_than_all(void **state)
{
    Ziglan__Pong pong = ZIGLAN__PONG__INIT;
    Ziglan__Hello hello = ZIGLAN__HELLO__INIT;
    struct relay_facts facts;

    (void)state;
    relay_facts_begin(&facts, &hello, (struct mono){1});
    assert_false(facts.load_known);
    pong.load = UINT32_MAX;
    relay_facts_on_pong(&facts, &pong, 0, (struct mono){1});
    assert_true(facts.load_known);
    assert_int_equal(facts.load_permille, RELAY_FACTS_LOAD_MAX);
}

static json_t *relays(struct town *town)
{
    json_t *request = json_pack("{s:s}", "do", "relays");
    json_t *answer = host_admin_request(town->hosts[0].core, request, town->now);

    json_decref(request);
    return answer;
}

static void all_relays_are_listed_with_what_they_tell(void **state)
{
    struct town *town = town_new();
    char key[KEY_TEXT_SIZE];

    (void)state;
    json_t *answer = relays(town);
    const json_t *list = json_object_get(answer, "relays");
    assert_int_equal(json_array_size(list), TOWN_RELAYS);
    for (size_t i = 0; i < TOWN_RELAYS; i++) {
        const json_t *relay = json_array_get(list, i);

        assert_string_equal(json_string_value(json_object_get(relay, "key")),
                            key_text(town->relays[i].identity.public_key, key));
        assert_true(json_is_integer(json_object_get(relay, "load_permille")));
        assert_true(json_integer_value(json_object_get(relay, "rtt_us")) > 0);
        assert_int_equal(json_array_size(json_object_get(relay, "rewards")), 0);
    }
    json_decref(answer);
    relay_node_stop(&town->relays[0]);
    street_run_ms(&town->street, 60000);
    answer = relays(town);
    const json_t *first = json_array_get(json_object_get(answer, "relays"), 0);
    assert_true(json_is_null(json_object_get(first, "load_permille"))); /* nobody knows any more */
    json_decref(answer);
    town_free(town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rewards_that_cannot_be_shown_are_left_out),
        cmocka_unit_test(a_load_is_never_more_than_all),
        cmocka_unit_test(all_relays_are_listed_with_what_they_tell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
