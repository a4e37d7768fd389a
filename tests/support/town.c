/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hosts have no direct way, so that what they send each other takes a relay. */
#include "tests/support/town.h"

#include "client/core/core_internal.h"
#include "relayd/core/core_internal.h"
#include "relayd/service/operator.h"
#include "tests/support/fixture.h"

enum { DELAY_MS = 10 };

/* ---- the wire ---- */

static bool no_direct_way(void *context, struct wire_packet *packet)
{
    const struct town *town = context;
    const struct endpoint *nas = &town->hosts[1].address;
    const struct endpoint *relay = &town->relays[0].address;
    bool from_host = false;
    bool to_host = false;

    for (size_t i = 0; i < TOWN_HOSTS; i++) {
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
    if (i >= TOWN_ENTRY_POINTS) {
        relay_node_set_open(relay);
    }
    relay->send = street_relay_sends;
    relay->context = &town->street;
    relay_node_start(relay, town->now);
}

static void make_host(struct town *town, size_t i)
{
    static const char *const names[TOWN_HOSTS] = {"anna", "nas"};
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

void town_invite(struct town *town, size_t relay, struct url *url, char text[URL_SIZE_MAX])
{
    struct directory_terms terms = {.uses = 1};
    char problem[URL_ERROR_SIZE];

    assert_int_equal(operator_invite(relay_core_operator(town->relays[relay].core), &terms, text),
                     VERDICT_OK);
    assert_int_equal(url_parse(url, text, strlen(text), problem), ERR_OK);
}

void town_relay_url(const struct town *town, size_t relay, struct url *url)
{
    char key[KEY_TEXT_SIZE];
    char text[URL_SIZE_MAX];
    char problem[URL_ERROR_SIZE];

    (void)snprintf(text, sizeof(text), "relay://%s@%s",
                   key_text(town->relays[relay].identity.public_key, key),
                   town->relays[relay].public_host);
    assert_int_equal(url_parse(url, text, strlen(text), problem), ERR_OK);
}

void town_add_open_relays(struct town *town, size_t i)
{
    struct url url;

    for (size_t relay = TOWN_ENTRY_POINTS; relay < TOWN_RELAYS; relay++) {
        town_relay_url(town, relay, &url);
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

    town_invite(town, 0, &url, text);
    assert_int_equal(host_core_join(core, text, NULL, error, sizeof(error), town->now), ERR_OK);
    town_invite(town, 1, &url, text);
    town->numbers[i][1] = host_core_add_relay(core, &url, town->now);
    assert_int_not_equal(town->numbers[i][1], 0);
    town_add_open_relays(town, i);
}

struct town *town_new(void)
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
                                   .relays_count = TOWN_RELAYS,
                                   .hosts = town->hosts,
                                   .hosts_count = TOWN_HOSTS};
    identity_from_seed(&ziglan, ziglan_seed);
    for (size_t i = 0; i < TOWN_RELAYS; i++) {
        make_relay(town, i, &ziglan);
    }
    for (size_t i = 0; i < TOWN_HOSTS; i++) {
        make_host(town, i);
        connect(town, i);
    }
    street_run_ms(&town->street, 3000);
    return town;
}

void town_free(struct town *town)
{
    wire_fini(&town->wire);
    for (size_t i = 0; i < TOWN_HOSTS; i++) {
        host_node_fini(&town->hosts[i]);
    }
    for (size_t i = 0; i < TOWN_RELAYS; i++) {
        relay_node_fini(&town->relays[i]);
    }
    link_library_fini();
    free(town);
}

/* ---- what hosts do ---- */

size_t town_sessions_open(const struct host_core *core)
{
    const struct relay_session *relay;
    size_t count = 0;

    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        count += relay->open && relay->serves ? 1 : 0;
    }
    return count;
}

void town_ping(struct town *town)
{
    assert_true(host_node_ping(&town->hosts[0], "nas", 84, town->now));
}

bool town_passes_within(struct town *town, unsigned s)
{
    size_t before = town->hosts[1].delivered;

    for (unsigned i = 0; i < 10 * s && town->hosts[1].delivered == before; i++) {
        town_ping(town);
        street_run_ms(&town->street, 100);
    }
    return town->hosts[1].delivered > before;
}

size_t town_relay_in_use(struct town *town)
{
    struct host_core *core = town->hosts[0].core;
    struct peer *nas = peer_find(&core->peers, town->hosts[1].identity.public_key);
    const struct path *path = path_table_present(&nas->conversation->paths);

    for (size_t i = 0; path != NULL && !path_is_direct(path) && i < TOWN_RELAYS; i++) {
        if (memcmp(path->relay->relay_key, town->relays[i].identity.public_key, KEY_SIZE) == 0) {
            return i;
        }
    }
    return TOWN_RELAYS;
}

struct ziglan *town_ziglan(struct town *town, size_t host)
{
    return TAILQ_FIRST(&town->hosts[host].core->ziglans.head);
}

void town_peers_are_at_the_open_relays(struct town *town)
{
    for (size_t i = 0; i < TOWN_HOSTS; i++) {
        for (size_t relay = TOWN_ENTRY_POINTS; relay < TOWN_RELAYS; relay++) {
            assert_true(host_core_peer_at_relay(town->hosts[i].core,
                                                town->hosts[1 - i].identity.public_key,
                                                town->numbers[i][relay], town->now));
        }
    }
}
