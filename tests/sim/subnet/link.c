/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions stand at both ends; each end loses its own. */
#include "tests/sim/subnet/link.h"

#include "proto/base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
    DIAL_ROUND_TRIPS = 2,    /* handshake and Hello */
    DIAL_MS_MAX = 5000,      /* then nobody is there */
    SILENCE_MS = 45000,      /* then a session is over, */
    SILENCE_MORE_MS = 15000, /* which began with the last keepalive */
    PACKET_PAYLOAD = 1150,
    PACKET_OVERHEAD = 61, /* IPv4, UDP, QUIC and the stream */
    ACK_SIZE = 32,        /* of each packet: one acknowledgement for two */
    RECOVERY_US = 25000,  /* besides a round trip, until a lost packet is sent again */
    DIAL_SENT = 2900,     /* bytes of a handshake */
    DIAL_ANSWERED = 3300,
    KEEPALIVE_SIZE = 65,
    KEEPALIVE_S = 15,
};

static size_t packets_of(size_t size)
{
    return size / PACKET_PAYLOAD + 1;
}

void link_charge(struct relay *from, struct relay *to, size_t size)
{
    from->sent_bytes += size + packets_of(size) * PACKET_OVERHEAD;
    from->sent_messages++;
    to->sent_bytes += packets_of(size) * ACK_SIZE;
}

void link_charge_dial(struct relay *from, struct relay *to)
{
    from->sent_bytes += DIAL_SENT;
    to->sent_bytes += DIAL_ANSWERED;
}

double link_keepalive_bytes_per_s(void)
{
    return 2.0 * KEEPALIVE_SIZE / KEEPALIVE_S; /* its own, and the answer to that of the peer */
}

uint64_t link_way_us(struct world *world, const struct relay *from, const struct relay *to,
                     size_t size)
{
    uint32_t way_us = plane_way_us(&from->place, &to->place);
    uint64_t us = way_us + rng_below(&world->rng, way_us / 20 + 1);

    for (size_t i = 0; i < packets_of(size); i++) {
        if (world->loss_ppm > 0 && rng_chance(&world->rng, world->loss_ppm)) {
            us += 2 * (uint64_t)way_us + RECOVERY_US;
        }
    }
    return us;
}

struct session *link_find(const struct relay *relay, uint32_t peer)
{
    for (uint32_t i = 0; i < relay->session_count; i++) {
        if (relay->sessions[i].peer == peer) {
            return &relay->sessions[i];
        }
    }
    return NULL;
}

/* ---- sessions ---- */

static void session_add(struct relay *relay, uint32_t peer, uint64_t id)
{
    if (relay->session_count == relay->session_capacity) {
        relay->session_capacity = relay->session_capacity == 0 ? 8 : relay->session_capacity * 2;
        relay->sessions =
            realloc(relay->sessions, relay->session_capacity * sizeof(*relay->sessions));
        CHECK(relay->sessions != NULL);
    }
    relay->sessions[relay->session_count++] = (struct session){.peer = peer, .id = id};
}

static void session_drop(struct world *world, struct relay *relay, uint32_t peer)
{
    struct session *session = link_find(relay, peer);

    if (session != NULL) {
        *session = relay->sessions[--relay->session_count];
        mesh_on_down(relay->mesh, world->relays[peer].identity.public_key, world->now);
        world_touch(world, relay);
    }
}

static bool session_up(struct world *world, struct relay *relay, const struct relay *peer,
                       bool dialled, bool fixed)
{
    struct mesh_session session = {.address = peer->address, .dialled = dialled, .fixed = fixed};

    memcpy(session.key, peer->identity.public_key, KEY_SIZE);
    if (mesh_on_up(relay->mesh, &session, world->now) != ERR_OK) {
        return false;
    }
    mesh_on_rtt(relay->mesh, session.key, 2 * plane_way_us(&relay->place, &peer->place),
                world->now);
    return true;
}

static void session_open(struct world *world, struct relay *from, struct relay *to, bool fixed)
{
    if (link_find(from, to->number) != NULL && link_find(to, from->number) != NULL) {
        return;
    }
    session_drop(world, from, to->number);
    session_drop(world, to, from->number);
    if (!session_up(world, to, from, false, false)) {
        return;
    }
    if (!session_up(world, from, to, true, fixed)) {
        mesh_on_down(to->mesh, from->identity.public_key, world->now);
        return;
    }
    session_add(from, to->number, world->session_next);
    session_add(to, from->number, world->session_next);
    world->session_next++;
    world_touch(world, to);
}

static void on_end(struct world *world, struct event *event)
{
    struct relay *relay = &world->relays[event->from];
    struct session *session = link_find(relay, event->to);

    if (relay->up && session != NULL && session->id == event->number) {
        session_drop(world, relay, event->to);
    }
}

