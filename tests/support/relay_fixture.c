/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A relay, its clients and the wire between them. */
#include "tests/support/relay_fixture.h"

#include "proto/base/bytes.h"
#include "proto/crypto/signed.h"
#include "relayd/service/operator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void must(int rc, const char *what)
{
    if (rc != ERR_OK) {
        fprintf(stderr, "fixture: %s: %s\n", what, err_name(rc));
        abort();
    }
}

void world_core_start(struct world *w)
{
    relay_node_start(&w->relay, w->now);
}

static size_t attachment_give(void *context, struct handle dialled,
                              const uint8_t relay_key[KEY_SIZE],
                              uint8_t out[RECORD_OTHER_SIGNED_SIZE_MAX])
{
    const struct client *c = context;

    (void)dialled;
    (void)relay_key;
    memcpy(out, c->attachment.bytes, c->attachment.size);
    return c->attachment.size;
}

static void client_init(struct world *w, int i)
{
    struct client *c = &w->clients[i];
    uint8_t seed[IDENTITY_SEED_SIZE] = {(uint8_t)(i + 10)};
    uint8_t ip[4] = {198, 51, 100, (uint8_t)(i + 1)};
    struct link_config cfg = {.identity = &c->identity,
                              .connection_max = 8,
                              .attachments = {.context = c, .make = attachment_give}};

    identity_from_seed(&c->identity, seed);
    c->address = endpoint_v4(ip, 5000);
    c->request_next = 1;
    must(link_hub_new(&c->hub, &cfg, &w->ports.env, w->now), "link_hub_new");
}

static void relay_sends(void *context, const struct relay_node *node)
{
    struct world *w = context;

    wire_send_box(&w->wire, &node->address, &node->box, w->now);
}

struct world *world_new(const struct relay_config *cfg)
{
    struct world *w = calloc(1, sizeof(*w));
    static const uint8_t relay_ip[4] = {192, 0, 2, 1};
    static const uint8_t relay_seed[IDENTITY_SEED_SIZE] = {1};
    static const uint8_t ziglan_seed[IDENTITY_SEED_SIZE] = {2};
    struct endpoint address = endpoint_v4(relay_ip, 4433);
    struct identity identity, ziglan_identity;

    CHECK(w != NULL);
    test_env_init(&w->ports, 42);
    w->ports.clock = &w->now;
    w->now.ns = NS_PER_S;
    must(identity_library_init(), "identity_library_init");
    must(link_library_init(&w->ports.env), "link_library_init");
    must(outbox_init(&w->box, 1 << 20, 2048), "outbox_init");
    wire_init(&w->wire, &w->ports.rng);
    w->wire.delay_us = 5000;
    identity_from_seed(&identity, relay_seed);
    identity_from_seed(&ziglan_identity, ziglan_seed);
    relay_node_init(&w->relay, &w->ports.env, &identity, &ziglan_identity, &address);
    w->relay.send = relay_sends;
    w->relay.context = w;
    if (cfg != NULL) {
        relay_node_configure(&w->relay, cfg);
    }
    world_core_start(w);
    for (int i = 0; i < CLIENTS_MAX; i++) {
        client_init(w, i);
    }
    return w;
}

void client_forget(struct client *c)
{
    for (size_t i = 0; i < c->kept_count; i++) {
        free(c->kept[i].data);
    }
    c->kept_count = 0;
}

void world_free(struct world *w)
{
    for (int i = 0; i < CLIENTS_MAX; i++) {
        client_forget(&w->clients[i]);
        link_hub_free(w->clients[i].hub);
    }
    relay_node_fini(&w->relay);
    wire_fini(&w->wire);
    outbox_fini(&w->box);
    link_library_fini();
    free(w);
}

static void client_poll(struct client *c)
{
    struct link_event event;

    while (link_hub_event(c->hub, &event)) {
        struct kept *kept = &c->kept[c->kept_count];
        if (event.handle.index != c->handle.index ||
            event.handle.generation != c->handle.generation) {
            continue; /* an older connection of the same client */
        }
        c->open = event.type == LINK_EVENT_OPEN || (c->open && event.type != LINK_EVENT_CLOSED);
        CHECK(c->kept_count < KEPT_MAX);
        *kept = (struct kept){.type = event.type, .size = event.size, .reason = event.reason};
        kept->data = malloc(event.size + 1);
        CHECK(kept->data != NULL);
        if (event.size > 0) {
            memcpy(kept->data, event.data, event.size);
        }
        c->kept_count++;
    }
}

