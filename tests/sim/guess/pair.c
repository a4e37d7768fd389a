/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small internet: side --link--> its NAT -> relays, or the other NAT --link--> the other side. */
#include "tests/sim/guess/pair.h"

#include "client/stun2/guess.h"
#include "proto/base/bytes.h"
#include "tests/support/env.h"
#include "tests/support/nat.h"
#include "tests/support/wire.h"

#include <stdlib.h>
#include <string.h>

enum {
    SIDES = 2,
    RELAYS = 2,
    RELAY_PORT = 4433,
    BETWEEN_HOPS = 2, /* from one NAT to the other: they may be neighbours */
    END_MS = 20000,
    SECONDS = END_MS / 1000 + 1,
};

enum kind { KIND_PING, KIND_PONG, KIND_REQUEST, KIND_ANSWER, KIND_AIM };

struct flying {
    struct wire_packet packet;
    enum kind kind;
    int side;      /* which sent it, or which gets it */
    bool outbound; /* on its way to the NAT of the side; else to the side itself */
    uint8_t hops;
    uint8_t id[STUN_ID_SIZE];
    struct endpoint mapped;
    struct intunnel_aim aim;
};

struct side {
    struct guess guess;
    struct nat nat;
    struct endpoint inside; /* port: of the next socket */
    uint8_t hops;           /* from the side to its NAT */
    uint64_t delay_us, jitter_us;
    uint32_t loss_ppm, reorder_ppm;
    struct mono last_at[2]; /* of the link, in and out: what is sent first arrives first, mostly */
    bool direct, started;
    struct mono starts_at;
    struct guess_setup setup;
    uint32_t sent_in[SECONDS];
};

struct pair {
    struct rng rng;
    struct test_env ports;
    struct wire wire;
    struct mono now;
    struct side sides[SIDES];
    struct endpoint relays[RELAYS];
};

const char *pair_kind_name(enum pair_kind kind)
{
    static const char *const names[PAIR_KIND_COUNT] = {"fixed x steps", "steps x steps",
                                                       "fixed x range", "fixed x random"};

    return names[kind];
}

/* ---- drawing ---- */

static struct nat_kind draw_kind(struct pair *pair, enum intunnel_part part, bool range)
{
    struct nat_kind kind = {.translates = true,
                            .mapping = NAT_ENDPOINT_INDEPENDENT,
                            .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                            .lifetime_s = 30};

    if (part == INTUNNEL_PART_FIXED) {
        if (rng_chance(&pair->rng, 500000)) { /* Linux, without an input hook that drops */
            kind.mapping = NAT_ADDRESS_AND_PORT_DEPENDENT;
            kind.port_preserving = true;
            kind.answers_itself = true;
        }
        return kind;
    }
    kind.mapping = rng_chance(&pair->rng, 800000) || part == INTUNNEL_PART_STEPS
                       ? NAT_ADDRESS_AND_PORT_DEPENDENT
                       : NAT_ADDRESS_DEPENDENT;
    if (part == INTUNNEL_PART_STEPS) {
        kind.step = (uint16_t)rng_between(&pair->rng, 1, 8);
        kind.others_per_s = (uint16_t)rng_between(&pair->rng, 0, 8);
    } else if (range) {
        kind.range_size = (uint16_t)rng_between(&pair->rng, 512, 2048);
    }
    return kind;
}

static struct guess_ports ports_of(const struct nat_kind *kind)
{
    return (struct guess_ports){.step = kind->step};
}

static void side_init(struct pair *pair, int i, enum intunnel_part part, bool range, uint64_t seed)
{
    static const char *const outside[SIDES] = {"198.51.100.1", "203.0.113.1"};
    struct side *side = &pair->sides[i];
    struct nat_kind kind = draw_kind(pair, part, range);
    struct rng rng = rng_stream(seed, i == 0 ? "nat 0" : "nat 1");
    struct endpoint address;

    CHECK(endpoint_parse(&address, outside[i], 0));
    CHECK(endpoint_parse(&side->inside, "192.168.1.10", 40000));
    nat_init(&side->nat, &kind, &address, &rng);
    side->hops = (uint8_t)(part == INTUNNEL_PART_RANDOM && rng_chance(&pair->rng, 300000)
                               ? rng_between(&pair->rng, 2, 6)
                               : 1);
    side->delay_us = rng_between(&pair->rng, 1000, rng_chance(&pair->rng, 700000) ? 30000 : 120000);
    side->jitter_us = rng_between(&pair->rng, 0, side->delay_us / 8);
    side->loss_ppm =
        rng_chance(&pair->rng, 500000) ? (uint32_t)rng_between(&pair->rng, 0, 20000) : 0;
    side->reorder_ppm = rng_chance(&pair->rng, 300000) ? 20000 : 0;
    side->starts_at = (struct mono){rng_between(&pair->rng, 0, 50) * NS_PER_MS};
    side->setup = (struct guess_setup){.own = part,
                                       .first = i == 0,
                                       .ports = ports_of(&kind),
                                       .relays_count = RELAYS,
                                       .env = &pair->ports.env};
    memcpy(side->setup.relays, pair->relays, sizeof(pair->relays));
}

