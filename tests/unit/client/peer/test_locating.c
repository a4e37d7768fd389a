/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host asks its relays where a peer is that its user named: real relays, which know each other.
 */
#include "client/admin/host_admin.h"
#include "client/core/contacting.h"
#include "client/core/core_internal.h"
#include "client/core/homing.h"
#include "client/peer/life.h"
#include "client/peer/locating.h"
#include "proto/crypto/attachment.h"
#include "tests/support/fixture.h"
#include "tests/support/net_user.h"

enum { RELAYS = 4, HOUR_MS = 3600 * 1000 };

struct world {
    struct relay_net *net;
    struct net_user anna, nas;
};

/* Open relays that know each other, and two who name each other if `both`. Anna uses all relays but
 * the last. */
static struct world *world_new(bool both)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->net = relay_net_new(RELAYS, 5);
    w->net->ports.wall_ms += (uint64_t)12 * HOUR_MS;
    for (size_t i = 0; i < RELAYS; i++) {
        relay_node_set_open(&w->net->nodes[i]);
    }
    relay_net_peers(w->net);
    relay_net_start(w->net);
    relay_net_run(w->net, 60000);
    net_user_init(&w->anna, w->net, 0);
    net_user_init(&w->nas, w->net, 1);
    homing_use(w->anna.node.core, false, w->net->now); /* no relays but those that the tests name */
    homing_use(w->nas.node.core, false, w->net->now);
    net_user_name(&w->anna, &w->nas, "nas");
    if (both) {
        net_user_name(&w->nas, &w->anna, "anna");
    }
    for (size_t i = 0; i < RELAYS - 1; i++) {
        net_user_use(&w->anna, i);
    }
    return w;
}

static void world_free(struct world *w)
{
    net_user_fini(&w->anna);
    net_user_fini(&w->nas);
    relay_net_free(w->net);
    free(w);
}

/* What anna's table of peers says of why nas is not reached. */
static const char *why(struct world *w)
{
    static char text[256];
    json_t *request = json_pack("{s:s}", "do", "peers");
    json_t *answer = host_admin_request(w->anna.node.core, request, w->net->now);
    const json_t *row = json_array_get(json_object_get(answer, "peers"), 0);

    (void)snprintf(text, sizeof(text), "%s", json_string_value(json_object_get(row, "why")));
    json_decref(request);
    json_decref(answer);
    return text;
}

static struct peer *nas_of(struct world *w)
{
    return peer_find(&w->anna.node.core->peers, w->nas.node.identity.public_key);
}

static void a_relay_where_both_are_is_found_before_an_initiation_is_repeated(void **state)
{
    struct world *w = world_new(true);

    (void)state;
    net_user_use(&w->nas, 2);
    relay_net_run(w->net, 2000);
    /* The look-up, the initiation and its answer, and the packet: each a way of 20 ms. */
    uint64_t ms = net_user_ping(&w->anna, &w->nas, "nas", 5000);
    assert_in_range(ms, 40, 200);
    const struct path *path = path_table_relayed(&nas_of(w)->conversation->paths);
    assert_memory_equal(path->relay->relay_key, relay_net_key(w->net, 2), KEY_SIZE);
    assert_string_equal(why(w), "a direct path is still being looked for");
    world_free(w);
}

/* Each at a relay of its own, and neither knows where the other is: a -> Ra -> Rb -> b. The round
 * trip over both is 60 ms, and the first packet needs at most three of them. */
static void two_at_different_relays_without_a_common_ziglan_talk(void **state)
{
    struct world *w = world_new(true);

    (void)state;
    net_user_use(&w->nas, 3);
    relay_net_run(w->net, 2000);
    assert_in_range(net_user_ping(&w->anna, &w->nas, "nas", 5000), 60, 180);
    assert_string_equal(host_node_path(&w->anna.node, "nas", w->net->now), "relayed");
    assert_in_range(net_user_ping(&w->anna, &w->nas, "nas", 5000), 30, 40);
    assert_in_range(net_user_ping(&w->nas, &w->anna, "anna", 5000), 30, 40);
    relay_net_run(w->net, 3000); /* no NAT is between them */
    assert_string_equal(host_node_path(&w->anna.node, "nas", w->net->now), "direct");
    assert_in_range(net_user_ping(&w->anna, &w->nas, "nas", 5000), 10, 20);
    world_free(w);
}

