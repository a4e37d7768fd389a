/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay that has a session like any other sends what it should not, as fast as it can: each is
 * refused and counted, nothing else is harmed. What a message costs is printed; docs/security.md
 * has the figures.
 */
#include "relayd/core/dispatch.h"

#include "proto/crypto/signed.h"
#include "rendezvous/mesh/node_unproven.h"
#include "tests/support/identities.h"
#include "tests/support/parts.h"
#include "tests/support/relay_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { COUNT = 6, VICTIM = 0, LIAR = 1, MESSAGES = 10000, EVERY_MS = 1, HOUR_MS = 3600 * 1000 };

/* What the liar sends: one message, made anew for each number. */
struct attack {
    struct relay_net *net;
    Ziglan__Control message;
    Ziglan__Nodes nodes;
    Ziglan__NodeEntry entry, *entries[1];
    Ziglan__Announce announce;
    Ziglan__Locate locate;
    Ziglan__Find find;
    struct part part;
    uint8_t key[KEY_SIZE];
    char app[8];
    char *apps[1];
};

static double cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- what is sent ---- */

static void send_record(struct attack *a)
{
    ziglan__node_entry__init(&a->entry);
    a->entry.record = control_bytes(a->part.bytes, a->part.size);
    ziglan__nodes__init(&a->nodes);
    a->entries[0] = &a->entry;
    a->nodes.entries = a->entries;
    a->nodes.n_entries = 1;
    a->message.body_case = ZIGLAN__CONTROL__BODY_NODES;
    a->message.nodes = &a->nodes;
}

/* A record of relay n of the whole world, as made at this time. */
static void record_make(struct attack *a, const struct identity *identity, uint32_t n,
                        uint64_t created_ms)
{
    const uint8_t ip[4] = {30, (uint8_t)(n >> 8), (uint8_t)n, 1};
    struct record_node record = {
        .header = {.sequence = created_ms, .created_ms = created_ms, .lifetime_s = 3600},
        .service = RECORD_NODE_SERVICE,
        .addresses = {endpoint_v4(ip, 4433)},
        .addresses_count = 1,
        .protocols = RECORD_PROTOCOL_QUIC_FLAG,
    };

    memcpy(record.header.key, identity->public_key, KEY_SIZE);
    assert_int_equal(record_node_encode(a->part.bytes, &a->part.size, &record), ERR_OK);
    assert_int_equal(signed_make(a->part.bytes, sizeof(a->part.bytes), &a->part.size, identity,
                                 a->part.bytes, a->part.size),
                     ERR_OK);
    send_record(a);
}

static uint64_t wall_of(const struct attack *a)
{
    return env_wall_ms(&a->net->ports.env);
}

static void forged_record(struct attack *a, uint32_t n)
{
    struct identity one = node_of(1000 + n);

    record_make(a, &one, n, wall_of(a));
    a->part.bytes[a->part.size - 1] ^= 1;
}

/* The record of a relay that all believe in, but for its address: the liar has not its key. */
static void claimed_key(struct attack *a, uint32_t n)
{
    struct identity mine = node_of(4711), claimed = mine;

    memcpy(claimed.public_key, relay_net_key(a->net, 2), KEY_SIZE);
    record_make(a, &claimed, n, wall_of(a) + 1 + n);
}

static void future_record(struct attack *a, uint32_t n)
{
    struct identity one = node_of(1000 + n);

    record_make(a, &one, n, wall_of(a) + HOUR_MS);
}

static void replayed_record(struct attack *a, uint32_t n)
{
    struct node_found found;

    (void)n;
    assert_true(mesh_find(a->net->nodes[VICTIM].core->mesh.mesh, relay_net_key(a->net, 2), &found));
    memcpy(a->part.bytes, found.record, found.record_size);
    a->part.size = found.record_size;
    send_record(a);
}

/* Genuine records of relays that are not there. */
static void many_records(struct attack *a, uint32_t n)
{
    struct identity one = node_of(1000 + n);

    record_make(a, &one, n, wall_of(a));
}

static void attachment_make(struct attack *a, uint32_t n, uint64_t wall_ms, const uint8_t *relay)
{
    struct identity host = node_of(100000 + n);

    a->part = attachment_of(wall_ms, &host, relay, wall_ms, HOUR_MS);
    ziglan__announce__init(&a->announce);
    a->announce.record = control_bytes(a->part.bytes, a->part.size);
    a->message.body_case = ZIGLAN__CONTROL__BODY_ANNOUNCE;
    a->message.announce = &a->announce;
}

static void forged_attachment(struct attack *a, uint32_t n)
{
    attachment_make(a, n, wall_of(a), relay_net_key(a->net, LIAR));
    a->part.bytes[a->part.size - 1] ^= 1;
}

static void future_attachment(struct attack *a, uint32_t n)
{
    attachment_make(a, n, wall_of(a) + HOUR_MS, relay_net_key(a->net, LIAR));
}

static void attachment_to_another(struct attack *a, uint32_t n)
{
    attachment_make(a, n, wall_of(a), relay_net_key(a->net, 2));
}

static void many_locates(struct attack *a, uint32_t n)
{
    memcpy(a->key, &n, sizeof(n));
    ziglan__locate__init(&a->locate);
    a->locate.key = control_bytes(a->key, KEY_SIZE);
    a->message.body_case = ZIGLAN__CONTROL__BODY_LOCATE;
    a->message.locate = &a->locate;
}

