/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FIXED: one socket, which relays see at one address. It pings the few next ports of a NAT that
 * goes by steps, or many of one that draws them: of 64,512 ports 256 are open, so 1,148 pings hit
 * one in 99 of 100 cases. Twice as many are sent, because where RANDOM's NAT is far away, its ports
 * are open only in the second half (guess_random.c).
 */
#include "client/stun2/guess_fixed.h"

enum {
    SAMPLED_MS = 2000, /* relays have so long to say where the socket is seen */
    LATE_MS = 10,      /* pings that a busy machine is late with are made up for so far */
    ANSWERS_MS = 2000, /* after the last ping an answer may still be on its way */
};

static void begin(struct guess *guess, struct mono now)
{
    guess->sockets.wanted = 1;
    guess->part_at = mono_add_ms(now, SAMPLED_MS);
}

static void on_socket(struct guess *guess, uint16_t port, struct mono now)
{
    for (size_t i = 0; i < guess->setup.relays_count; i++) {
        guess_sample(guess, port, i, now);
    }
}

static void on_sample(struct guess *guess, struct mono now)
{
    struct intunnel_aim aim = {.part = INTUNNEL_PART_FIXED};

    for (size_t i = 0; i < guess->samples.count; i++) {
        const struct endpoint *mapped = &guess->samples.list[i].mapped;

        if (endpoint_is_none(mapped)) {
            continue;
        }
        if (aim.at.port != 0 && !endpoint_equal(&aim.at, mapped)) {
            guess_stop(guess, GUESS_END_NOT_FIXED);
            return;
        }
        aim.at = *mapped;
    }
    if (guess->words.told.part != INTUNNEL_PART_FIXED && aim.at.port != 0) {
        guess->part_at = MONO_NEVER;
        guess_say(guess, &aim, now);
    }
}

static void on_aim(struct guess *guess, struct mono now)
{
    const struct intunnel_aim *aim = &guess->words.heard;

    if (guess->sockets.count == 0) {
        guess->words.has_heard = false; /* it is told again */
    } else if (aim->part == INTUNNEL_PART_RANDOM) {
        guess_spread_init(&guess->spread, aim->low, aim->high, guess->setup.env);
        guess->part_at = now;
    } else if (aim->low != 0) {
        guess_burst_set(&guess->burst, guess->sockets.ports[0], &aim->at, aim->low, aim->step, 0, 1,
                        (size_t)(aim->high - aim->low) / aim->step + 1, now);
    }
}

static bool next_of_spread(struct guess *guess, struct guess_send *out, struct mono now)
{
    if (guess->spread.size == 0 || guess->pings >= GUESS_PINGS_MAX ||
        !mono_due(guess->part_at, now)) {
        return false;
    }
    if (mono_ms_between(guess->part_at, now) > LATE_MS) {
        guess->part_at = now;
    }
    guess->part_at = guess->pings + 1 == GUESS_PINGS_MAX
                         ? mono_add_ms(guess->part_at, ANSWERS_MS)
                         : mono_add_ns(guess->part_at, GUESS_GAP_US * NS_PER_US);
    out->socket = guess->sockets.ports[0];
    out->to = guess->words.heard.at;
    out->to.port = guess_spread_next(&guess->spread);
    return true;
}

static bool next(struct guess *guess, struct guess_send *out, struct mono now)
{
    if (guess_burst_next(&guess->burst, &out->to, now)) {
        out->socket = guess->burst.socket;
        return true;
    }
    return next_of_spread(guess, out, now);
}

static void expire(struct guess *guess, struct mono now)
{
    if (!mono_due(guess->part_at, now)) {
        return;
    }
    if (guess->words.told.part != INTUNNEL_PART_FIXED) {
        guess_stop(guess, GUESS_END_NO_RELAY);
    } else if (guess->pings >= GUESS_PINGS_MAX) {
        guess_stop(guess, GUESS_END_IN_VAIN);
    }
}

const struct guess_part guess_fixed = {.begin = begin,
                                       .on_socket = on_socket,
                                       .on_sample = on_sample,
                                       .on_aim = on_aim,
                                       .next = next,
                                       .expire = expire};