static void who_is_nowhere_is_said_to_be_nowhere(void **state)
{
    struct world *w = world_new(true);

    (void)state;
    relay_net_run(w->net, 2000);
    assert_int_equal(net_user_ping(&w->anna, &w->nas, "nas", 4000), 4000);
    assert_string_equal(why(w), "no relay that this host uses knows where it is: is it up?");
    /* It comes, and is found with the next try. */
    net_user_use(&w->nas, 1);
    assert_true(net_user_ping(&w->anna, &w->nas, "nas", 15000) < 15000);
    assert_string_equal(why(w), "a direct path is still being looked for");
    world_free(w);
}

static void who_is_somewhere_and_does_not_answer_is_said_to_be_there(void **state)
{
    struct world *w = world_new(false);
    char key[KEY_SHORT_SIZE];

    (void)state;
    net_user_use(&w->nas, 3);
    relay_net_run(w->net, 2000);
    assert_int_equal(net_user_ping(&w->anna, &w->nas, "nas", 4000), 4000);
    assert_non_null(strstr(why(w), key_short(relay_net_key(w->net, 3), key)));
    assert_non_null(strstr(why(w), "does not name this host"));
    world_free(w);
}

/* Anna's configuration names relays that her frames to nas shall pass. */
static void name_way(struct world *w, const uint8_t *const *via, uint8_t count)
{
    struct named_peer peer = {.name = "nas", .via_count = count};

    memcpy(peer.key, w->nas.node.identity.public_key, KEY_SIZE);
    for (size_t i = 0; i < count; i++) {
        memcpy(peer.via[i], via[i], KEY_SIZE);
    }
    contacting_configure(w->anna.node.core, &peer, 1, w->net->now);
    relay_net_run(w->net, 1000);
}

static void the_user_reads_which_relay_of_the_way_is_not_reached(void **state)
{
    static const uint8_t nobody[KEY_SIZE] = {7};
    struct world *w = world_new(true);
    const uint8_t *via[] = {relay_net_key(w->net, 1), nobody};
    char key[KEY_SHORT_SIZE];

    (void)state;
    net_user_use(&w->nas, 3);
    name_way(w, via, 2);
    assert_int_equal(net_user_ping(&w->anna, &w->nas, "nas", 4000), 4000);
    assert_non_null(strstr(why(w), key_short(nobody, key)));
    name_way(w, NULL, 0);
    assert_true(net_user_ping(&w->anna, &w->nas, "nas", 15000) < 15000);
    relay_net_run(w->net, 1000);
    assert_int_equal(nas_of(w)->conversation->why.code, WHY_NONE);
    world_free(w);
}

/* The first relay of the way is one of hers: it is told the others. */
static void all_relays_of_the_way_are_passed_from_each_of_ours(void **state)
{
    struct world *w = world_new(true);
    const uint8_t *via[] = {relay_net_key(w->net, 0), relay_net_key(w->net, 1),
                            relay_net_key(w->net, 2)};

    (void)state;
    net_user_use(&w->nas, 3);
    name_way(w, via, 3);
    assert_true(net_user_ping(&w->anna, &w->nas, "nas", 5000) < 5000);
    assert_true(w->net->nodes[3].core->base.counters.relayed_in_frames > 0);
    for (size_t i = 0; i < 3; i++) {
        const struct relay_counters *counters = &w->net->nodes[i].core->base.counters;

        assert_true(counters->relayed_out_frames >= 1);
    }
    world_free(w);
}

/* Where both are frames pass no other relay, so that one comes last. */
static void the_relay_where_the_peer_is_does_not_shorten_a_way_that_was_named(void **state)
{
    struct world *w = world_new(true);
    const uint8_t *via[] = {relay_net_key(w->net, 3)};

    (void)state;
    net_user_use(&w->nas, 2);
    name_way(w, via, 1);
    assert_true(net_user_ping(&w->anna, &w->nas, "nas", 5000) < 5000);
    assert_true(w->net->nodes[3].core->base.counters.relayed_out_frames > 0);
    const struct path *path = path_table_relayed(&nas_of(w)->conversation->paths);
    assert_memory_not_equal(path->relay->relay_key, relay_net_key(w->net, 2), KEY_SIZE);
    world_free(w);
}

/* ---- answers that are not to be believed ---- */

