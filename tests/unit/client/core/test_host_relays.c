/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One host, several relays at once: two entry points of one ziglan, and two relays of no ziglan,
 * which are open to strangers. What is relayed takes any of them; one after the other dies.
 */
#include "client/core/core_internal.h"
#include "relayd/core/core_internal.h"
#include "relayd/service/operator.h"
#include "tests/support/env.h"
#include "tests/support/fixture.h"
#include "tests/support/host_node.h"
#include "tests/support/identities.h"
#include "tests/support/relay_node.h"
#include "tests/support/street.h"
#include "tests/support/wire.h"

enum {
    HOSTS = 2,
    RELAYS = 4,
    ENTRY_POINTS = 2, /* the first ones; the others are of no ziglan */
    DELAY_MS = 10,
};

struct town {
    struct test_env ports;
    struct mono now;
    struct wire wire;
    struct relay_node relays[RELAYS];
    struct host_node hosts[HOSTS];
    struct street street;            /* all of them on their wire */
    uint64_t numbers[HOSTS][RELAYS]; /* of the sessions to all relays but the first */
    bool nas_is_cut_off;             /* from the first relay */
};

/* ---- the wire ---- */

static bool no_direct_way(void *context, struct wire_packet *packet)
{
    const struct town *town = context;
    const struct endpoint *nas = &town->hosts[1].address;
    const struct endpoint *relay = &town->relays[0].address;
    bool from_host = false;
    bool to_host = false;

    for (size_t i = 0; i < HOSTS; i++) {
        from_host = from_host || endpoint_equal(&packet->from, &town->hosts[i].address);
        to_host = to_host || endpoint_equal(&packet->to, &town->hosts[i].address);
    }
    bool between = (endpoint_equal(&packet->from, nas) && endpoint_equal(&packet->to, relay)) ||
                   (endpoint_equal(&packet->to, nas) && endpoint_equal(&packet->from, relay));

    return (!from_host || !to_host) && !(town->nas_is_cut_off && between);
}

/* ---- making ---- */

static void make_relay(struct town *town, size_t i, const struct identity *ziglan)
{
    const uint8_t seed[IDENTITY_SEED_SIZE] = {(uint8_t)(20 + i)};
    const uint8_t ip[4] = {192, 0, 2, (uint8_t)(1 + i)};
    struct endpoint address = endpoint_v4(ip, 4433);
    struct relay_node *relay = &town->relays[i];
    struct identity identity;

    identity_from_seed(&identity, seed);
    relay_node_init(relay, &town->ports.env, &identity, ziglan, &address);
    if (i >= ENTRY_POINTS) {
        relay_node_set_open(relay);
    }
    relay->send = street_relay_sends;
    relay->context = &town->street;
    relay_node_start(relay, town->now);
}

static void make_host(struct town *town, size_t i)
{
    static const char *const names[HOSTS] = {"anna", "nas"};
    const uint8_t seed[IDENTITY_SEED_SIZE] = {(uint8_t)(10 + i)};
    const uint8_t ip[4] = {198, 51, 100, (uint8_t)(1 + i)};
    struct endpoint address = endpoint_v4(ip, 5000);
    struct identity identity;

    identity_from_seed(&identity, seed);
    host_node_init(&town->hosts[i], &town->ports.env, &identity, &address);
    (void)snprintf(town->hosts[i].cfg.name, sizeof(town->hosts[i].cfg.name), "%s", names[i]);
    town->hosts[i].send = street_host_sends;
    town->hosts[i].context = &town->street;
    host_node_start(&town->hosts[i], town->now);
}

static void invite(struct town *town, size_t relay, struct url *url, char text[URL_SIZE_MAX])
{
    struct directory_terms terms = {.uses = 1};
    char problem[URL_ERROR_SIZE];

    assert_int_equal(operator_invite(relay_core_operator(town->relays[relay].core), &terms, text),
                     VERDICT_OK);
    assert_int_equal(url_parse(url, text, strlen(text), problem), ERR_OK);
}

