/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts that find the entry point of a ziglan by its key, at relays that know it, and follow it. */
#include "tests/support/fixture.h"

#include "client/admin/sentences.h"
#include "client/core/core_internal.h"
#include "client/core/homing.h"
#include "client/core/pinning.h"
#include "client/stun2/seeking.h"
#include "proto/base/bytes.h"
#include "relayd/core/core.h"
#include "relayd/service/operator.h"
#include "tests/support/net_user.h"

enum {
    FIRST = 0, /* all relays know it */
    OPEN = 1,  /* open to strangers */
    CLOSED = 2,
    HOME = 3, /* the entry point of the ziglan of which this is about */
    RELAYS = 4,
    FOLLOW_MS = 10000,
    FOLLOW_IDLE_MS = 20000, /* who says nothing notices within LINK_KEEPALIVE_MS */
};

struct world {
    struct relay_net *net;
    struct net_user host;
};

/* Nothing passes between the open relay and the others. */
static bool open_is_apart(const struct relay_net *net, size_t from, size_t to)
{
    return from == net->count || to == net->count || (from == OPEN) == (to == OPEN);
}

static void world_init_with(struct world *w,
                            bool (*passes)(const struct relay_net *net, size_t from, size_t to))
{
    w->net = relay_net_new(RELAYS, 11);
    w->net->passes = passes;
    relay_node_set_open(&w->net->nodes[OPEN]);
    w->net->nodes[HOME].cfg.public_hosts = NULL; /* it has none that lasts */
    relay_net_peers(w->net);
    relay_net_start(w->net);
    relay_net_run(w->net, 60000);
    net_user_init(&w->host, w->net, 1);
    homing_use(w->host.node.core, false, w->net->now); /* only what these tests are about */
}

static void world_init(struct world *w)
{
    world_init_with(w, NULL);
}

static void world_fini(struct world *w)
{
    net_user_fini(&w->host);
    relay_net_free(w->net);
}

/* ---- what people do ---- */

/* The URL of an invite, which has no hosts; it names relay i, or with RELAYS none. */
static void url_make(const struct world *w, size_t i, char text[URL_SIZE_MAX])
{
    struct directory_terms terms = {.uses = 5};
    char error[URL_ERROR_SIZE], ip[ENDPOINT_TEXT_SIZE];
    struct url url;

    assert_int_equal(operator_invite(relay_core_operator(w->net->nodes[HOME].core), &terms, text),
                     VERDICT_OK);
    assert_int_equal(url_parse(&url, text, strlen(text), error), ERR_OK);
    assert_int_equal(url.hosts_count, 0);
    assert_int_equal(url.relays_count, 1); /* the one of `peers:` */
    assert_memory_equal(url.relays[0].key, relay_net_key(w->net, FIRST), KEY_SIZE);
    url.relays_count = i < RELAYS ? 1 : 0;
    if (i < RELAYS) {
        memcpy(url.relays[0].key, relay_net_key(w->net, i), KEY_SIZE);
        (void)snprintf(url.relays[0].host.name, sizeof(url.relays[0].host.name), "%s",
                       endpoint_ip_text(&w->net->nodes[i].address, ip));
    }
    assert_int_equal(url_print(&url, text, URL_SIZE_MAX), ERR_OK);
}

static void join(struct world *w, const char *text)
{
    char error[URL_ERROR_SIZE];

    assert_int_equal(
        host_core_join(w->host.node.core, text, NULL, error, sizeof(error), w->net->now), ERR_OK);
    (void)host_node_pump(&w->host.node, w->net->now);
}

static void pin(struct world *w, size_t i)
{
    char error[URL_ERROR_SIZE], text[URL_SIZE_MAX];
    struct url url = {.kind = URL_KIND_RELAY, .hosts_count = 1};

    memcpy(url.key, relay_net_key(w->net, i), KEY_SIZE);
    (void)endpoint_ip_text(&w->net->nodes[i].address, url.hosts[0].name);
    url.hosts[0].numeric = true;
    assert_int_equal(url_print(&url, text, sizeof(text)), ERR_OK);
    assert_int_equal(pinning_add(w->host.node.core, text, error, sizeof(error), w->net->now),
                     ERR_OK);
    (void)host_node_pump(&w->host.node, w->net->now);
}

/* Where others see the home relay. */
static const struct endpoint *place_of_home(const struct world *w)
{
    const struct endpoint *outside = &w->net->outside[HOME];

    return endpoint_is_none(outside) ? &w->net->nodes[HOME].address : outside;
}