static void deliver(struct world *w, struct wire_packet *packet)
{
    struct dgram in = wire_packet_dgram(packet);

    if (endpoint_equal(&packet->to, &w->relay.address)) {
        relay_core_receive(w->relay.core, &in, w->now);
        wire_packet_free(&w->wire, packet);
        return;
    }
    for (int i = 0; i < CLIENTS_MAX; i++) {
        struct client *c = &w->clients[i];

        if (endpoint_equal(&packet->to, &c->address)) {
            link_hub_receive(c->hub, &in, w->now);
            client_poll(c);
            wire_packet_free(&w->wire, packet);
            return;
        }
    }
    CHECK(w->loose_count < LOOSE_MAX);
    w->loose[w->loose_count] = packet;
    w->loose_count++;
}

static void world_turn(struct world *w)
{
    struct wire_packet *packet = wire_take(&w->wire, w->now);

    for (; packet != NULL; packet = wire_take(&w->wire, w->now)) {
        deliver(w, packet);
    }
    relay_core_expire(w->relay.core, w->now);
    (void)relay_node_pump(&w->relay, w->now);
    for (int i = 0; i < CLIENTS_MAX; i++) {
        struct client *c = &w->clients[i];
        link_hub_expire(c->hub, w->now);
        client_poll(c);
        link_hub_transmit(c->hub, &w->box, w->now);
        wire_send_box(&w->wire, &c->address, &w->box, w->now);
        outbox_clear(&w->box);
        client_poll(c);
    }
}