static void many_finds(struct attack *a, uint32_t n)
{
    (void)snprintf(a->app, sizeof(a->app), "chat");
    a->apps[0] = a->app;
    ziglan__find__init(&a->find);
    a->find.apps = a->apps;
    a->find.n_apps = 1;
    a->find.count = 24;
    memcpy(a->key, &n, sizeof(n));
    a->find.origin = control_bytes(a->key, KEY_SIZE);
    a->find.query = n + 1;
    a->find.hops = 4;
    a->message.body_case = ZIGLAN__CONTROL__BODY_FIND;
    a->message.find = &a->find;
}

/* ---- who counts it ---- */

static const struct mesh_stats *mesh_of(const struct relay_core *core)
{
    return mesh_stats(core->mesh.mesh);
}

static uint64_t count_forged(const struct relay_core *core)
{
    return mesh_of(core)->forged;
}

static uint64_t count_future(const struct relay_core *core)
{
    return mesh_of(core)->future;
}

static uint64_t count_known(const struct relay_core *core)
{
    return mesh_of(core)->known;
}

static uint64_t count_unproven(const struct relay_core *core)
{
    return mesh_of(core)->limit_unproven + mesh_of(core)->limit_believed;
}

static uint64_t count_attachment_forged(const struct relay_core *core)
{
    return presence_table_stats(core->presence.table)->forged;
}

static uint64_t count_attachment_future(const struct relay_core *core)
{
    return presence_table_stats(core->presence.table)->future;
}

static uint64_t count_attachment_foreign(const struct relay_core *core)
{
    return presence_table_stats(core->presence.table)->foreign;
}

static uint64_t count_locates(const struct relay_core *core)
{
    return core->base.counters.locate_limit + core->base.counters.control_rate;
}

static uint64_t count_finds(const struct relay_core *core)
{
    return find_stats(core->search.find)->limit_link;
}

static const struct row {
    const char *name;
    void (*make)(struct attack *attack, uint32_t number);
    uint64_t (*count)(const struct relay_core *core);
} rows[] = {
    {"a forged record", forged_record, count_forged},
    {"a record of another's key", claimed_key, count_forged},
    {"a record of the future", future_record, count_future},
    {"a record replayed", replayed_record, count_known},
    {"records of relays that are not there", many_records, count_unproven},
    {"a forged attachment", forged_attachment, count_attachment_forged},
    {"an attachment of the future", future_attachment, count_attachment_future},
    {"an attachment to another relay", attachment_to_another, count_attachment_foreign},
    {"locates", many_locates, count_locates},
    {"finds", many_finds, count_finds},
};

/* Ten seconds of this, a thousand messages a second; returns the CPU time of one in us. */
static double flood(struct relay_net *net, const struct row *row)
{
    struct relay_core *core = net->nodes[VICTIM].core;
    static uint8_t packed[CONTROL_SIZE_MAX];
    static const struct link_peer peer = {.roles = 0};
    struct link_event event = {.type = LINK_EVENT_CONTROL, .data = packed, .peer = &peer};
    struct attack attack = {.net = net};
    double used = 0;

    for (uint32_t n = 0; n < MESSAGES; n++) {
        struct neighbour *liar = neighbour_of_key(&core->base.neighbours, relay_net_key(net, LIAR));
        double began;

        assert_non_null(liar);
        ziglan__control__init(&attack.message);
        row->make(&attack, n);
        assert_int_equal(control_pack(packed, sizeof(packed), &event.size, &attack.message),
                         ERR_OK);
        event.handle = liar->client->handle;
        began = cpu_us();
        dispatch_on_message(core, &event, net->now);
        used += cpu_us() - began;
        relay_net_run(net, EVERY_MS);
    }
    return used / MESSAGES;
}

static void every_hostile_message_is_refused_counted_and_cheap(void **state)
{
    struct relay_net *net = relay_net_new(COUNT, 41);
    struct relay_core *core;
    uint32_t nodes;

    (void)state;
    relay_net_peers(net);
    relay_net_start(net);
    relay_net_run(net, 60000);
    core = net->nodes[VICTIM].core;
    nodes = mesh_of(core)->nodes;
    assert_int_equal(nodes, COUNT);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t counted = rows[i].count(core);
        double us = flood(net, &rows[i]);

        counted = rows[i].count(core) - counted;
        print_message("%-38s %6.1f us each, %5u of %u counted\n", rows[i].name, us,
                      (unsigned)counted, (unsigned)MESSAGES);
        assert_true(counted > 0);
        /* What it knew it knows, and no more; all neighbours are there. */
        assert_int_equal(mesh_of(core)->nodes, nodes);
        assert_true(mesh_of(core)->unproven <= NODE_UNPROVEN_MAX);
        /* The ziglans of the others may be announced to it. */
        assert_true(presence_table_stats(core->presence.table)->records <= COUNT);
        for (size_t k = 1; k < COUNT; k++) {
            assert_non_null(neighbour_of_key(&core->base.neighbours, relay_net_key(net, k)));
        }
        relay_net_run(net, 60000); /* its buckets are full again */
    }
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_hostile_message_is_refused_counted_and_cheap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