static void end_later(struct world *world, uint64_t us, const struct relay *relay,
                      const struct session *session)
{
    struct event *event = world_later(world, us, on_end, 0);

    event->from = relay->number;
    event->to = session->peer;
    event->number = session->id;
}

void link_release(struct world *world, struct relay *relay, const uint8_t key[KEY_SIZE])
{
    struct relay *peer = world_find(world, key);
    const struct session *session = link_find(relay, peer->number);

    if (session != NULL) {
        struct session theirs = {.peer = relay->number, .id = session->id};

        end_later(world, link_way_us(world, relay, peer, 1), peer, &theirs);
        session_drop(world, relay, peer->number);
    }
}

void link_silence(struct world *world, struct relay *relay)
{
    for (uint32_t i = 0; i < relay->session_count; i++) {
        struct relay *peer = &world->relays[relay->sessions[i].peer];

        if (!world_reaches(world, relay, peer)) {
            struct session theirs = {.peer = relay->number, .id = relay->sessions[i].id};
            uint64_t wait_ms = SILENCE_MS - rng_below(&world->rng, SILENCE_MORE_MS);

            end_later(world, wait_ms * 1000, relay, &relay->sessions[i]);
            end_later(world, wait_ms * 1000, peer, &theirs);
        }
    }
}

/* ---- dials ---- */

struct dialling {
    uint8_t key[KEY_SIZE];
    struct endpoint address;
    enum dial why;
};

static void on_dialled(struct world *world, struct event *event)
{
    struct relay *from = &world->relays[event->from];
    const struct dialling *dialling = (const void *)event->bytes;
    struct relay *to = world_find(world, dialling->key);
    struct mesh_dialled dialled = {.address = dialling->address};

    if (!from->up) {
        return;
    }
    memcpy(dialled.key, dialling->key, KEY_SIZE);
    dialled.proved = event->number != 0 && to != NULL && world_reaches(world, from, to);
    if (dialled.proved) {
        dialled.rtt_us = 2 * plane_way_us(&from->place, &to->place);
        link_charge_dial(from, to);
    }
    mesh_on_dialled(from->mesh, &dialled, world->now);
    if (dialled.proved && dialling->why != DIAL_REACH) {
        session_open(world, from, to, dialling->why == DIAL_FIXED);
    } else if (dialling->why == DIAL_FIXED) {
        link_dial(world, from, dialling->key, &dialling->address, DIAL_FIXED);
    }
    world_touch(world, from);
}

void link_dial(struct world *world, struct relay *relay, const uint8_t key[KEY_SIZE],
               const struct endpoint *address, enum dial why)
{
    struct relay *to = world_find(world, key);
    bool there =
        to != NULL && world_reaches(world, relay, to) && endpoint_equal(&to->address, address);
    uint64_t us = DIAL_MS_MAX * 1000;

    if (there) {
        us = 0;
        for (int i = 0; i < DIAL_ROUND_TRIPS; i++) {
            us += link_way_us(world, relay, to, 1) + link_way_us(world, to, relay, 1);
        }
    }

    struct event *event = world_later(world, us, on_dialled, sizeof(struct dialling));
    struct dialling dialling = {.address = *address, .why = why};

    memcpy(dialling.key, key, KEY_SIZE);
    memcpy(event->bytes, &dialling, sizeof(dialling));
    event->from = relay->number;
    event->number = there;
}

/* ---- messages ---- */

static void on_message(struct world *world, struct event *event)
{
    struct relay *from = &world->relays[event->from], *to = &world->relays[event->to];
    const struct session *session = link_find(to, event->from);
    Ziglan__Control *control;

    if (!to->up || session == NULL || session->id != event->number) {
        return;
    }
    world->delivered++;
    CHECK(control_unpack(&control, &world->arena, event->bytes, event->size) == ERR_OK);
    (void)mesh_on_control(to->mesh, from->identity.public_key, control, world->now);
    world_touch(world, to);
}

void link_send(struct world *world, struct relay *relay, const uint8_t key[KEY_SIZE],
               const Ziglan__Control *control)
{
    static uint8_t bytes[CONTROL_SIZE_MAX];
    struct relay *peer = world_find(world, key);
    struct session *session = link_find(relay, peer->number);
    size_t size;

    CHECK(control_pack(bytes, sizeof(bytes), &size, control) == ERR_OK);
    link_charge(relay, peer, size);
    if (session == NULL || !world_reaches(world, relay, peer)) {
        return;
    }

    uint64_t us = link_way_us(world, relay, peer, size);
    uint64_t at = world->now.ns + us * NS_PER_US;

    if (at <= session->last_ns) {
        us = (session->last_ns - world->now.ns) / NS_PER_US + 1;
        at = world->now.ns + us * NS_PER_US;
    }
    session->last_ns = at;

    struct event *event = world_later(world, us, on_message, size);

    memcpy(event->bytes, bytes, size);
    event->from = relay->number;
    event->to = peer->number;
    event->number = session->id;
}