/* The conversation with nas, whose relays were just asked; nothing is delivered. */
static struct peer *asked(struct world *w)
{
    assert_true(host_node_ping(&w->anna.node, "nas", 84, w->net->now));
    assert_int_equal(nas_of(w)->contact->locating.asked, RELAYS - 1);
    return nas_of(w);
}

static const struct relay_session *relay_of(struct world *w, size_t i)
{
    const struct relay_session *relay = TAILQ_FIRST(&w->anna.node.core->relays.list);

    for (; i > 0; i--) {
        relay = TAILQ_NEXT(relay, in_set);
    }
    return relay;
}

/* What relay i of anna's answers. */
static bool answer(struct world *w, size_t i, const uint8_t *record, size_t size)
{
    Ziglan__Located located = ZIGLAN__LOCATED__INIT;
    ProtobufCBinaryData records[1] = {control_bytes(record, size)};

    located.n_records = 1;
    located.records = records;
    return locating_on_located(nas_of(w), relay_of(w, i), &located);
}

static void what_the_peer_did_not_sign_is_not_believed(void **state)
{
    struct world *w = world_new(true);
    uint64_t wall_ms = env_wall_ms(&w->net->ports.env);
    uint8_t record[ATTACHMENT_SIZE];

    (void)state;
    relay_net_run(w->net, 2000);
    const struct locating *locating = &asked(w)->contact->locating;
    assert_int_equal(
        attachment_sign(record, &w->anna.node.identity, relay_net_key(w->net, 3), 9, wall_ms),
        ERR_OK);
    assert_false(answer(w, 0, record, sizeof(record))); /* another's */
    assert_int_equal(attachment_sign(record, &w->nas.node.identity, relay_net_key(w->net, 3), 9,
                                     wall_ms - (uint64_t)2 * HOUR_MS),
                     ERR_OK);
    assert_false(answer(w, 1, record, sizeof(record))); /* of yesterday */
    assert_false(locating->found);
    assert_int_equal(locating->refused, 2);
    assert_int_equal(
        attachment_sign(record, &w->nas.node.identity, relay_net_key(w->net, 3), 9, wall_ms),
        ERR_OK);
    record[80] ^= 1;
    assert_false(answer(w, 2, record, sizeof(record))); /* changed on its way */
    assert_false(locating->found);
    /* All have answered, so this one was not asked for: no signature is looked at. */
    record[80] ^= 1;
    assert_false(answer(w, 2, record, sizeof(record)));
    assert_false(locating->found);
    world_free(w);
}

static void of_two_places_the_later_one_counts(void **state)
{
    struct world *w = world_new(true);
    uint64_t wall_ms = env_wall_ms(&w->net->ports.env);
    uint8_t records[2][ATTACHMENT_SIZE];

    (void)state;
    relay_net_run(w->net, 2000);
    const struct locating *locating = &asked(w)->contact->locating;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(attachment_sign(records[i], &w->nas.node.identity,
                                         relay_net_key(w->net, i), 10 + i, wall_ms),
                         ERR_OK);
    }
    (void)answer(w, 0, records[1], ATTACHMENT_SIZE);
    (void)answer(w, 1, records[0], ATTACHMENT_SIZE);
    assert_true(locating->found);
    assert_memory_equal(locating->relay_key, relay_net_key(w->net, 1), KEY_SIZE);
    world_free(w);
}

/* A relay may hide where a peer is, but not what the other relays say of it. */
static void a_relay_answers_once_and_for_itself_only(void **state)
{
    struct world *w = world_new(true);
    uint64_t wall_ms = env_wall_ms(&w->net->ports.env);
    uint8_t records[2][ATTACHMENT_SIZE];

    (void)state;
    relay_net_run(w->net, 2000);
    const struct locating *locating = &asked(w)->contact->locating;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(attachment_sign(records[i], &w->nas.node.identity,
                                         relay_net_key(w->net, i), 10 + i, wall_ms),
                         ERR_OK);
    }
    for (int i = 0; i < RELAYS; i++) {
        locating_on_refused(nas_of(w), relay_of(w, 0), VERDICT_NOT_FOUND);
    }
    assert_int_equal(locating->refused, 1);
    (void)answer(w, 1, records[0], ATTACHMENT_SIZE);
    assert_true(locating->found);
    (void)answer(w, 1, records[1], ATTACHMENT_SIZE); /* no signature of this is looked at */
    assert_memory_equal(locating->relay_key, relay_net_key(w->net, 0), KEY_SIZE);
    world_free(w);
}