static void relay_url(const struct town *town, size_t relay, struct url *url)
{
    char key[KEY_TEXT_SIZE];
    char text[URL_SIZE_MAX];
    char problem[URL_ERROR_SIZE];

    (void)snprintf(text, sizeof(text), "relay://%s@%s",
                   key_text(town->relays[relay].identity.public_key, key),
                   town->relays[relay].public_host);
    assert_int_equal(url_parse(url, text, strlen(text), problem), ERR_OK);
}

static void add_open_relays(struct town *town, size_t i)
{
    struct url url;

    for (size_t relay = ENTRY_POINTS; relay < RELAYS; relay++) {
        relay_url(town, relay, &url);
        town->numbers[i][relay] = host_core_add_relay(town->hosts[i].core, &url, town->now);
        assert_int_not_equal(town->numbers[i][relay], 0);
    }
}

/* Sessions to all relays: the first entry point by joining, the second by an invite of its own, the
 * others by their keys. */
static void connect(struct town *town, size_t i)
{
    struct host_core *core = town->hosts[i].core;
    struct url url;
    char text[URL_SIZE_MAX];
    char error[200];

    invite(town, 0, &url, text);
    assert_int_equal(host_core_join(core, text, NULL, error, sizeof(error), town->now), ERR_OK);
    invite(town, 1, &url, text);
    town->numbers[i][1] = host_core_add_relay(core, &url, town->now);
    assert_int_not_equal(town->numbers[i][1], 0);
    add_open_relays(town, i);
}

static struct town *town_new(void)
{
    static const uint8_t ziglan_seed[IDENTITY_SEED_SIZE] = {2};
    struct town *town = calloc(1, sizeof(*town));
    struct identity ziglan;

    assert_non_null(town);
    assert_int_equal(identity_library_init(), ERR_OK);
    test_env_init(&town->ports, 7);
    town->now.ns = NS_PER_S;
    town->ports.clock = &town->now;
    assert_int_equal(link_library_init(&town->ports.env), ERR_OK);
    wire_init(&town->wire, &town->ports.rng);
    town->wire.delay_us = DELAY_MS * 1000;
    town->wire.hook = no_direct_way;
    town->wire.hook_context = town;
    town->street = (struct street){.now = &town->now,
                                   .wire = &town->wire,
                                   .relays = town->relays,
                                   .relays_count = RELAYS,
                                   .hosts = town->hosts,
                                   .hosts_count = HOSTS};
    identity_from_seed(&ziglan, ziglan_seed);
    for (size_t i = 0; i < RELAYS; i++) {
        make_relay(town, i, &ziglan);
    }
    for (size_t i = 0; i < HOSTS; i++) {
        make_host(town, i);
        connect(town, i);
    }
    street_run_ms(&town->street, 3000);
    return town;
}

static void town_free(struct town *town)
{
    wire_fini(&town->wire);
    for (size_t i = 0; i < HOSTS; i++) {
        host_node_fini(&town->hosts[i]);
    }
    for (size_t i = 0; i < RELAYS; i++) {
        relay_node_fini(&town->relays[i]);
    }
    link_library_fini();
    free(town);
}

/* ---- what hosts do ---- */

static size_t sessions_open(const struct host_core *core)
{
    const struct relay_session *relay;
    size_t count = 0;

    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        count += relay->open && relay->serves ? 1 : 0;
    }
    return count;
}

/* Anna sends an IPv4 ICMP echo request to nas. */
static void send_ping(struct town *town)
{
    assert_true(host_node_ping(&town->hosts[0], "nas", 84, town->now));
}