static void pair_init(struct pair *pair, enum pair_kind kind, uint64_t seed)
{
    static const char *const relays[RELAYS] = {"192.0.2.1", "192.0.2.2"};
    enum intunnel_part first = kind == PAIR_STEPS_STEPS ? INTUNNEL_PART_STEPS : INTUNNEL_PART_FIXED;
    enum intunnel_part second = kind == PAIR_FIXED_STEPS || kind == PAIR_STEPS_STEPS
                                    ? INTUNNEL_PART_STEPS
                                    : INTUNNEL_PART_RANDOM;
    bool swap;

    memset(pair, 0, sizeof(*pair));
    pair->rng = rng_stream(seed, pair_kind_name(kind));
    test_env_init(&pair->ports, seed);
    wire_init(&pair->wire, &pair->rng);
    for (int i = 0; i < RELAYS; i++) {
        CHECK(endpoint_parse(&pair->relays[i], relays[i], RELAY_PORT));
    }
    swap = rng_chance(&pair->rng, 500000);
    side_init(pair, 0, swap ? second : first, kind == PAIR_FIXED_RANGE, seed);
    side_init(pair, 1, swap ? first : second, kind == PAIR_FIXED_RANGE, seed);
    for (int i = 0; i < SIDES; i++) {
        pair->sides[i].setup.peer = pair->sides[1 - i].setup.own;
        pair->sides[i].setup.peer_at = pair->sides[1 - i].nat.address;
        pair->sides[i].setup.peer_at.port = 1;
    }
}

/* ---- packets ---- */

static struct flying *flying_new(struct pair *pair, enum kind kind, int side,
                                 const struct endpoint *from, const struct endpoint *to)
{
    struct wire_packet *packet =
        wire_packet_new(&pair->wire, sizeof(struct flying), from, to, (const uint8_t *)"", 1);
    struct flying *f = HEAP_OWNER(packet, struct flying, packet);

    f->kind = kind;
    f->side = side;
    return f;
}

/* Over the link of this side, or lost there. */
static void cross(struct pair *pair, struct flying *f, struct side *side)
{
    uint64_t us = side->delay_us + rng_between(&pair->rng, 0, side->jitter_us);
    struct mono *last_at = &side->last_at[f->outbound ? 1 : 0];
    struct mono at = mono_add_ns(pair->now, us * NS_PER_US);

    if (rng_chance(&pair->rng, side->loss_ppm)) {
        wire_packet_free(&pair->wire, &f->packet);
        return;
    }
    if (!rng_chance(&pair->rng, side->reorder_ppm)) {
        at = mono_before(at, *last_at) ? *last_at : at;
        *last_at = at;
    }
    wire_put(&pair->wire, &f->packet, at);
}

static struct flying *leave(struct pair *pair, enum kind kind, int i, uint16_t socket,
                            const struct endpoint *to)
{
    struct endpoint from = pair->sides[i].inside;

    from.port = socket;
    struct flying *f = flying_new(pair, kind, i, &from, to);

    f->outbound = true;
    if (endpoint_same_ip(to, &pair->sides[1 - i].nat.address)) {
        pair->sides[i].sent_in[pair->now.ns / NS_PER_S]++;
    }
    return f;
}

static bool is_relay(const struct pair *pair, const struct endpoint *to)
{
    return endpoint_equal(to, &pair->relays[0]) || endpoint_equal(to, &pair->relays[1]);
}

/* From outside to the NAT of side i. */
static void come_in(struct pair *pair, struct flying *f, int i)
{
    struct endpoint inside;

    if (nat_inbound(&pair->sides[i].nat, &f->packet.to, &f->packet.from, &inside, pair->now) !=
        NAT_PASSED) {
        wire_packet_free(&pair->wire, &f->packet);
        return;
    }
    f->packet.to = inside;
    f->side = i;
    f->outbound = false;
    cross(pair, f, &pair->sides[i]);
}

static void at_nat(struct pair *pair, struct flying *f)
{
    struct side *side = &pair->sides[f->side];
    struct endpoint external;

    if ((f->hops > 0 && f->hops < side->hops) ||
        nat_outbound(&side->nat, &f->packet.from, &f->packet.to, &external, pair->now) !=
            NAT_PASSED ||
        (f->hops > 0 && f->hops < side->hops + BETWEEN_HOPS)) {
        wire_packet_free(&pair->wire, &f->packet);
        return;
    }
    f->packet.from = external;
    if (is_relay(pair, &f->packet.to)) {
        f->kind = KIND_ANSWER;
        f->mapped = external;
        f->packet.from = f->packet.to;
        f->packet.to = external;
        come_in(pair, f, f->side);
    } else {
        come_in(pair, f, 1 - f->side);
    }
}

