/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two host cores and a relay core joined by a wire of memory in virtual time with seeded
 * randomness: host 0 is "anna", host 1 is "nas".
 */
#pragma once

#include "client/core/core.h"
#include "proto/wire/frame.h"
#include "relayd/core/core.h"
#include "relayd/service/operator.h"
#include "rendezvous/directory/directory.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HOSTS = 2, DELAY_MS = 10, MTU = 1280 };

struct flying {
    struct flying *next;
    struct mono at;
    struct endpoint from, to;
    size_t size;
    uint8_t data[];
};

struct test_host {
    struct identity identity;
    struct host_core *core;
    struct store *store;
    struct endpoint address;
    struct outbox box;
    struct packet_box tun;
    struct host_io io;
    size_t delivered;
    uint8_t last[INNER_MTU_MAX];
    size_t last_size;
};

struct lab {
    struct test_env ports;
    struct mono now;
    struct identity relay_identity, ziglan_identity;
    struct relay_config cfg;
    struct relay_core *relay;
    struct store *relay_store;
    struct endpoint relay_address;
    struct outbox relay_box;
    struct test_host hosts[HOSTS];
    struct flying *flying;
    bool cut_direct;
    size_t direct_frames, mtu_dropped;
    size_t turns; /* instants at which anything happened */
    size_t wire_mtu;
    uint16_t inner_mtu;
};

static inline void fly(struct lab *lab, const struct endpoint *from, const struct outbox *box)
{
    for (size_t i = 0; i < box->items_count; i++) {
        const struct outbox_item *item = &box->items[i];
        bool direct = !endpoint_equal(from, &lab->relay_address) &&
                      !endpoint_equal(&item->remote, &lab->relay_address);
        struct flying **at = &lab->flying;

        lab->direct_frames += direct ? 1 : 0;
        if (direct && lab->cut_direct) {
            continue;
        }
        if (item->size > lab->wire_mtu - 28) {
            lab->mtu_dropped++;
            continue;
        }
        struct flying *f = malloc(sizeof(*f) + item->size);
        assert_non_null(f);
        *f = (struct flying){.at = mono_add_ms(lab->now, DELAY_MS),
                             .from = *from,
                             .to = item->remote,
                             .size = item->size};
        memcpy(f->data, box->bytes + item->offset, item->size);
        while (*at != NULL && !mono_before(f->at, (*at)->at)) {
            at = &(*at)->next;
        }
        f->next = *at;
        *at = f;
    }
}

static inline void pump_host(struct lab *lab, struct test_host *h)
{
    do {
        outbox_clear(&h->box);
        host_core_transmit(h->core, &h->io, lab->now);
        fly(lab, &h->address, &h->box);
    } while (h->box.items_count > 0);
    for (size_t i = 0; i < h->tun.items_count; i++) {
        h->delivered++;
        h->last_size = h->tun.items[i].size;
        memcpy(h->last, h->tun.items[i].data, h->last_size);
    }
    packet_box_clear(&h->tun);
}

/* What a call appended must leave before transmit clears the box. */
static inline void flush_host(struct lab *lab, struct test_host *h)
{
    fly(lab, &h->address, &h->box);
    outbox_clear(&h->box);
    pump_host(lab, h);
}

static inline void pump_relay(struct lab *lab)
{
    if (lab->relay == NULL) {
        return;
    }
    do {
        outbox_clear(&lab->relay_box);
        relay_core_transmit(lab->relay, &lab->relay_box, lab->now);
        fly(lab, &lab->relay_address, &lab->relay_box);
    } while (lab->relay_box.items_count > 0);
}

static inline void deliver(struct lab *lab, struct flying *f)
{
    struct dgram in = {.local = f->to, .remote = f->from, .data = f->data, .size = f->size};

    if (endpoint_equal(&f->to, &lab->relay_address) && lab->relay != NULL) {
        relay_core_receive(lab->relay, &in, lab->now);
        pump_relay(lab);
    }
    for (size_t i = 0; i < HOSTS; i++) {
        if (endpoint_equal(&f->to, &lab->hosts[i].address)) {
            host_core_receive(lab->hosts[i].core, &in, &lab->hosts[i].io, lab->now);
            flush_host(lab, &lab->hosts[i]);
        }
    }
    free(f);
}

static inline struct mono next_instant(const struct lab *lab)
{
    struct mono at = lab->flying == NULL ? MONO_NEVER : lab->flying->at;

    if (lab->relay != NULL) {
        at = mono_min(at, relay_core_deadline(lab->relay));
    }
    for (size_t i = 0; i < HOSTS; i++) {
        at = mono_min(at, host_core_deadline(lab->hosts[i].core));
    }
    return at;
}