/* Pings for at most `s` seconds, until a packet arrives at nas. */
static bool passes_within(struct town *town, unsigned s)
{
    size_t before = town->hosts[1].delivered;

    for (unsigned i = 0; i < 10 * s && town->hosts[1].delivered == before; i++) {
        send_ping(town);
        street_run_ms(&town->street, 100);
    }
    return town->hosts[1].delivered > before;
}

/* Whose path anna uses now: the number of a relay, RELAYS: none of them. */
static size_t relay_in_use(struct town *town)
{
    struct host_core *core = town->hosts[0].core;
    struct peer *nas = peer_find(&core->peers, town->hosts[1].identity.public_key);
    const struct path *path = path_table_present(&nas->conversation->paths);

    for (size_t i = 0; path != NULL && path->kind == PATH_KIND_RELAY && i < RELAYS; i++) {
        if (memcmp(path->relay->relay_key, town->relays[i].identity.public_key, KEY_SIZE) == 0) {
            return i;
        }
    }
    return RELAYS;
}

static struct ziglan *ziglan_of(struct town *town, size_t host)
{
    return TAILQ_FIRST(&town->hosts[host].core->ziglans.head);
}

static void peers_are_at_the_open_relays(struct town *town)
{
    for (size_t i = 0; i < HOSTS; i++) {
        for (size_t relay = ENTRY_POINTS; relay < RELAYS; relay++) {
            assert_true(host_core_peer_at_relay(town->hosts[i].core,
                                                town->hosts[1 - i].identity.public_key,
                                                town->numbers[i][relay], town->now));
        }
    }
}

/* ---- tests ---- */

static void a_host_holds_sessions_to_relays_of_a_ziglan_and_of_none_at_once(void **state)
{
    struct town *town = town_new();

    (void)state;
    for (size_t i = 0; i < HOSTS; i++) {
        assert_int_equal(sessions_open(town->hosts[i].core), RELAYS);
        assert_int_equal(town->hosts[i].core->ziglans.count, 1);
    }
    /* Nothing changes in half an hour, in which all are kept alive. */
    street_run_ms(&town->street, 1800 * 1000);
    for (size_t i = 0; i < HOSTS; i++) {
        assert_int_equal(sessions_open(town->hosts[i].core), RELAYS);
    }
    assert_true(passes_within(town, 1));
    assert_int_equal(relay_in_use(town), 0);
    town_free(town);
}

static void what_is_relayed_takes_another_relay_when_one_dies(void **state)
{
    struct town *town = town_new();

    (void)state;
    assert_true(passes_within(town, 1));
    peers_are_at_the_open_relays(town);
    for (size_t deaths = 1; deaths < RELAYS; deaths++) {
        size_t dead = relay_in_use(town);

        assert_true(dead < RELAYS);
        relay_node_stop(&town->relays[dead]);
        street_run_ms(&town->street, 100); /* what was on its way has arrived */
        assert_true(passes_within(town, 12));
        size_t used = relay_in_use(town);
        assert_true(used < RELAYS && town->relays[used].core != NULL);
        /* The ziglan's own relays first. */
        assert_true(deaths >= ENTRY_POINTS || used == deaths);
    }
    /* The first one comes back and is preferred again. */
    relay_node_start(&town->relays[0], town->now);
    for (int i = 0; i < 300 && relay_in_use(town) != 0; i++) {
        send_ping(town);
        street_run_ms(&town->street, 100);
    }
    assert_int_equal(relay_in_use(town), 0);
    assert_true(passes_within(town, 1));
    town_free(town);
}

static void a_relay_of_no_ziglan_leads_only_to_peers_that_are_known_to_be_there(void **state)
{
    struct town *town = town_new();

    (void)state;
    assert_true(passes_within(town, 1));
    relay_node_stop(&town->relays[0]);
    relay_node_stop(&town->relays[1]);
    street_run_ms(&town->street, 100);
    assert_false(passes_within(town, 20));
    peers_are_at_the_open_relays(town);
    assert_true(passes_within(town, 12));
    town_free(town);
}