/* What a host told of itself an hour ago still stands in the answers of others, when the relay that
 * they name says that it is not there. */
static void a_relay_that_says_no_outweighs_others_that_name_it(void **state)
{
    struct world *w = world_new(true);
    uint64_t wall_ms = env_wall_ms(&w->net->ports.env);
    uint8_t records[2][ATTACHMENT_SIZE];
    const uint8_t *relay_key;

    (void)state;
    relay_net_run(w->net, 2000);
    const struct peer *peer = asked(w);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(attachment_sign(records[i], &w->nas.node.identity,
                                         relay_net_key(w->net, i), 10 + i, wall_ms),
                         ERR_OK);
    }
    locating_on_silence(peer);
    (void)answer(w, 0, records[1], ATTACHMENT_SIZE); /* it is at relay 1, and not here */
    assert_int_equal(locating_why(peer, &relay_key), WHY_NO_ANSWER);
    (void)answer(w, 1, records[0], ATTACHMENT_SIZE); /* it is at relay 0, and not here */
    assert_int_equal(locating_why(peer, &relay_key), WHY_NO_ANSWER); /* one has not answered */
    locating_on_refused(nas_of(w), relay_of(w, 2), VERDICT_NOT_FOUND);
    assert_int_equal(locating_why(peer, &relay_key), WHY_NOT_FOUND);
    world_free(w);
}

/* One that names itself denies nothing, and what it says of another counts for that one only. */
static void a_relay_that_names_itself_is_believed(void **state)
{
    struct world *w = world_new(true);
    uint64_t wall_ms = env_wall_ms(&w->net->ports.env);
    uint8_t record[ATTACHMENT_SIZE];
    const uint8_t *relay_key;

    (void)state;
    relay_net_run(w->net, 2000);
    const struct peer *peer = asked(w);
    assert_int_equal(
        attachment_sign(record, &w->nas.node.identity, relay_net_key(w->net, 1), 10, wall_ms),
        ERR_OK);
    locating_on_silence(peer);
    locating_on_refused(nas_of(w), relay_of(w, 0), VERDICT_NOT_FOUND);
    (void)answer(w, 1, record, ATTACHMENT_SIZE);
    (void)answer(w, 2, record, ATTACHMENT_SIZE);
    assert_int_equal(locating_why(peer, &relay_key), WHY_NO_ANSWER);
    assert_memory_equal(relay_key, relay_net_key(w->net, 1), KEY_SIZE);
    world_free(w);
}

/* Each relay takes two look-ups a second of a host, and 20 at once. */
static void many_peers_are_not_looked_up_at_once(void **state)
{
    struct world *w = world_new(true);
    struct conversations *shared = &w->anna.node.core->conversations;
    size_t count = 0;

    (void)state;
    relay_net_run(w->net, 2000);
    struct peer *peer = asked(w);
    for (int i = 0; i < 100; i++) {
        peer->contact->locating.again_at = w->net->now;
        peer->contact->locating.asked = 0;
        locating_ask(life_of(peer, shared, w->net->now), w->net->now);
        count += peer->contact->locating.asked > 0 ? 1 : 0;
    }
    assert_in_range(count, 1, LOCATING_BURST);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_where_both_are_is_found_before_an_initiation_is_repeated),
        cmocka_unit_test(two_at_different_relays_without_a_common_ziglan_talk),
        cmocka_unit_test(who_is_nowhere_is_said_to_be_nowhere),
        cmocka_unit_test(who_is_somewhere_and_does_not_answer_is_said_to_be_there),
        cmocka_unit_test(the_user_reads_which_relay_of_the_way_is_not_reached),
        cmocka_unit_test(all_relays_of_the_way_are_passed_from_each_of_ours),
        cmocka_unit_test(the_relay_where_the_peer_is_does_not_shorten_a_way_that_was_named),
        cmocka_unit_test(what_the_peer_did_not_sign_is_not_believed),
        cmocka_unit_test(of_two_places_the_later_one_counts),
        cmocka_unit_test(a_relay_answers_once_and_for_itself_only),
        cmocka_unit_test(a_relay_that_says_no_outweighs_others_that_name_it),
        cmocka_unit_test(a_relay_that_names_itself_is_believed),
        cmocka_unit_test(many_peers_are_not_looked_up_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