static inline void run_ms(struct lab *lab, uint64_t ms)
{
    struct mono end = mono_add_ms(lab->now, ms);
    size_t idle = 0;

    for (;;) {
        struct mono at = next_instant(lab);

        if (mono_before(end, at)) {
            lab->now = end;
            return;
        }
        idle = mono_before(lab->now, at) ? 0 : idle + 1;
        assert_true(idle < 10000); /* a deadline that never moves */
        lab->turns++;
        lab->now = mono_before(lab->now, at) ? at : lab->now;
        while (lab->flying != NULL && mono_due(lab->flying->at, lab->now)) {
            struct flying *f = lab->flying;

            lab->flying = f->next;
            deliver(lab, f);
        }
        if (lab->relay != NULL && mono_due(relay_core_deadline(lab->relay), lab->now)) {
            relay_core_expire(lab->relay, lab->now);
            pump_relay(lab);
        }
        for (size_t i = 0; i < HOSTS; i++) {
            struct test_host *h = &lab->hosts[i];

            if (mono_due(host_core_deadline(h->core), lab->now)) {
                host_core_expire(h->core, &h->io, lab->now);
                flush_host(lab, h);
            }
        }
    }
}

static inline struct host_config host_config_of(const struct test_host *h, size_t i,
                                                size_t inner_mtu)
{
    return (struct host_config){.identity = &h->identity,
                                .mtu = (uint16_t)inner_mtu,
                                .fixed = {{2, 0, 0, 0xff, 0xfe, 0, 0, (uint8_t)(1 + i)}},
                                .fixed_count = 1};
}

static inline void make_host(struct lab *lab, size_t i)
{
    static const char *const names[HOSTS] = {"anna", "nas"};
    struct test_host *h = &lab->hosts[i];
    uint8_t seed[IDENTITY_SEED_SIZE] = {(uint8_t)(10 + i)};
    uint8_t ip[4] = {198, 51, 100, (uint8_t)(1 + i)};
    struct host_config cfg = host_config_of(h, i, lab->inner_mtu);
    struct host_local_addr addr = {.prefix_bits = 128};

    identity_from_seed(&h->identity, seed);
    (void)snprintf(cfg.name, sizeof(cfg.name), "%s", names[i]);
    h->address = endpoint_v4(ip, 5000);
    assert_int_equal(outbox_init(&h->box, 1 << 20, 1024), ERR_OK);
    assert_int_equal(packet_box_init(&h->tun, 1 << 20, 1024), ERR_OK);
    h->io = (struct host_io){&h->box, &h->tun};
    assert_int_equal(store_memory_new(&h->store), ERR_OK);
    assert_int_equal(host_core_new(&h->core, &cfg, h->store, &lab->ports.env, lab->now), ERR_OK);
    memcpy(addr.ip, h->address.ip, sizeof(addr.ip));
    host_core_network(h->core, &addr, 1, 5000, lab->now);
}

static inline void start_relay(struct lab *lab)
{
    assert_int_equal(
        relay_core_new(&lab->relay, &lab->cfg, lab->relay_store, &lab->ports.env, lab->now),
        ERR_OK);
}

static inline struct lab *lab_new_of_mtu(uint16_t inner_mtu)
{
    struct lab *lab = calloc(1, sizeof(*lab));
    static const uint8_t relay_ip[4] = {192, 0, 2, 1};
    uint8_t seed[IDENTITY_SEED_SIZE] = {1};

    assert_non_null(lab);
    test_env_init(&lab->ports, 7);
    lab->ports.clock = &lab->now;
    lab->now.ns = NS_PER_S;
    lab->wire_mtu = 1500;
    lab->inner_mtu = inner_mtu;
    assert_int_equal(identity_library_init(), ERR_OK);
    assert_int_equal(link_library_init(&lab->ports.env), ERR_OK);
    identity_from_seed(&lab->relay_identity, seed);
    seed[0] = 2;
    identity_from_seed(&lab->ziglan_identity, seed);
    lab->relay_address = endpoint_v4(relay_ip, 4433);
    lab->cfg = (struct relay_config){.identity = &lab->relay_identity,
                                     .ziglan_identity = &lab->ziglan_identity,
                                     .ziglan_name = "home",
                                     .public_hosts = "192.0.2.1:4433"};
    assert_int_equal(store_memory_new(&lab->relay_store), ERR_OK);
    assert_int_equal(outbox_init(&lab->relay_box, 1 << 20, 1024), ERR_OK);
    start_relay(lab);
    for (size_t i = 0; i < HOSTS; i++) {
        make_host(lab, i);
    }
    return lab;
}