/* Both know each other from before and nothing of each other's relays. The first one, which is the
 * ziglan's, has anna's session, but not his. */
static void a_host_finds_the_relay_that_its_peer_is_at(void **state)
{
    struct town *town = town_new();

    (void)state;
    relay_node_stop(&town->relays[1]);
    relay_node_stop(&town->relays[2]);
    town->nas_is_cut_off = true;
    for (size_t i = 0; i < HOSTS; i++) {
        host_node_start(&town->hosts[i], town->now);
        add_open_relays(town, i);
    }
    street_run_ms(&town->street, 1000);
    send_ping(town); /* makes the conversation that is told */
    assert_true(host_core_peer_at_relay(town->hosts[0].core, town->hosts[1].identity.public_key,
                                        town->numbers[0][RELAYS - 1], town->now));
    assert_true(passes_within(town, 12));
    assert_int_equal(relay_in_use(town), RELAYS - 1);
    town_free(town);
}

/* Both have found that the peer does not answer through the first relay, and both sessions are as
 * good as before: it was only slow, or its neighbour was full. */
static void a_relay_that_was_silent_for_a_moment_is_used_again(void **state)
{
    struct town *town = town_new();

    (void)state;
    assert_true(passes_within(town, 1));
    for (size_t i = 0; i < HOSTS; i++) {
        struct host_core *core = town->hosts[i].core;
        struct peer *peer = peer_find(&core->peers, town->hosts[1 - i].identity.public_key);
        struct path *path = path_table_relayed(&peer->conversation->paths);

        path_relay_expire(path, town->now);
        path_relay_expire(path, mono_add_ms(town->now, PATH_PING_LOST_MS));
    }
    assert_int_equal(relay_in_use(town), 1);
    assert_true(passes_within(town, 1));
    assert_int_equal(relay_in_use(town), 1);
    for (int i = 0; i < 40; i++) {
        send_ping(town);
        street_run_ms(&town->street, 100);
    }
    assert_int_equal(relay_in_use(town), 0);
    town_free(town);
}

static void a_ziglan_that_is_left_takes_its_relays_along(void **state)
{
    struct town *town = town_new();
    struct host_core *core = town->hosts[0].core;

    (void)state;
    assert_true(passes_within(town, 1));
    assert_int_equal(host_core_leave(core, "home", town->now), ERR_OK);
    (void)host_node_pump(&town->hosts[0], town->now);
    street_run_ms(&town->street, 3000);
    assert_int_equal(core->relays.count, RELAYS - ENTRY_POINTS);
    assert_int_equal(sessions_open(core), RELAYS - ENTRY_POINTS);
    assert_int_equal(core->conversations.count, 0);
    town_free(town);
}

static void a_ziglans_own_relays_are_no_relays_of_none(void **state)
{
    struct town *town = town_new();
    struct host_core *anna = town->hosts[0].core;
    const uint8_t *nas = town->hosts[1].identity.public_key;

    (void)state;
    assert_true(passes_within(town, 1));
    assert_false(host_core_peer_at_relay(anna, nas, town->numbers[0][1], town->now));
    assert_false(
        host_core_peer_at_relay(anna, nas, ziglan_of(town, 0)->entry_point->number, town->now));
    peers_are_at_the_open_relays(town);
    assert_int_equal(relay_in_use(town), 0);
    town_free(town);
}

/* The entry point alone is watched: its place in the stream of changes is not another's. */
static void changes_of_an_entry_point_that_is_not_watched_do_not_count(void **state)
{
    struct town *town = town_new();
    struct ziglan *ziglan = ziglan_of(town, 0);
    Ziglan__Watch watch = ZIGLAN__WATCH__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)state;
    roster_progress(ziglan->roster, 5);
    watch.all = true;
    message.body_case = ZIGLAN__CONTROL__BODY_WATCH;
    message.watch = &watch;
    assert_true(relay_session_send(ziglan->relays[0].session, &message));
    (void)host_node_pump(&town->hosts[0], town->now);
    street_run_ms(&town->street, 1000);
    assert_int_equal(roster_sequence(ziglan->roster), 5);
    town_free(town);
}

