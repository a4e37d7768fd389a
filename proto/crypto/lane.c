/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Binds and their answers. */
#include "proto/crypto/lane.h"

#include <string.h>

enum {
    OWNER_BITS = 32,
    TICK_BITS = 27, /* the upper half of a nonce counts 134 ms; 32 bits of it last 18 years */
};

static const uint8_t no_cookie[LANE_COOKIE_SIZE];

void lane_init(struct lane *lane, uint64_t label, const uint8_t secret[LANE_SECRET_SIZE],
               struct mono now)
{
    *lane = (struct lane){.label = label, .bind_at = now};
    memcpy(lane->secret, secret, LANE_SECRET_SIZE);
}

void lane_rebind(struct lane *lane, struct mono now)
{
    memcpy(lane->cookie, no_cookie, sizeof(lane->cookie));
    lane->tries = 0;
    lane->bind_at = now;
}

static uint64_t next_nonce(const struct lane *lane, uint32_t owner, struct mono now)
{
    uint64_t tick = (now.ns >> TICK_BITS) + 1;
    uint64_t least = (lane->nonce >> OWNER_BITS) + 1;

    return (tick > least ? tick : least) << OWNER_BITS | owner;
}

bool lane_bind_due(struct lane *lane, uint32_t owner, uint8_t out[LANE_BIND_SIZE], struct mono now)
{
    struct lane_message m = {.label = lane->label};

    if (!mono_due(lane->bind_at, now) || lane_failed(lane, now)) {
        return false;
    }
    lane->nonce = next_nonce(lane, owner, now);
    m.nonce = lane->nonce;
    memcpy(m.cookie, lane->cookie, sizeof(m.cookie));
    lane_bind_encode(out, &m, lane->secret);
    /* A cookie is used once: if it was too old, the next bind asks for another. */
    memcpy(lane->cookie, no_cookie, sizeof(lane->cookie));
    lane->bind_at = mono_add_ms(now, (uint64_t)LANE_BIND_MS << lane->tries);
    lane->tries++;
    return true;
}

bool lane_failed(const struct lane *lane, struct mono now)
{
    return lane->tries >= LANE_BINDS_MAX && mono_due(lane->bind_at, now);
}

uint32_t lane_owner(const struct lane_message *answer)
{
    return (uint32_t)answer->nonce;
}

bool lane_on_challenge(struct lane *lane, const struct lane_message *m, struct mono now)
{
    if (m->nonce != lane->nonce || lane->nonce == 0) {
        return false;
    }
    memcpy(lane->cookie, m->cookie, sizeof(lane->cookie));
    lane->tries = 0;
    lane->bind_at = now;
    return true;
}

bool lane_on_bound(struct lane *lane, const struct lane_message *m, const uint8_t *data)
{
    if (m->nonce != lane->nonce || lane->nonce == 0 ||
        !lane_mac_ok(data, LANE_BOUND_SIZE, lane->secret)) {
        return false;
    }
    lane->bound = true;
    lane->tries = 0;
    lane->bind_at = MONO_NEVER;
    return true;
}