/* The provider gives the home relay another address; packets to the former one go nowhere. */
static void move(struct world *w, const char *address)
{
    assert_true(endpoint_parse(&w->net->nodes[HOME].address, address, 4433));
}

/* ---- what is looked at ---- */

static struct ziglan *ziglan_of(const struct world *w)
{
    struct ziglan *ziglan = TAILQ_FIRST(&w->host.node.core->ziglans.head);

    assert_non_null(ziglan);
    return ziglan;
}

static bool is_joined(const struct world *w)
{
    return ziglan_of(w)->state == ZIGLAN_STATE_JOINED && ziglan_is_heard(ziglan_of(w));
}

/* Where it is joined; milliseconds until then, most at the most. */
static uint64_t until_joined(struct world *w, uint64_t most_ms)
{
    uint64_t ms = 0;

    while (ms < most_ms && !(is_joined(w) && endpoint_equal(&ziglan_of(w)->entry_point->remote,
                                                            place_of_home(w)))) {
        relay_net_run(w->net, 10);
        ms += 10;
    }
    return ms;
}

/* True if relay i says that the home relay is where it is. */
static bool is_known_at(const struct world *w, size_t i)
{
    struct node_found found;
    struct record_node node;

    return mesh_find(w->net->nodes[i].core->mesh.mesh, relay_net_key(w->net, HOME), &found) &&
           record_node_decode(&node, found.record, found.record_size - SIGNATURE_SIZE) == ERR_OK &&
           endpoint_equal(&node.addresses[0], place_of_home(w));
}

static uint64_t until_known_at(struct world *w, size_t i, uint64_t most_ms)
{
    uint64_t ms = 0;

    while (ms < most_ms && !is_known_at(w, i)) {
        relay_net_run(w->net, 10);
        ms += 10;
    }
    return ms;
}

static size_t sessions(const struct world *w)
{
    return w->host.node.core->relays.count;
}

static const char *trouble(const struct world *w)
{
    static char text[SENTENCE_SIZE];
    const struct ziglan *ziglan = ziglan_of(w);

    return sentence_of_sought(ziglan, guides_any(&w->host.node.core->guides, ziglan->entry_point),
                              text);
}

static const char *key_of(const struct world *w)
{
    static char key[KEY_TEXT_SIZE];

    return key_text(ziglan_of(w)->record.url.key, key);
}

/* Who tried for long tries rarely; a newer record says that it is worth it now. */
static void an_entry_point_that_comes_back_where_it_was_is_dialled_at_once(void **state)
{
    char text[URL_SIZE_MAX];
    struct world w;
    uint64_t slowest_ms = 0;

    (void)state;
    world_init(&w);
    pin(&w, OPEN);
    url_make(&w, RELAYS, text);
    join(&w, text);
    assert_in_range(until_joined(&w, 10000), 0, 1000);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t ms;

        relay_net_run(w.net, 1000);
        relay_node_stop(&w.net->nodes[HOME]);
        relay_net_run(w.net, 300000 + 3700 * i);
        assert_false(is_joined(&w));
        relay_net_start_one(w.net, HOME);
        ms = until_joined(&w, 60000);
        slowest_ms = ms > slowest_ms ? ms : slowest_ms;
    }
    assert_in_range(slowest_ms, 0, 1000);
    world_fini(&w);
}

static void a_pinned_relay_that_moves_is_followed_too(void **state)
{
    char text[URL_SIZE_MAX], error[URL_ERROR_SIZE], key[KEY_TEXT_SIZE];
    const struct relay_session *relay;
    struct world w;
    uint64_t ms = 0;

    (void)state;
    world_init(&w);
    pin(&w, OPEN);
    url_make(&w, RELAYS, text);
    join(&w, text);
    assert_in_range(until_joined(&w, 10000), 0, 1000);
    relay = pins_session(&w.host.node.core->pins, &w.host.node.core->pins.list[0]);
    relay_node_stop(&w.net->nodes[OPEN]);
    assert_true(endpoint_parse(&w.net->nodes[OPEN].address, "45.9.9.9", 4433));
    relay_net_start_one(w.net, OPEN);
    while (ms < 40000 && !endpoint_equal(&relay->remote, &w.net->nodes[OPEN].address)) {
        relay_net_run(w.net, 10);
        ms += 10;
    }
    assert_in_range(ms, 0, 30000);
    /* One that was found by its key is pinned where it is. */
    (void)key_text(relay_net_key(w.net, HOME), key);
    assert_int_equal(pinning_add(w.host.node.core, key, error, sizeof(error), w.net->now), ERR_OK);
    assert_int_equal(w.host.node.core->pins.list[1].url.hosts_count, 1);
    world_fini(&w);
}