static inline void lab_free(struct lab *lab)
{
    while (lab->flying != NULL) {
        struct flying *f = lab->flying;

        lab->flying = f->next;
        free(f);
    }
    for (size_t i = 0; i < HOSTS; i++) {
        host_core_free(lab->hosts[i].core);
        store_close(lab->hosts[i].store);
        outbox_fini(&lab->hosts[i].box);
        packet_box_fini(&lab->hosts[i].tun);
    }
    relay_core_free(lab->relay);
    store_close(lab->relay_store);
    outbox_fini(&lab->relay_box);
    link_library_fini();
    free(lab);
}

static inline struct lab *lab_new(void)
{
    return lab_new_of_mtu(MTU);
}

static inline void join(struct lab *lab, size_t i)
{
    struct directory_terms terms = {.uses = 1};
    char url[URL_SIZE_MAX];
    char error[200] = "";

    assert_int_equal(operator_invite(relay_core_operator(lab->relay), &terms, url), VERDICT_OK);
    assert_int_equal(host_core_join(lab->hosts[i].core, url, NULL, error, sizeof(error), lab->now),
                     ERR_OK);
}

static inline struct lab *lab_joined_over(size_t wire_mtu)
{
    struct lab *lab = lab_new();

    lab->wire_mtu = wire_mtu;
    join(lab, 0);
    join(lab, 1);
    run_ms(lab, 1500);
    for (size_t i = 0; i < HOSTS; i++) {
        assert_true(host_core_settled(lab->hosts[i].core));
    }
    return lab;
}

static inline struct lab *lab_joined(void)
{
    return lab_joined_over(1500);
}

static inline uint16_t naive_sum(const uint8_t *data, size_t size, uint32_t sum)
{
    for (size_t i = 0; i < size; i++) {
        sum += (uint32_t)data[i] << (i % 2 == 0 ? 8 : 0);
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

/* An IPv4 ICMP echo request of `size` bytes from host 0 to nas, as host 0 sees it. */
static inline void send_ping_between(struct lab *lab, size_t from, const char *name, size_t size)
{
    struct test_host *h = &lab->hosts[from];
    struct host_name_record to;
    uint8_t v4[4], v6[16], resolver[4], bits;
    uint8_t bytes[INNER_MTU_MAX] = {0x45, 0, (uint8_t)(size >> 8), (uint8_t)size, 0, 0, 0x40, 0,
                                    64,   1};
    struct packet packet = {.data = bytes, .size = size};
    uint16_t sum;

    assert_true(host_core_lookup_name(h->core, name, &to));
    host_core_addresses(h->core, v4, v6, resolver, &bits);
    memcpy(bytes + 12, v4, 4);
    memcpy(bytes + 16, to.v4, 4);
    sum = naive_sum(bytes, 20, 0);
    bytes[10] = (uint8_t)(sum >> 8);
    bytes[11] = (uint8_t)sum;
    bytes[20] = 8;
    sum = naive_sum(bytes + 20, size - 20, 0);
    bytes[22] = (uint8_t)(sum >> 8);
    bytes[23] = (uint8_t)sum;
    host_core_packets(h->core, &packet, 1, &h->io, lab->now);
    flush_host(lab, h);
}

static inline void send_ping(struct lab *lab, size_t size)
{
    send_ping_between(lab, 0, "nas", size);
}

static inline const char *state_of_nas(struct lab *lab)
{
    static char state[32];
    json_t *request = json_pack("{s:s}", "do", "peers");
    json_t *answer = host_core_admin(lab->hosts[0].core, request, lab->now);
    size_t i;
    json_t *peer;

    state[0] = '\0';
    json_array_foreach(json_object_get(answer, "peers"), i, peer)
    {
        if (strcmp(json_string_value(json_object_get(peer, "name")), "nas") == 0) {
            (void)snprintf(state, sizeof(state), "%s",
                           json_string_value(json_object_get(peer, "state")));
        }
    }
    if (getenv("TEST_TRACE") != NULL) {
        char *text = json_dumps(answer, JSON_COMPACT);

        fprintf(stderr, "%s\n", text);
        free(text);
    }
    json_decref(answer);
    json_decref(request);
    return state;
}