/* The relay that the member part of a host names; none: zeros. */
static void relay_of_part(const struct ziglan *ziglan, uint8_t key[KEY_SIZE])
{
    struct record_member part;

    assert_true(ziglan->record.part_size > SIGNATURE_SIZE);
    assert_int_equal(
        record_member_decode(&part, ziglan->record.part, ziglan->record.part_size - SIGNATURE_SIZE),
        ERR_OK);
    assert_int_equal(part.relays_count, 1);
    memcpy(key, part.relays[0], KEY_SIZE);
}

/* Anna is given an invite of the second entry point: it admits her. */
static void second_admits(struct town *town, uint8_t named[KEY_SIZE])
{
    struct url url;
    char text[URL_SIZE_MAX];

    invite(town, 1, &url, text);
    assert_int_not_equal(host_core_add_relay(town->hosts[0].core, &url, town->now), 0);
    street_run_ms(&town->street, 3000);
    assert_true(ziglan_of(town, 0)->relays[0].session->serves);
    relay_of_part(ziglan_of(town, 0), named);
}

static void an_entry_point_that_was_not_reached_yet_makes_no_member_part_of_zeros(void **state)
{
    struct town *town = town_new();
    struct url url;
    char first[URL_SIZE_MAX];
    char error[200];
    uint8_t named[KEY_SIZE];

    (void)state;
    invite(town, 0, &url, first);
    relay_node_stop(&town->relays[0]);

    /* Known from the life before: the part stays as it is. */
    host_node_start(&town->hosts[0], town->now);
    second_admits(town, named);
    assert_memory_equal(named, town->relays[0].identity.public_key, KEY_SIZE);

    /* Never known: the relay that admits us is named. */
    assert_int_equal(host_core_leave(town->hosts[0].core, "home", town->now), ERR_OK);
    assert_int_equal(
        host_core_join(town->hosts[0].core, first, NULL, error, sizeof(error), town->now), ERR_OK);
    second_admits(town, named);
    assert_memory_equal(named, town->relays[1].identity.public_key, KEY_SIZE);
    town_free(town);
}

/* Whether the session of anna to this relay is open. */
static bool anna_is_at(struct town *town, size_t relay)
{
    const struct relay_session *session =
        relay_set_find(&town->hosts[0].core->relays, town->numbers[0][relay]);

    return session != NULL && session->open;
}

/* As a relay of a ziglan is believed, within the same bound. */
static void a_relay_of_no_ziglan_is_dialled_again_when_it_says(void **state)
{
    struct town *town = town_new();
    struct relay_node *relay = &town->relays[ENTRY_POINTS];

    (void)state;
    relay_core_shutdown(relay->core, 5000, town->now);
    (void)relay_node_pump(relay, town->now);
    street_run_ms(&town->street, 1000);
    assert_true(relay_core_stopped(relay->core));
    relay_node_stop(relay);
    relay_node_start(relay, town->now);
    street_run_ms(&town->street, 3500);
    assert_false(anna_is_at(town, ENTRY_POINTS));
    street_run_ms(&town->street, 2000);
    assert_true(anna_is_at(town, ENTRY_POINTS));
    relay_core_shutdown(relay->core, UINT32_MAX, town->now);
    (void)relay_node_pump(relay, town->now);
    street_run_ms(&town->street, 1000);
    relay_node_stop(relay);
    relay_node_start(relay, town->now);
    street_run_ms(&town->street, 300 * 1000);
    assert_true(anna_is_at(town, ENTRY_POINTS));
    town_free(town);
}

