/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two hosts, a relay and the wire between them. */
#include "tests/support/host_fixture.h"

#include "client/core/core_internal.h"
#include "proto/link/link.h"
#include "relayd/service/operator.h"

enum { HEADERS_SIZE = 28 /* IPv4 and UDP */ };

static const char *const names[HOSTS] = {"anna", "nas"};

/* ---- the wire ---- */

static bool watch_direct(void *context, struct wire_packet *packet)
{
    struct lab *lab = context;
    bool direct = !endpoint_equal(&packet->from, &lab->relay.address) &&
                  !endpoint_equal(&packet->to, &lab->relay.address);

    if (lab->cut_lanes && packet->size > 0 && packet->data[0] >= FRAME_LANE_FIRST &&
        packet->data[0] <= FRAME_LANE_LAST) {
        return false;
    }
    if (lab->relay_deaf_to != NULL && !direct &&
        (endpoint_equal(&packet->from, lab->relay_deaf_to) ||
         endpoint_equal(&packet->to, lab->relay_deaf_to))) {
        return false;
    }
    lab->direct_frames += direct ? 1 : 0;
    if (direct && lab->direct_size_max > 0 && packet->size > lab->direct_size_max) {
        return false;
    }
    if (direct && lab->direct_mute != NULL && endpoint_equal(&packet->from, lab->direct_mute)) {
        return false;
    }
    return !direct || !lab->cut_direct;
}

void flush_host(struct lab *lab, struct host_node *h)
{
    (void)host_node_pump(h, lab->now);
}

void run_ms(struct lab *lab, uint64_t ms)
{
    street_run_ms(&lab->street, ms);
}

/* ---- making ---- */

void lab_restart_as(struct lab *lab, size_t i, const char *name)
{
    struct host_node *h = &lab->hosts[i];

    (void)snprintf(h->cfg.name, sizeof(h->cfg.name), "%s", name);
    host_node_start(h, lab->now);
}

void lab_restart(struct lab *lab, size_t i)
{
    lab_restart_as(lab, i, names[i]);
}

static void make_host(struct lab *lab, size_t i, uint16_t inner_mtu)
{
    struct host_node *h = &lab->hosts[i];
    const uint8_t seed[IDENTITY_SEED_SIZE] = {(uint8_t)(10 + i)};
    const uint8_t ip[4] = {198, 51, 100, (uint8_t)(1 + i)};
    struct endpoint address = endpoint_v4(ip, 5000);
    struct identity identity;

    identity_from_seed(&identity, seed);
    host_node_init(h, &lab->ports.env, &identity, &address);
    h->cfg.mtu = inner_mtu;
    memcpy(h->cfg.fixed[0], (const uint8_t[]){2, 0, 0, 0xff, 0xfe, 0, 0, (uint8_t)(1 + i)}, 8);
    h->cfg.fixed_count = 1;
    h->send = street_host_sends;
    h->context = &lab->street;
    lab_restart(lab, i);
}

static void make_relay(struct lab *lab)
{
    static const uint8_t ip[4] = {192, 0, 2, 1};
    static const uint8_t seed[IDENTITY_SEED_SIZE] = {1};
    static const uint8_t ziglan_seed[IDENTITY_SEED_SIZE] = {2};
    struct endpoint address = endpoint_v4(ip, 4433);
    struct identity identity, ziglan_identity;

    identity_from_seed(&identity, seed);
    identity_from_seed(&ziglan_identity, ziglan_seed);
    relay_node_init(&lab->relay, &lab->ports.env, &identity, &ziglan_identity, &address);
    lab->relay.send = street_relay_sends;
    lab->relay.context = &lab->street;
    start_relay(lab);
}

void start_relay(struct lab *lab)
{
    relay_node_start(&lab->relay, lab->now);
}

struct lab *lab_new_of_mtu(uint16_t inner_mtu)
{
    struct lab *lab = calloc(1, sizeof(*lab));

