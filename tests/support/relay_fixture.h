/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay core and several clients, which are real link hubs, joined by a wire of memory in
 * virtual time with seeded randomness. What a client received is kept for the test to look at.
 */
#pragma once

#include "proto/crypto/signed.h"
#include "proto/wire/control.h"
#include "proto/wire/record.h"
#include "relayd/core/core.h"
#include "relayd/service/operator.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/env.h"
#include "tests/support/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS_MAX = 6, KEPT_MAX = 512 };

struct packet_in_flight {
    struct packet_in_flight *next;
    struct mono at;
    struct endpoint from, to;
    size_t size;
    uint8_t data[];
};

/* One message that a client received. */
struct kept {
    enum link_event_type type;
    size_t size;
    uint8_t *data;
    enum link_reason reason;
};

struct client {
    struct identity identity;
    struct link_hub *hub;
    struct handle handle;
    struct endpoint address;
    struct kept kept[KEPT_MAX];
    size_t kept_count;
    bool open;
    uint32_t request_next;
};

struct world {
    struct test_env ports;
    struct mono now;
    struct identity relay, ziglan;
    struct endpoint relay_address;
    struct relay_config cfg;
    struct store *store;
    struct relay_core *core;
    struct client clients[CLIENTS_MAX];
    struct packet_in_flight *flying;
    struct outbox box;
    struct control_arena arena;
    struct packet_in_flight *loose; /* what the relay sent to nobody's address: STUN answers */
};

static inline void must(int rc, const char *what)
{
    if (rc != ERR_OK) {
        fprintf(stderr, "fixture: %s: %s\n", what, err_name(rc));
        abort();
    }
}

static inline void world_core_start(struct world *w)
{
    must(relay_core_new(&w->core, &w->cfg, w->store, &w->ports.env, w->now), "relay_core_new");
}

static inline void client_init(struct world *w, int i)
{
    struct client *c = &w->clients[i];
    uint8_t seed[IDENTITY_SEED_SIZE] = {(uint8_t)(i + 10)};
    uint8_t ip[4] = {198, 51, 100, (uint8_t)(i + 1)};
    struct link_config cfg = {.identity = &c->identity, .connection_max = 8};

    identity_from_seed(&c->identity, seed);
    c->address = endpoint_v4(ip, 5000);
    c->request_next = 1;
    must(link_hub_new(&c->hub, &cfg, &w->ports.env, w->now), "link_hub_new");
}

/* cfg may be NULL; its identities are set here. */
static inline struct world *world_new(const struct relay_config *cfg)
{
    struct world *w = calloc(1, sizeof(*w));
    static const uint8_t relay_ip[4] = {192, 0, 2, 1};
    uint8_t relay_seed[IDENTITY_SEED_SIZE] = {1};
    uint8_t ziglan_seed[IDENTITY_SEED_SIZE] = {2};

    if (w == NULL) {
        abort();
    }
    test_env_init(&w->ports, 42);
    w->ports.clock = &w->now;
    w->now.ns = NS_PER_S;
    must(identity_library_init(), "identity_library_init");
    must(link_library_init(&w->ports.env), "link_library_init");
    must(outbox_init(&w->box, 1 << 20, 2048), "outbox_init");
    must(store_memory_new(&w->store), "store_memory_new");
    identity_from_seed(&w->relay, relay_seed);
    identity_from_seed(&w->ziglan, ziglan_seed);
    w->relay_address = endpoint_v4(relay_ip, 4433);
    if (cfg != NULL) {
        w->cfg = *cfg;
    }
    w->cfg.identity = &w->relay;
    w->cfg.ziglan_identity = &w->ziglan;
    w->cfg.ziglan_name = "home";
    w->cfg.public_hosts = "192.0.2.1:4433";
    world_core_start(w);
    for (int i = 0; i < CLIENTS_MAX; i++) {
        client_init(w, i);
    }
    return w;
}

static inline void client_forget(struct client *c)
{
    for (size_t i = 0; i < c->kept_count; i++) {
        free(c->kept[i].data);
    }
    c->kept_count = 0;
}

static inline void flying_free(struct packet_in_flight *p)
{
    while (p != NULL) {
        struct packet_in_flight *next = p->next;
        free(p);
        p = next;
    }
}

static inline void world_free(struct world *w)
{
    for (int i = 0; i < CLIENTS_MAX; i++) {
        client_forget(&w->clients[i]);
        link_hub_free(w->clients[i].hub);
    }
    relay_core_free(w->core);
    store_close(w->store);
    flying_free(w->flying);
    flying_free(w->loose);
    outbox_fini(&w->box);
    link_library_fini();
    free(w);
}

static inline void world_post(struct world *w, const struct endpoint *from,
                              const struct endpoint *to, const uint8_t *data, size_t size)
{
    struct packet_in_flight *p = malloc(sizeof(*p) + size);
    struct packet_in_flight **at = &w->flying;

    if (p == NULL) {
        abort();
    }
    *p = (struct packet_in_flight){
        .at = mono_add_ms(w->now, 5), .from = *from, .to = *to, .size = size};
    memcpy(p->data, data, size);
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = p; /* one delay for all: the order of sending is that of arrival */
}