void world_run(struct world *w, uint64_t ms)
{
    struct mono until = mono_add_ms(w->now, ms);

    for (;;) {
        struct mono next = mono_min(relay_node_deadline(&w->relay), wire_deadline(&w->wire));

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

void client_dial(struct world *w, struct client *c)
{
    const struct link_dial dial = {
        .local = c->address,
        .remote = w->relay.address,
        .want = LINK_WANT_ZIGLAN,
        .key = w->relay.ziglan_identity.public_key,
        .roles = LINK_ROLE_HOST,
    };

    must(link_hub_dial(c->hub, &c->handle, &dial, w->now), "link_hub_dial");
    c->open = false;
    world_run(w, 200);
}

void client_send(struct client *c, Ziglan__Control *message)
{
    uint8_t packed[CONTROL_SIZE_MAX];
    size_t size = 0;

    must(control_pack(packed, sizeof(packed), &size, message), "control_pack");
    must(link_hub_control(c->hub, c->handle, packed, size), "link_hub_control");
}

Ziglan__Control *client_got_nth(struct world *w, struct client *c, Ziglan__Control__BodyCase body,
                                size_t nth)
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

Ziglan__Control *client_got(struct world *w, struct client *c, Ziglan__Control__BodyCase body)
{
    return client_got_nth(w, c, body, 0);
}

size_t client_count(struct world *w, struct client *c, Ziglan__Control__BodyCase body)
{
    size_t count = 0;

    while (client_got_nth(w, c, body, count) != NULL) {
        count++;
    }
    return count;
}

size_t client_datagrams(const struct client *c, const struct kept **first)
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

size_t member_part_make(struct world *w, struct client *c, const char *name,
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

void client_join_send(struct world *w, struct client *c, const uint8_t *invite, const char *name)
{
    Ziglan__Join join = ZIGLAN__JOIN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t part[RECORD_SIGNED_SIZE_MAX];
    uint8_t copy[INVITE_SIZE];
    char wanted[NAME_TEXT_SIZE];

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

void client_join(struct world *w, struct client *c, const uint8_t *invite, const char *name)
{
    client_join_send(w, c, invite, name);
    world_run(w, 200);
}

void world_invite(struct world *w, uint32_t uses, uint8_t invite[INVITE_SIZE])
{
    struct directory_terms terms = {.uses = uses};
    char text[URL_SIZE_MAX];
    char error[URL_ERROR_SIZE];
    struct url url;

    if (operator_invite(relay_core_operator(w->relay.core), &terms, text) != VERDICT_OK) {
        abort();
    }
    must(url_parse(&url, text, strlen(text), error), "url_parse");
    memcpy(invite, url.invite, INVITE_SIZE);
}

void world_members(struct world *w, int count)
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

struct relay_counters world_counters(struct world *w)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(w->relay.core, &snapshot, w->now);
    return snapshot.counters;
}

void client_frame(struct client *c, uint8_t kind, const uint8_t dst[KEY_SIZE], const uint8_t *frame,
                  size_t size)
{
    uint8_t head[SESSION_DGRAM_HEADER_SIZE];

    head[0] = kind;
    memcpy(head + 1, dst, KEY_SIZE);
    (void)link_hub_datagram(c->hub, c->handle, head, sizeof(head), frame, size);
}

void client_ask(struct client *c, Ziglan__Control__BodyCase body)
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

uint32_t client_error(struct world *w, struct client *c)
{
    Ziglan__Control *message = client_got(w, c, ZIGLAN__CONTROL__BODY_ERROR);

    return message != NULL ? message->error->code : 0;
}

void frame_fill(uint8_t frame[FRAME_SIZE], uint8_t mark)
{
    memset(frame, mark, FRAME_SIZE);
    frame[0] = FRAME_TYPE_DATA;
}

void client_lookup(struct world *w, struct client *c, const uint8_t *key, const char *name,
                   const uint8_t *address)
{
    Ziglan__Lookup body = ZIGLAN__LOOKUP__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    if (key != NULL) {
        body.key = control_bytes(key, KEY_SIZE);
    }
    if (address != NULL) {
        body.address = control_bytes(address, 16);
    }
    if (name != NULL) {
        body.name = control_text(name);
    }
    message.request_id = c->request_next++;
    message.body_case = ZIGLAN__CONTROL__BODY_LOOKUP;
    message.lookup = &body;
    client_send(c, &message);
    world_run(w, 100);
}

void client_watch(struct world *w, struct client *c, uint64_t since)
{
    Ziglan__Watch body = ZIGLAN__WATCH__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.all = true;
    body.since = since;
    message.request_id = c->request_next++;
    message.body_case = ZIGLAN__CONTROL__BODY_WATCH;
    message.watch = &body;
    client_send(c, &message);
    world_run(w, 200);
}

bool client_told(struct world *w, struct client *c, const struct client *about, bool *online,
                 bool *revoked)
{
    Ziglan__Control *message;
    bool found = false;

    for (size_t n = 0;; n++) {
        message = client_got_nth(w, c, ZIGLAN__CONTROL__BODY_CHANGES, n);
        if (message == NULL) {
            return found;
        }
        for (size_t i = 0; i < message->changes->n_members; i++) {
            const Ziglan__Member *member = message->changes->members[i];
            struct record_parts parts;
            struct record_admission admission;
            struct record_revocation revocation;
            if (member->revocation.len > 0) {
                must(signed_open(&parts, RECORD_TYPE_REVOCATION, member->revocation.data,
                                 member->revocation.len),
                     "what the relay tells of a member");
                must(record_revocation_decode(&revocation, parts.record, parts.record_size),
                     "what the relay tells of a member");
                if (memcmp(revocation.member_key, about->identity.public_key, KEY_SIZE) == 0) {
                    found = true;
                    *revoked = true;
                }
                continue;
            }
            must(signed_open(&parts, RECORD_TYPE_ADMISSION, member->admission.data,
                             member->admission.len),
                 "what the relay tells of a member");
            must(record_admission_decode(&admission, parts.record, parts.record_size),
                 "what the relay tells of a member");
            if (memcmp(admission.member_key, about->identity.public_key, KEY_SIZE) == 0) {
                found = true;
                *online = member->online;
                *revoked = false;
            }
        }
    }
}

bool client_frame_passes(struct world *w, struct client *a, struct client *b)
{
    uint8_t frame[64] = {FRAME_HOST_FIRST};

    client_forget(b);
    client_frame(a, SESSION_DGRAM_TO, b->identity.public_key, frame, sizeof(frame));
    world_run(w, 100);
    return client_datagrams(b, NULL) == 1;
}