    assert_non_null(lab);
    test_env_init(&lab->ports, 7);
    lab->ports.clock = &lab->now;
    lab->now.ns = NS_PER_S;
    wire_init(&lab->wire, &lab->ports.rng);
    lab->wire.delay_us = DELAY_MS * 1000;
    lab->wire.size_max = 1500 - HEADERS_SIZE;
    lab->wire.hook = watch_direct;
    lab->wire.hook_context = lab;
    lab->street = (struct street){.now = &lab->now,
                                  .wire = &lab->wire,
                                  .relays = &lab->relay,
                                  .relays_count = 1,
                                  .hosts = lab->hosts,
                                  .hosts_count = HOSTS};
    assert_int_equal(identity_library_init(), ERR_OK);
    assert_int_equal(link_library_init(&lab->ports.env), ERR_OK);
    make_relay(lab);
    for (size_t i = 0; i < HOSTS; i++) {
        make_host(lab, i, inner_mtu);
    }
    return lab;
}

struct lab *lab_new(void)
{
    return lab_new_of_mtu(MTU);
}

void lab_free(struct lab *lab)
{
    wire_fini(&lab->wire);
    for (size_t i = 0; i < HOSTS; i++) {
        host_node_fini(&lab->hosts[i]);
    }
    relay_node_fini(&lab->relay);
    link_library_fini();
    free(lab);
}

void join(struct lab *lab, size_t i)
{
    struct directory_terms terms = {.uses = 1};
    char url[URL_SIZE_MAX];
    char error[200] = "";

    assert_int_equal(operator_invite(relay_core_operator(lab->relay.core), &terms, url),
                     VERDICT_OK);
    assert_int_equal(host_core_join(lab->hosts[i].core, url, NULL, error, sizeof(error), lab->now),
                     ERR_OK);
}

struct lab *lab_joined_over(size_t wire_mtu)
{
    struct lab *lab = lab_new();

    lab->wire.size_max = wire_mtu - HEADERS_SIZE;
    join(lab, 0);
    join(lab, 1);
    run_ms(lab, 1500);
    for (size_t i = 0; i < HOSTS; i++) {
        assert_true(host_node_settled(&lab->hosts[i]));
    }
    return lab;
}

struct lab *lab_joined(void)
{
    return lab_joined_over(1500);
}

/* ---- what tests do with it ---- */

void send_ping_between(struct lab *lab, size_t from, const char *name, size_t size)
{
    assert_true(host_node_ping(&lab->hosts[from], name, size, lab->now));
}

void send_ping(struct lab *lab, size_t size)
{
    send_ping_between(lab, 0, names[1], size);
}

void send_pings(struct lab *lab, size_t count, uint64_t every_ms)
{
    for (size_t i = 0; i < count; i++) {
        send_ping(lab, 84);
        run_ms(lab, every_ms);
    }
}

void next_ping_arrives(struct lab *lab, size_t size, uint64_t within_ms)
{
    size_t before = lab->hosts[1].delivered;

    send_ping(lab, size);
    run_ms(lab, within_ms);
    assert_int_equal(lab->hosts[1].delivered, before + 1);
}

struct lab *lab_relayed(void)
{
    struct lab *lab = lab_joined();

    lab->cut_direct = true;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    assert_int_equal(lab->hosts[1].delivered, 1);
    return lab;
}

const char *state_of_nas(struct lab *lab)
{
    return host_node_path(&lab->hosts[0], names[1], lab->now);
}

struct ziglan *ziglan_at(struct lab *lab, size_t host)
{
    struct ziglan *first = TAILQ_FIRST(&lab->hosts[host].core->ziglans.head);

    assert_non_null(first);
    return first;
}

struct conversation *conversation_at(struct lab *lab, size_t host)
{
    struct host_core *core = lab->hosts[host].core;

    assert_true(core->peers.count > 0);
    assert_non_null(core->peers.list[0]->conversation);
    return core->peers.list[0]->conversation;
}

struct ziglan *join_another(struct lab *lab)
{
    struct host_core *core = lab->hosts[0].core;
    struct url url = {.kind = URL_KIND_ZIGLAN, .hosts_count = 1};

    (void)snprintf(url.name, sizeof(url.name), "other");
    (void)snprintf(url.hosts[0].name, sizeof(url.hosts[0].name), "192.0.2.77");
    url.hosts[0].numeric = true;
    memset(url.key, 9, KEY_SIZE);
    assert_int_equal(ziglan_list_add(&core->ziglans, &url, NULL, lab->now), ERR_OK);
    return ziglan_list_find(&core->ziglans, url.key);
}
