/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An application of libstun2, and what a hostile relay and hostile peers say to it, in any order:
 * it goes on, and sends no more than its allowance. The input is a row of steps, each of a kind, a
 * length (two bytes) and as many bytes.
 */
#include "client/libstun2/agent.h"
#include "client/libstun2/certificate.h"
#include "client/libstun2/punch_way.h"
#include "client/libstun2/relay_messages.h"
#include "client/stun2/stun2.h"
#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/crypto/punch_probe.h"
#include "tests/support/rng.h"

#include <string.h>

enum step { STEP_CONTROL, STEP_DATAGRAM, STEP_PEER, STEP_TIME, STEP_ASK, STEP_RELAYED, STEP_KINDS };

enum { STEPS_MAX = 64, PACKETS_MAX = 512 /* of one step: rounds of all punches */ };

static struct rng rng;

static void draw(void *context, void *bytes, size_t size)
{
    (void)context;
    rng_fill(&rng, bytes, size);
}

static uint64_t wall_ms(void *context)
{
    (void)context;
    return UINT64_C(1767225600000);
}

static struct stun2 *agent_make(struct mono now)
{
    static const struct stun2_ports ports = {
        .size = sizeof(ports), .random = draw, .wall_ms = wall_ms};
    static const uint8_t seed[STUN2_SEED_SIZE] = {1};
    static const struct stun2_options options = {.size = sizeof(options), .seed = seed};
    static const struct stun2_local local = {.ip = {[10] = 0xff, 0xff, 192, 168, 1, 2},
                                             .prefix_bits = 120};
    static bool begun;
    struct stun2 *agent;
    uint64_t relay;

    if (!begun) {
        CHECK(stun2_init(&ports) == STUN2_OK);
        begun = true;
    }
    CHECK(stun2_new(&agent, &options, now.ns) == STUN2_OK);
    CHECK(stun2_relay_add(agent, "wrke7uuoqqmfzpkxc7hhezohpkngni267zfffrbey67cklnvbh7q", &relay,
                          NULL, now.ns) == STUN2_OK);
    CHECK(stun2_set_nat_kind(agent, STUN2_NAT_P_RC, now.ns) == STUN2_OK);
    CHECK(stun2_set_locals(agent, 50000, &local, 1, now.ns) == STUN2_OK);
    return agent;
}

static struct endpoint from_of(struct rbuf *r)
{
    const uint8_t ip[4] = {203, 0, 113, rbuf_u8(r)};

    return endpoint_v4(ip, (uint16_t)(1000 + rbuf_u8(r)));
}

static void receive(struct stun2 *agent, const struct endpoint *from, const uint8_t *data,
                    size_t size, struct mono now)
{
    struct stun2_datagram in = {.remote = app_address(from), .data = data, .size = size};

    (void)stun2_receive(agent, &in, now.ns);
}

/* A frame with a right MAC, as the peer of the first punch that has one would write it. */
static void peer_says(struct stun2 *agent, struct rbuf *r, struct mono now)
{
    struct endpoint from = from_of(r);
    struct punch_probe m = {.answer = (rbuf_u8(r) & 1) != 0, .transaction = rbuf_u8(r)};
    uint8_t frame[PUNCH_PROBE_SIZE];

    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        const struct app_punch *punch = &agent->punches.table.list[i];

        if (punch->number != 0 && punch->terms.known) {
            m.side = punch->terms.side == PUNCH_PROBE_SIDE_DIAL ? PUNCH_PROBE_SIDE_LISTEN
                                                                : PUNCH_PROBE_SIDE_DIAL;
            m.punch_id = punch->terms.id;
            if (m.answer) { /* of one of ours */
                m.observed = from;
                m.transaction = punch->memory.sent[m.transaction % PUNCH_SENT_MAX].transaction;
                from = punch->memory.sent[0].transaction != 0 ? punch->memory.sent[0].to : from;
            }
            punch_probe_encode(&m, punch->terms.probe_key, frame);
            receive(agent, &from, frame, sizeof(frame), now);
            return;
        }
    }
}

/* The application asks for somebody; that the relay was asked is made believe. */
static void ask(struct stun2 *agent, struct rbuf *r, struct mono now)
{
    uint8_t key[STUN2_KEY_SIZE] = {rbuf_u8(r)};
    uint64_t relay = TAILQ_FIRST(&agent->base.relays.list)->number, number = 0;
    int rc = (rbuf_u8(r) & 1) != 0 ? stun2_pool_punch(agent, relay, "chat", &number, now.ns)
                                   : stun2_punch(agent, relay, key, &number, now.ns);
    struct app_punch *punch = punch_table_find(&agent->punches.table, number);

    (void)stun2_pool_join(agent, relay, "chat", now.ns);
    if (rc == STUN2_OK && punch != NULL && punch->step == PUNCH_STEP_WAITING) {
        punch->step = PUNCH_STEP_ASKED;
        punch->wait_until = mono_add_ms(now, APP_ANSWER_MS);
    }
}

/* A frame by way of a relay, about the first punch. */
static void relayed(struct stun2 *agent, struct rbuf *r, struct mono now)
{
    const struct app_punch *punch = &agent->punches.table.list[0];

    punch_way_on_relayed(&agent->punches.table, punch->key, r->at, (size_t)(r->end - r->at), now);
}

static void look(struct stun2 *agent, struct mono now)
{
    struct stun2_datagram out;
    struct stun2_event event;
    size_t sent = 0;

    while (stun2_transmit(agent, &out, now.ns) == 1) {
        CHECK(out.size > 0 && ++sent < PACKETS_MAX);
    }
    while (stun2_event(agent, &event, sizeof(event)) == 1) {
        if (event.type == STUN2_EVENT_ASKED) {
            (void)stun2_answer(agent, event.punch, event.key[0] & 1, now.ns);
        }
        CHECK(memchr(event.text, 0, sizeof(event.text)) != NULL);
    }
}

static void step(struct stun2 *agent, uint8_t kind, struct rbuf *r, struct mono *now)
{
    struct relay_session *relay = TAILQ_FIRST(&agent->base.relays.list);
    struct endpoint from;

    switch ((enum step)(kind % STEP_KINDS)) {
    case STEP_CONTROL:
        relay_messages_take(agent, relay, r->at, (size_t)(r->end - r->at), *now);
        break;
    case STEP_DATAGRAM:
        from = from_of(r);
        receive(agent, &from, r->at, (size_t)(r->end - r->at), *now);
        break;
    case STEP_PEER:
        peer_says(agent, r, *now);
        break;
    case STEP_TIME:
        *now = mono_add_ms(*now, UINT64_C(20) * rbuf_u8(r));
        stun2_expire(agent, now->ns);
        break;
    case STEP_ASK:
        ask(agent, r, *now);
        break;
    case STEP_RELAYED:
        relayed(agent, r, *now);
        break;
    case STEP_KINDS:
        break;
    }
    look(agent, *now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct mono now = {.ns = NS_PER_S};
    uint8_t key[KEY_SIZE];
    struct stun2 *agent;

    rng = rng_stream(1, "fuzz");
    agent = agent_make(now);
    (void)!certificate_key(key, data, size);
    for (size_t i = 0; i < STEPS_MAX && r.at < r.end && !r.failed; i++) {
        uint8_t kind = rbuf_u8(&r);
        size_t length = rbuf_u16(&r);
        const uint8_t *bytes = rbuf_take(&r, length);
        struct rbuf sub = rbuf_over(bytes, bytes == NULL ? 0 : length);

        step(agent, kind, &sub, &now);
    }
    stun2_free(agent);
    return 0;
}