static inline void client_poll(struct client *c)
{
    struct link_event event;

    while (link_hub_event(c->hub, &event)) {
        struct kept *kept = &c->kept[c->kept_count];
        if (event.handle.index != c->handle.index ||
            event.handle.generation != c->handle.generation) {
            continue; /* an older connection of the same client */
        }
        c->open = event.type == LINK_EVENT_OPEN || (c->open && event.type != LINK_EVENT_CLOSED);
        if (c->kept_count == KEPT_MAX) {
            abort();
        }
        *kept = (struct kept){.type = event.type, .size = event.size, .reason = event.reason};
        kept->data = malloc(event.size + 1);
        if (kept->data == NULL) {
            abort();
        }
        if (event.size > 0) {
            memcpy(kept->data, event.data, event.size);
        }
        c->kept_count++;
    }
}

static inline void box_post(struct world *w, const struct endpoint *from)
{
    for (size_t i = 0; i < w->box.items_count; i++) {
        const struct outbox_item *item = &w->box.items[i];
        world_post(w, from, &item->remote, w->box.bytes + item->offset, item->size);
    }
    outbox_clear(&w->box);
}

static inline void packet_deliver(struct world *w, struct packet_in_flight *p)
{
    struct dgram in = {.local = p->to, .remote = p->from, .data = p->data, .size = p->size};

    if (endpoint_equal(&p->to, &w->relay_address)) {
        relay_core_receive(w->core, &in, w->now);
        free(p);
        return;
    }
    for (int i = 0; i < CLIENTS_MAX; i++) {
        struct client *c = &w->clients[i];
        if (endpoint_equal(&p->to, &c->address)) {
            link_hub_receive(c->hub, &in, w->now);
            client_poll(c);
            free(p);
            return;
        }
    }
    p->next = w->loose;
    w->loose = p;
}

static inline void world_turn(struct world *w)
{
    while (w->flying != NULL && mono_due(w->flying->at, w->now)) {
        struct packet_in_flight *p = w->flying;
        w->flying = p->next;
        packet_deliver(w, p);
    }
    relay_core_expire(w->core, w->now);
    relay_core_transmit(w->core, &w->box, w->now);
    box_post(w, &w->relay_address);
    for (int i = 0; i < CLIENTS_MAX; i++) {
        struct client *c = &w->clients[i];
        link_hub_expire(c->hub, w->now);
        client_poll(c);
        link_hub_transmit(c->hub, &w->box, w->now);
        box_post(w, &c->address);
        client_poll(c);
    }
}

/* Let everything happen for `ms` milliseconds of virtual time. */
static inline void world_run(struct world *w, uint64_t ms)
{
    struct mono until = mono_add_ms(w->now, ms);

    for (;;) {
        struct mono next = relay_core_deadline(w->core);
        if (w->flying != NULL) {
            next = mono_min(next, w->flying->at);
        }
        for (int i = 0; i < CLIENTS_MAX; i++) {
            next = mono_min(next, link_hub_deadline(w->clients[i].hub));
        }
        if (next.ns > until.ns) {
            break;
        }
        w->now = next.ns > w->now.ns ? next : w->now;
        world_turn(w);
    }
    w->now = until;
}

/* Dial the relay as the entry point of its ziglan. */
static inline void client_dial(struct world *w, struct client *c)
{
    must(link_hub_dial(c->hub, &c->handle, &c->address, &w->relay_address, NULL, LINK_WANT_ZIGLAN,
                       w->ziglan.public_key, w->now),
         "link_hub_dial");
    c->open = false;
    world_run(w, 200);
}

static inline void client_send(struct client *c, Ziglan__Control *message)
{
    uint8_t packed[CONTROL_SIZE_MAX];
    size_t size = 0;

    must(control_pack(packed, sizeof(packed), &size, message), "control_pack");
    must(link_hub_control(c->hub, c->handle, packed, size), "link_hub_control");
}

/* The nth control message (from 0) with this body that the client kept, unpacked into the world's
 * arena until the next call; NULL if there are not that many. */
static inline Ziglan__Control *client_got_nth(struct world *w, struct client *c,
                                              Ziglan__Control__BodyCase body, size_t nth)
{
    for (size_t i = 0; i < c->kept_count; i++) {
        Ziglan__Control *message = NULL;
        if (c->kept[i].type != LINK_EVENT_CONTROL) {
            continue;
        }
        must(control_unpack(&message, &w->arena, c->kept[i].data, c->kept[i].size),
             "control_unpack of what the relay sent");
        if (message->body_case == body && nth-- == 0) {
            return message;
        }
    }
    return NULL;
}

static inline Ziglan__Control *client_got(struct world *w, struct client *c,
                                          Ziglan__Control__BodyCase body)
{
    return client_got_nth(w, c, body, 0);
}