/* The keys of 0 and of 1 have a small order: whoever asks gets signatures of them for nothing. */
static void a_url_with_a_key_of_nobody_is_refused(void **state)
{
    struct town *town = town_new();
    struct host_core *core = town->hosts[0].core;

    (void)state;
    for (uint8_t i = 0; i < 2; i++) {
        struct url url;
        char text[URL_SIZE_MAX];
        char error[200] = "";

        relay_url(town, ENTRY_POINTS, &url);
        memset(url.key, 0, sizeof(url.key));
        url.key[0] = i;
        assert_int_equal(host_core_add_relay(core, &url, town->now), 0);
        url.kind = URL_KIND_ZIGLAN;
        assert_int_equal(url_print(&url, text, sizeof(text)), ERR_OK);
        assert_int_equal(host_core_join(core, text, NULL, error, sizeof(error), town->now),
                         ERR_DROP);
        assert_non_null(strstr(error, "nobody can have the key of this URL"));
    }
    assert_int_equal(core->relays.count, RELAYS);
    assert_int_equal(core->ziglans.count, 1);
    town_free(town);
}

static void a_join_that_finds_no_room_for_a_relay_says_so(void **state)
{
    struct town *town = town_new();
    struct host_core *core = town->hosts[0].core;
    struct url url;
    char key[KEY_TEXT_SIZE];
    char text[URL_SIZE_MAX];
    char error[200] = "";

    (void)state;
    relay_url(town, ENTRY_POINTS, &url);
    for (uint8_t i = 1; core->relays.count < RELAY_SET_MAX; i++) {
        struct identity identity = fixture_identity((char)i);

        memcpy(url.key, identity.public_key, KEY_SIZE);
        assert_int_not_equal(host_core_add_relay(core, &url, town->now), 0);
    }
    (void)snprintf(text, sizeof(text), "ziglan://%s@192.0.2.99", key_text(url.key, key));
    assert_int_equal(host_core_join(core, text, NULL, error, sizeof(error), town->now), ERR_LIMIT);
    assert_non_null(strstr(error, "at most 32 relays"));
    town_free(town);
}

/* Two URLs can lead to one relay, which has one session for each key: the sessions would replace
 * each other for ever. */
static void two_urls_of_one_relay_share_its_session(void **state)
{
    static const struct {
        const char *name;
        size_t relay;
        bool by_its_own_key;
    } cases[] = {
        {"the entry point, by the ziglan's key", 0, false},
        {"the entry point, by its own key", 0, true},
        {"the second entry point, by the ziglan's key", 1, false},
        {"a relay of no ziglan", ENTRY_POINTS, true},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct town *town = town_new();
        struct host_core *anna = town->hosts[0].core;
        const struct relay_core *core = town->relays[cases[i].relay].core;
        struct url url;
        char text[URL_SIZE_MAX];

        assert_true(passes_within(town, 1));
        peers_are_at_the_open_relays(town);
        if (cases[i].by_its_own_key) {
            relay_url(town, cases[i].relay, &url);
        } else {
            invite(town, cases[i].relay, &url, text);
        }
        assert_int_not_equal(host_core_add_relay(anna, &url, town->now), 0);
        street_run_ms(&town->street, 3000);
        uint64_t replaced = core->base.counters.closed_replaced;
        street_run_ms(&town->street, 300 * 1000);
        if (sessions_open(anna) != RELAYS || core->base.counters.closed_replaced != replaced ||
            replaced > 1 || anna->relays.count != RELAYS ||
            ziglan_of(town, 0)->state != ZIGLAN_STATE_JOINED) {
            fail_msg("%s", cases[i].name);
        }
        assert_true(passes_within(town, 1));
        assert_int_equal(relay_in_use(town), 0);
        town_free(town);
    }
}

