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
    *lane = (struct lane){.label = label, .wait_ms = LANE_BIND_MS, .bind_at = now};
    memcpy(lane->secret, secret, LANE_SECRET_SIZE);
}

void lane_rebind(struct lane *lane, struct mono now)
{
    memcpy(lane->cookie, no_cookie, sizeof(lane->cookie));
    memset(lane->sent, 0, sizeof(lane->sent));
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
    memmove(lane->sent + 1, lane->sent, sizeof(lane->sent) - sizeof(lane->sent[0]));
    lane->sent[0].nonce = lane->nonce;
    lane->sent[0].at = now;
    m.nonce = lane->nonce;
    memcpy(m.cookie, lane->cookie, sizeof(m.cookie));
    lane_bind_encode(out, &m, lane->secret);
    /* A cookie is used once: if it was too old, the next bind asks for another. */
    memcpy(lane->cookie, no_cookie, sizeof(lane->cookie));
    lane->bind_at = mono_add_ms(now, (uint64_t)lane->wait_ms << lane->tries);
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

/* Which of the last binds an answer is for; LANE_BINDS_KNOWN: none. A relay may be further away
 * than the time to a repetition. */
static size_t answered(const struct lane *lane, uint64_t nonce)
{
    size_t i = 0;

    while (i < LANE_BINDS_KNOWN && (nonce == 0 || lane->sent[i].nonce != nonce)) {
        i++;
    }
    return i;
}

/* Repetitions wait for two round trips, or each would make one more challenge. */
static void note_round_trip(struct lane *lane, struct mono sent_at, struct mono now)
{
    uint64_t wait_ms = 2 * mono_ms_between(sent_at, now);

    wait_ms = wait_ms < LANE_BIND_MS_MAX ? wait_ms : LANE_BIND_MS_MAX;
    lane->wait_ms = (uint32_t)(wait_ms > LANE_BIND_MS ? wait_ms : LANE_BIND_MS);
}

bool lane_on_challenge(struct lane *lane, const struct lane_message *m, struct mono now)
{
    size_t bind = answered(lane, m->nonce);

    if (bind == LANE_BINDS_KNOWN) {
        return false;
    }
    if (lane->bind_at.ns != MONO_NEVER.ns) { /* else it is for a frame */
        note_round_trip(lane, lane->sent[bind].at, now);
    }
    for (; bind < LANE_BINDS_KNOWN; bind++) { /* whoever repeats it is not heard */
        lane->sent[bind].nonce = 0;
    }
    memcpy(lane->cookie, m->cookie, sizeof(lane->cookie));
    lane->tries = 0;
    lane->bind_at = now;
    return true;
}

bool lane_on_bound(struct lane *lane, const struct lane_message *m, const uint8_t *data)
{
    if (answered(lane, m->nonce) == LANE_BINDS_KNOWN ||
        !lane_mac_ok(data, LANE_BOUND_SIZE, lane->secret)) {
        return false;
    }
    lane->bound = true;
    lane->tries = 0;
    lane->bind_at = MONO_NEVER;
    return true;
}