static inline size_t client_count(struct world *w, struct client *c, Ziglan__Control__BodyCase body)
{
    size_t count = 0;

    while (client_got_nth(w, c, body, count) != NULL) {
        count++;
    }
    return count;
}

/* Datagrams kept, and the first of them. */
static inline size_t client_datagrams(const struct client *c, const struct kept **first)
{
    size_t count = 0;

    for (size_t i = 0; i < c->kept_count; i++) {
        if (c->kept[i].type == LINK_EVENT_DATAGRAM) {
            if (count == 0 && first != NULL) {
                *first = &c->kept[i];
            }
            count++;
        }
    }
    return count;
}

static inline size_t member_part_make(struct world *w, struct client *c, const char *name,
                                      uint8_t out[RECORD_SIGNED_SIZE_MAX])
{
    uint64_t wall_ms = test_env_wall_ms(&w->ports);
    struct record_member record = {
        .header = {.sequence = wall_ms, .created_ms = wall_ms, .lifetime_s = 365 * 24 * 3600}};
    struct part part;

    (void)snprintf(record.wanted_name, sizeof(record.wanted_name), "%s", name);
    part = part_sign(&c->identity, record);
    memcpy(out, part.bytes, part.size);
    return part.size;
}

/* Send a Join. invite may be NULL. */
static inline void client_join_send(struct world *w, struct client *c, const uint8_t *invite,
                                    const char *name)
{
    Ziglan__Join join = ZIGLAN__JOIN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t part[RECORD_SIGNED_SIZE_MAX];
    uint8_t copy[INVITE_SIZE];
    char wanted[64];

    if (invite != NULL) {
        memcpy(copy, invite, sizeof(copy));
        join.invite.data = copy;
        join.invite.len = sizeof(copy);
    }
    (void)snprintf(wanted, sizeof(wanted), "%s", name);
    join.wanted_name = wanted;
    join.member_part.data = part;
    join.member_part.len = member_part_make(w, c, name, part);
    message.request_id = c->request_next++;
    message.body_case = ZIGLAN__CONTROL__BODY_JOIN;
    message.join = &join;
    client_send(c, &message);
}

/* The same, and wait for the answer. */
static inline void client_join(struct world *w, struct client *c, const uint8_t *invite,
                               const char *name)
{
    client_join_send(w, c, invite, name);
    world_run(w, 200);
}

/* A fresh invite of `uses`. */
static inline void world_invite(struct world *w, uint32_t uses, uint8_t invite[INVITE_SIZE])
{
    const struct directory_terms terms = {.uses = uses};
    char text[URL_SIZE_MAX];
    char error[URL_ERROR_SIZE];
    struct url url;

    if (operator_invite(relay_core_operator(w->core), &terms, text) != VERDICT_OK) {
        abort();
    }
    must(url_parse(&url, text, strlen(text), error), "url_parse");
    memcpy(invite, url.invite, INVITE_SIZE);
}

/* Clients 0 to count - 1 as members "host0", "host1", ...; what they received is forgotten. */
static inline void world_members(struct world *w, int count)
{
    uint8_t invite[INVITE_SIZE];

    world_invite(w, (uint32_t)count, invite);
    for (int i = 0; i < count; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "host%d", i);
        client_dial(w, &w->clients[i]);
        client_join(w, &w->clients[i], invite, name);
        if (client_got(w, &w->clients[i], ZIGLAN__CONTROL__BODY_JOINED) == NULL) {
            fprintf(stderr, "fixture: client %d did not join\n", i);
            abort();
        }
        client_forget(&w->clients[i]);
    }
}

static inline struct relay_counters world_counters(struct world *w)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(w->core, &snapshot, w->now);
    return snapshot.counters;
}

/* Send `size` bytes as a frame of one host-to-host type to dst. */
static inline void client_frame(struct client *c, uint8_t kind, const uint8_t dst[KEY_SIZE],
                                const uint8_t *frame, size_t size)
{
    uint8_t head[SESSION_DGRAM_HEADER_SIZE];

    head[0] = kind;
    memcpy(head + 1, dst, KEY_SIZE);
    (void)link_hub_datagram(c->hub, c->handle, head, sizeof(head), frame, size);
}

/* Ask with a body that says nothing more: Ping or Leave. */
static inline void client_ask(struct client *c, Ziglan__Control__BodyCase body)
{
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    Ziglan__Ping ping = ZIGLAN__PING__INIT;
    Ziglan__Leave leave = ZIGLAN__LEAVE__INIT;

    ping.token = 77;
    message.request_id = c->request_next++;
    message.body_case = body;
    if (body == ZIGLAN__CONTROL__BODY_PING) {
        message.ping = &ping;
    } else {
        message.leave = &leave;
    }
    client_send(c, &message);
}

/* The code of the first Error it got, 0: none. */
static inline uint32_t client_error(struct world *w, struct client *c)
{
    Ziglan__Control *message = client_got(w, c, ZIGLAN__CONTROL__BODY_ERROR);

    return message != NULL ? message->error->code : 0;
}