/* The entry point keeps its place, also if another URL of it was there first. */
static void an_entry_point_takes_over_a_session_that_is_open_already(void **state)
{
    struct town *town = town_new();
    struct host_core *anna = town->hosts[0].core;
    struct ziglan *ziglan = ziglan_of(town, 0);
    struct url url;
    char text[URL_SIZE_MAX];
    char error[200];

    (void)state;
    assert_true(passes_within(town, 1));
    invite(town, 1, &url, text); /* the second entry point takes the place of the first one ... */
    assert_int_equal(host_core_join(anna, text, NULL, error, sizeof(error), town->now), ERR_OK);
    street_run_ms(&town->street, 10 * 1000);
    assert_memory_equal(ziglan->entry_point->relay_key, town->relays[0].identity.public_key,
                        KEY_SIZE);
    relay_node_stop(&town->relays[0]); /* ... when that is gone */
    street_run_ms(&town->street, 60 * 1000);
    assert_int_equal(ziglan->state, ZIGLAN_STATE_JOINED);
    assert_memory_equal(ziglan->entry_point->relay_key, town->relays[1].identity.public_key,
                        KEY_SIZE);
    assert_int_equal(anna->relays.count, RELAYS - 1);
    assert_int_equal(sessions_open(anna), RELAYS - 1);
    assert_true(town->relays[1].core->base.counters.closed_replaced <= 1);
    assert_true(passes_within(town, 12));
    town_free(town);
}

/* A relay moved to another address. The URL that leads to the former one has a session that stalls
 * and then ends; it must not displace the URL that works. */
static void of_two_urls_of_one_relay_the_one_that_works_stays(void **state)
{
    static const uint64_t waits_ms[] = {25 * 1000, 120 * 1000}; /* it is stalled; it has ended */
    static const uint8_t elsewhere[4] = {198, 51, 100, 77};

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(waits_ms); i++) {
        struct town *town = town_new();
        struct host_core *anna = town->hosts[0].core;
        struct relay_node *moved = &town->relays[ENTRY_POINTS];
        struct url url;

        moved->address = endpoint_v4(elsewhere, moved->address.port);
        (void)endpoint_text(&moved->address, moved->public_host);
        street_run_ms(&town->street, waits_ms[i]);
        assert_int_equal(sessions_open(anna), i == 0 ? RELAYS : RELAYS - 1);
        relay_url(town, ENTRY_POINTS, &url);
        uint64_t number = host_core_add_relay(anna, &url, town->now);
        street_run_ms(&town->street, 90 * 1000);
        const struct relay_session *relay = relay_set_find(&anna->relays, number);
        assert_non_null(relay);
        assert_true(relay->open && relay->serves);
        town_free(town);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_of_no_ziglan_is_dialled_again_when_it_says),
        cmocka_unit_test(a_url_with_a_key_of_nobody_is_refused),
        cmocka_unit_test(a_join_that_finds_no_room_for_a_relay_says_so),
        cmocka_unit_test(two_urls_of_one_relay_share_its_session),
        cmocka_unit_test(an_entry_point_takes_over_a_session_that_is_open_already),
        cmocka_unit_test(of_two_urls_of_one_relay_the_one_that_works_stays),
        cmocka_unit_test(a_host_holds_sessions_to_relays_of_a_ziglan_and_of_none_at_once),
        cmocka_unit_test(what_is_relayed_takes_another_relay_when_one_dies),
        cmocka_unit_test(a_relay_of_no_ziglan_leads_only_to_peers_that_are_known_to_be_there),
        cmocka_unit_test(a_host_finds_the_relay_that_its_peer_is_at),
        cmocka_unit_test(a_relay_that_was_silent_for_a_moment_is_used_again),
        cmocka_unit_test(a_ziglan_that_is_left_takes_its_relays_along),
        cmocka_unit_test(a_ziglans_own_relays_are_no_relays_of_none),
        cmocka_unit_test(changes_of_an_entry_point_that_is_not_watched_do_not_count),
        cmocka_unit_test(an_entry_point_that_was_not_reached_yet_makes_no_member_part_of_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