static void an_entry_point_that_moved_hears_the_goodbye_of_who_left(void **state)
{
    char text[URL_SIZE_MAX];
    uint8_t left[KEY_SIZE];
    struct world w;

    (void)state;
    world_init(&w);
    url_make(&w, CLOSED, text);
    join(&w, text);
    assert_in_range(until_joined(&w, 10000), 0, 2000);
    relay_node_stop(&w.net->nodes[HOME]);
    assert_int_equal(host_core_leave(w.host.node.core, key_of(&w), left, w.net->now), ERR_OK);
    relay_net_run(w.net, 20000);
    host_node_start(&w.host.node, w.net->now);
    homing_use(w.host.node.core, false, w.net->now);
    (void)host_node_pump(&w.host.node, w.net->now);
    relay_net_run(w.net, 5000);
    assert_false(host_core_said_farewell(w.host.node.core, left));
    move(&w, "45.9.9.9");
    relay_net_start_one(w.net, HOME);
    relay_net_run(w.net, 30000);
    assert_true(host_core_said_farewell(w.host.node.core, left));
    world_fini(&w);
}

/* ---- tests ---- */

static void a_host_joins_by_a_key_and_a_relay_that_knows_it(void **state)
{
    const size_t guides[] = {OPEN, CLOSED, FIRST};
    char text[URL_SIZE_MAX];

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(guides); i++) {
        struct world w;

        world_init(&w);
        url_make(&w, guides[i], text);
        join(&w, text);
        assert_in_range(until_joined(&w, 10000), 0, 2000);
        relay_net_run(w.net, 5000);
        assert_int_equal(sessions(&w), 1); /* the guide is let go */
        world_fini(&w);
    }
}

static void a_host_joins_by_a_key_alone_if_it_knows_a_relay(void **state)
{
    char text[URL_SIZE_MAX];
    struct world w;

    (void)state;
    world_init(&w);
    pin(&w, OPEN);
    relay_net_run(w.net, 1000);
    url_make(&w, RELAYS, text);
    join(&w, text);
    assert_in_range(until_joined(&w, 10000), 0, 1000);
    world_fini(&w);
}

/* It is started anew at another address, and tells the others. */
static void move_and_tell(struct world *w, const char *address, size_t whom)
{
    relay_node_stop(&w->net->nodes[HOME]);
    move(w, address);
    relay_net_start_one(w->net, HOME);
    assert_in_range(until_known_at(w, whom, 60000), 0, 59000);
}

/* It tells by itself: the host says nothing to the entry point meanwhile. */
static void a_relay_that_the_host_uses_tells_at_once_where_an_entry_point_is_now(void **state)
{
    char text[URL_SIZE_MAX];
    struct world w;

    (void)state;
    world_init(&w);
    pin(&w, OPEN);
    url_make(&w, RELAYS, text);
    join(&w, text);
    assert_in_range(until_joined(&w, 10000), 0, 1000);
    for (unsigned i = 0; i < 3; i++) {
        char address[ENDPOINT_TEXT_SIZE];

        relay_net_run(w.net, 5000);
        (void)snprintf(address, sizeof(address), "45.9.9.%u", 9 + i);
        move_and_tell(&w, address, OPEN);
        assert_in_range(until_joined(&w, 60000), 0, 3000);
    }
    world_fini(&w);
}

/* What the relay answers in ten minutes, beyond what it sends without the host. */
static void signs_of_life_cost_a_small_packet_each_way(void **state)
{
    enum { FOR_MS = 600000, SIGNS = FOR_MS / SEEKING_SIGN_MS, PACKET_BYTES_MAX = 85 };
    char text[URL_SIZE_MAX];
    struct relay_net_sent alone, before;
    const struct relay_net_sent *sent;
    struct world w;

    (void)state;
    world_init(&w);
    sent = &w.net->sent[HOME];
    relay_net_run(w.net, 60000);
    before = *sent;
    relay_net_run(w.net, FOR_MS);
    alone = (struct relay_net_sent){sent->packets - before.packets, sent->bytes - before.bytes};
    url_make(&w, CLOSED, text);
    join(&w, text);
    assert_in_range(until_joined(&w, 10000), 0, 2000);
    relay_net_run(w.net, 60000);
    before = *sent;
    relay_net_run(w.net, FOR_MS);
    assert_in_range(sent->packets - before.packets - alone.packets, SIGNS, 5 * SIGNS / 4);
    assert_in_range(sent->bytes - before.bytes - alone.bytes, SIGNS * RELAY_NET_PACKET_BYTES,
                    5 * SIGNS / 4 * PACKET_BYTES_MAX);
    world_fini(&w);
}