static void arrive(struct pair *pair, struct flying *f)
{
    struct side *side = &pair->sides[f->side];
    uint16_t socket = f->packet.to.port;

    switch (f->kind) {
    case KIND_AIM:
        CHECK(!side->started || guess_on_aim(&side->guess, &f->aim, pair->now));
        break;
    case KIND_ANSWER:
        (void)guess_on_sample(&side->guess, socket, &f->packet.from, f->id, &f->mapped, pair->now);
        break;
    case KIND_PING:
        if (guess_keeps(&side->guess, socket) || side->guess.state == GUESS_STATE_OVER) {
            guess_on_receipt(&side->guess, socket, &f->packet.from, pair->now);
            cross(pair, leave(pair, KIND_PONG, f->side, socket, &f->packet.from), side);
        }
        break;
    case KIND_PONG:
        guess_on_receipt(&side->guess, socket, &f->packet.from, pair->now);
        side->direct = true;
        break;
    case KIND_REQUEST:
        break;
    }
    wire_packet_free(&pair->wire, &f->packet);
}

/* ---- turns ---- */

static void transmit(struct pair *pair, int i)
{
    struct side *side = &pair->sides[i];
    struct guess_send send;
    struct intunnel_aim aim;

    guess_expire(&side->guess, pair->now);
    while (guess_wants(&side->guess) > 0) {
        CHECK(guess_on_socket(&side->guess, side->inside.port++, pair->now));
    }
    while (guess_next(&side->guess, &send, pair->now)) {
        struct flying *f =
            leave(pair, send.sample ? KIND_REQUEST : KIND_PING, i, send.socket, &send.to);

        f->hops = send.hops;
        memcpy(f->id, send.id, sizeof(f->id));
        cross(pair, f, side);
    }
    if (guess_tell(&side->guess, &aim, pair->now)) {
        struct flying *f =
            flying_new(pair, KIND_AIM, 1 - i, &pair->relays[0], &pair->sides[1 - i].inside);
        uint64_t us = pair->sides[0].delay_us + pair->sides[1].delay_us;

        f->aim = aim;
        if (rng_chance(&pair->rng, side->loss_ppm)) {
            wire_packet_free(&pair->wire, &f->packet);
        } else {
            wire_put(&pair->wire, &f->packet, mono_add_ns(pair->now, us * NS_PER_US));
        }
    }
}

static void turn(struct pair *pair)
{
    struct wire_packet *packet = wire_take(&pair->wire, pair->now);

    if (packet != NULL) {
        struct flying *f = HEAP_OWNER(packet, struct flying, packet);

        if (f->outbound) {
            at_nat(pair, f);
        } else {
            arrive(pair, f);
        }
    }
    for (int i = 0; i < SIDES; i++) {
        struct side *side = &pair->sides[i];

        if (!side->started && mono_due(side->starts_at, pair->now)) {
            side->started = true;
            guess_init(&side->guess, &side->setup, pair->now);
        }
        if (side->started) {
            transmit(pair, i);
        }
    }
}

static struct mono deadline(const struct pair *pair)
{
    struct mono at = wire_deadline(&pair->wire);

    for (int i = 0; i < SIDES; i++) {
        const struct side *side = &pair->sides[i];

        at = mono_min(at, side->started ? guess_deadline(&side->guess) : side->starts_at);
    }
    return at;
}

void pair_play(struct pair_result *out, enum pair_kind kind, uint64_t seed)
{
    struct pair *pair = malloc(sizeof(*pair));

    CHECK(pair != NULL);
    pair_init(pair, kind, seed);
    for (;;) {
        struct mono at = deadline(pair);

        pair->now = mono_before(pair->now, at) ? at : pair->now;
        if (pair->now.ns >= END_MS * NS_PER_MS ||
            (pair->sides[0].direct && pair->sides[1].direct)) {
            break;
        }
        turn(pair);
    }
    *out = (struct pair_result){.direct = pair->sides[0].direct && pair->sides[1].direct,
                                .ms = (uint32_t)(pair->now.ns / NS_PER_MS),
                                .pings = pair->sides[0].guess.pings + pair->sides[1].guess.pings};
    for (int i = 0; i < SIDES; i++) {
        for (size_t k = 0; k < SECONDS; k++) {
            uint32_t sent = pair->sides[i].sent_in[k];

            out->per_s = sent > out->per_s ? sent : out->per_s;
        }
    }
    wire_fini(&pair->wire);
    free(pair);
}