/* The relay that the URL names is not open to strangers, so no session with it lasts. */
static void a_host_without_another_relay_follows_by_asking_the_one_of_the_url(void **state)
{
    char text[URL_SIZE_MAX];
    struct world w;

    (void)state;
    world_init(&w);
    url_make(&w, CLOSED, text);
    join(&w, text);
    assert_in_range(until_joined(&w, 10000), 0, 2000);
    for (unsigned i = 0; i < 3; i++) {
        char address[ENDPOINT_TEXT_SIZE];

        relay_net_run(w.net, 20000 + 1300 * i);
        (void)snprintf(address, sizeof(address), "45.9.9.%u", 9 + i);
        move_and_tell(&w, address, OPEN);
        assert_in_range(until_joined(&w, 60000), 0, FOLLOW_MS);
    }
    world_fini(&w);
}

static void a_relay_that_does_not_know_the_entry_point_is_not_relied_on(void **state)
{
    char text[URL_SIZE_MAX];
    struct world w;

    (void)state;
    world_init_with(&w, open_is_apart);
    pin(&w, OPEN);
    url_make(&w, CLOSED, text);
    join(&w, text);
    assert_in_range(until_joined(&w, 10000), 0, 2000);
    for (unsigned i = 0; i < 3; i++) {
        char address[ENDPOINT_TEXT_SIZE];

        relay_net_run(w.net, 20000 + 1300 * i);
        (void)snprintf(address, sizeof(address), "45.9.9.%u", 9 + i);
        move_and_tell(&w, address, FIRST);
        assert_in_range(until_joined(&w, 60000), 0, FOLLOW_MS);
    }
    world_fini(&w);
}

/* The URL that names the home relay's present address. */
static void url_make_with_address(const struct world *w, char text[URL_SIZE_MAX])
{
    char place[ENDPOINT_TEXT_SIZE], error[URL_ERROR_SIZE];
    struct url url;

    url_make(w, RELAYS, text);
    assert_int_equal(url_parse(&url, text, strlen(text), error), ERR_OK);
    (void)endpoint_text(place_of_home(w), place);
    assert_int_equal(url_set_hosts(&url, place, strlen(place)), ERR_OK);
    assert_int_equal(url_print(&url, text, URL_SIZE_MAX), ERR_OK);
}

/* The home relay is behind a full-cone NAT from now on. */
static void begin_behind_nat(struct world *w)
{
    relay_node_stop(&w->net->nodes[HOME]);
    assert_true(endpoint_parse(&w->net->outside[HOME], "45.9.8.1", 4433));
    relay_net_start_one(w->net, HOME);
    relay_net_run(w->net, 90000);
    assert_int_equal(w->net->nodes[HOME].core->reach.state, REACH_STATE_FULL_CONE);
}

/* Its provider gives it another address. Milliseconds from its notice until the host is there. */
static uint64_t until_followed(struct world *w, const char *address)
{
    const struct endpoint *noticed = &w->net->nodes[HOME].core->reach.address;
    uint64_t ms = 0;

    assert_true(endpoint_parse(&w->net->outside[HOME], address, 4433));
    while (ms < 60000 && !endpoint_equal(noticed, place_of_home(w))) {
        relay_net_run(w->net, 10);
        ms += 10;
    }
    assert_in_range(ms, 0, 20000);
    return until_joined(w, 60000);
}

/* The host is idle and uses no other relay: it hears from the entry point that it is behind a NAT,
 * in the Hello or later, and asks it often whether it is still there. */
static void a_host_follows_a_relay_behind_a_nat_that_moves(void **state)
{
    char text[URL_SIZE_MAX];

    (void)state;
    for (int known = 0; known < 2; known++) {
        struct world w;

        world_init(&w);
        if (known == 1) {
            begin_behind_nat(&w);
        }
        url_make_with_address(&w, text);
        join(&w, text);
        assert_in_range(until_joined(&w, 10000), 0, 1000);
        assert_int_equal(seeking_moves(ziglan_of(&w)->entry_point), known == 1);
        if (known == 0) {
            begin_behind_nat(&w);
        }
        for (unsigned i = 0; i < 4; i++) {
            char address[ENDPOINT_TEXT_SIZE];

            assert_in_range(until_joined(&w, 20000), 0, 19000);
            assert_true(seeking_moves(ziglan_of(&w)->entry_point));
            /* Not more often is a move measured; and QUIC's next keepalive would be 14 to 10 s
             * away.
             */
            relay_net_run(w.net, 4 * LINK_KEEPALIVE_MS + 1000 + 1300 * i);
            (void)snprintf(address, sizeof(address), "45.9.9.%u", 9 + i);
            assert_in_range(until_followed(&w, address), 0, FOLLOW_MS);
        }
        world_fini(&w);
    }
}

/* The URL has the address, the host uses no other relay: those that the entry point told it once
 * show the way, also to a host that was off meanwhile. */
static void a_host_follows_by_relays_that_it_was_told_of_once(void **state)
{
    char text[URL_SIZE_MAX];

    (void)state;
    for (int restarts = 0; restarts < 2; restarts++) {
        struct world w;

        world_init(&w);
        url_make_with_address(&w, text);
        join(&w, text);
        assert_in_range(until_joined(&w, 10000), 0, 1000);
        relay_net_run(w.net, 1000);
        assert_in_range(w.host.node.core->guides.count, 1, GUIDES_PER_RELAY);
        move_and_tell(&w, "45.9.9.9", OPEN);
        if (restarts == 1) {
            host_node_start(&w.host.node, w.net->now);
            homing_use(w.host.node.core, false, w.net->now);
            (void)host_node_pump(&w.host.node, w.net->now);
        }
        assert_in_range(until_joined(&w, 60000), 0, FOLLOW_IDLE_MS);
        relay_net_run(w.net, 1000);
        assert_int_equal(sessions(&w), 1);
        world_fini(&w);
    }
}

static void what_is_missing_is_said_in_one_sentence(void **state)
{
    const uint8_t seed[IDENTITY_SEED_SIZE] = {99};
    char text[URL_SIZE_MAX], key[KEY_TEXT_SIZE];
    uint8_t left[KEY_SIZE];
    struct identity nobody;
    struct world w;

    (void)state;
    world_init(&w);
    url_make(&w, RELAYS, text);
    join(&w, text);
    relay_net_run(w.net, 5000);
    assert_non_null(strstr(trouble(&w), "knows no relay that could be asked"));
    assert_non_null(strstr(trouble(&w), "ziglan relay pin"));
    assert_true(host_core_settled(w.host.node.core, ziglan_of(&w)->record.url.key));
    relay_node_stop(&w.net->nodes[OPEN]);
    pin(&w, OPEN);
    relay_net_run(w.net, 5000);
    assert_non_null(strstr(trouble(&w), "answers; trying again"));
    assert_false(host_core_settled(w.host.node.core, ziglan_of(&w)->record.url.key));
    assert_int_equal(host_core_leave(w.host.node.core, key_of(&w), left, w.net->now), ERR_OK);
    url_make(&w, CLOSED, text);
    identity_from_seed(&nobody, seed);
    (void)key_text(nobody.public_key, key);
    memcpy(text + strlen("ziglan://"), key, strlen(key)); /* a ziglan that nobody knows */
    join(&w, text);
    relay_net_run(w.net, 3000);
    assert_non_null(strstr(trouble(&w), "1 relay was asked where this ziglan is"));
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_joins_by_a_key_and_a_relay_that_knows_it),
        cmocka_unit_test(a_host_joins_by_a_key_alone_if_it_knows_a_relay),
        cmocka_unit_test(a_relay_that_the_host_uses_tells_at_once_where_an_entry_point_is_now),
        cmocka_unit_test(signs_of_life_cost_a_small_packet_each_way),
        cmocka_unit_test(a_host_without_another_relay_follows_by_asking_the_one_of_the_url),
        cmocka_unit_test(a_relay_that_does_not_know_the_entry_point_is_not_relied_on),
        cmocka_unit_test(a_host_follows_a_relay_behind_a_nat_that_moves),
        cmocka_unit_test(a_host_follows_by_relays_that_it_was_told_of_once),
        cmocka_unit_test(an_entry_point_that_comes_back_where_it_was_is_dialled_at_once),
        cmocka_unit_test(a_pinned_relay_that_moves_is_followed_too),
        cmocka_unit_test(an_entry_point_that_moved_hears_the_goodbye_of_who_left),
        cmocka_unit_test(what_is_missing_is_said_in_one_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
