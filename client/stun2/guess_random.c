/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RANDOM: relays tell where a few of its sockets are seen; all further ones are told from a range a
 * little wider than that. Then each socket pings the peer, so that the NAT gives it a port that
 * lets in what comes from there. At first these pings end before the peer's router, which might
 * take them for packets to itself (punch_round.h), and lets nothing through any more then; it may
 * be the next one. Where the own NAT is farther away, such pings do not open it: those of later
 * waves do. They begin when the peer has tried so many ports that it would have hit one in 99 of
 * 100 cases, and as many are left then.
 */
#include "client/stun2/guess_random.h"

enum {
    SAMPLED_COUNT = GUESS_SAMPLES_MAX,
    SAMPLED_MS = 1000,  /* then it goes on with what was answered */
    SMALL_RANGE = 4096, /* of so few ports only a quarter is taken */
    SOCKETS_MIN = 32,
    RANGE_MARGIN = 64,
    PORT_LOWEST = 1024, /* NATs give no lower ones */
    ENOUGH = 5,         /* pings for each m of which one in m hits: e^-5 is 0.007 */
    LATE_MS = 1000,     /* until what a ping hit has come */
    WAVES = 3,
};

static const uint8_t wave_hops[WAVES] = {2, 0, 0};
static const uint16_t wave_gaps_ms[WAVES] = {4600, 1500, 0}; /* to the next one, at most */

enum { STAGE_SAMPLING, STAGE_WAITING /* for the peer's aim */, STAGE_OPENING };

static void begin(struct guess *guess, struct mono now)
{
    guess->sockets.wanted = SAMPLED_COUNT;
    guess->part_at = mono_add_ms(now, SAMPLED_MS);
}

static void on_socket(struct guess *guess, uint16_t port, struct mono now)
{
    guess_sample(guess, port, 0, now);
}

/* The range that is told, and how many sockets it bears. */
static void range_of(const struct guess *guess, struct intunnel_aim *aim, size_t *sockets)
{
    uint32_t low = guess->setup.ports.low != 0 ? guess->setup.ports.low : UINT16_MAX;
    uint32_t high = guess->setup.ports.high;

    for (size_t i = 0; i < guess->samples.count; i++) {
        const struct endpoint *mapped = &guess->samples.list[i].mapped;

        if (!endpoint_is_none(mapped)) {
            aim->at = *mapped;
            aim->at.port = 0;
            low = mapped->port < low ? mapped->port : low;
            high = mapped->port > high ? mapped->port : high;
        }
    }
    uint32_t span = high > low ? high - low : 0;
    uint32_t margin = span / 4 + RANGE_MARGIN;

    aim->low = (uint16_t)(low > margin + PORT_LOWEST ? low - margin : PORT_LOWEST);
    aim->high = (uint16_t)(high + margin < UINT16_MAX ? high + margin : UINT16_MAX);
    *sockets = span >= SMALL_RANGE            ? GUESS_SOCKETS_MAX
               : span / 4 > GUESS_SOCKETS_MAX ? GUESS_SOCKETS_MAX
               : span / 4 < SOCKETS_MIN       ? SOCKETS_MIN
                                              : span / 4;
}

/* The peer begins at once: the few ports that it tries before they are open cost little. */
static void open_if_ready(struct guess *guess, struct mono now)
{
    struct intunnel_aim aim = {.part = INTUNNEL_PART_RANDOM};
    size_t sockets;

    if (guess->turn.stage == STAGE_WAITING && guess->words.has_heard) {
        range_of(guess, &aim, &sockets);
        guess->turn.stage = STAGE_OPENING;
        guess->sockets.wanted = sockets;
        guess->part_at = now;
        guess_say(guess, &aim, now);
    }
}

static void sampled(struct guess *guess, struct mono now)
{
    guess->turn.stage = STAGE_WAITING;
    guess->part_at = MONO_NEVER;
    open_if_ready(guess, now);
}

static void on_sample(struct guess *guess, struct mono now)
{
    if (guess->turn.stage == STAGE_SAMPLING &&
        guess_samples_answered(&guess->samples) == SAMPLED_COUNT) {
        sampled(guess, now);
    }
}

static void on_aim(struct guess *guess, struct mono now)
{
    open_if_ready(guess, now);
}

/* Until the peer has tried enough ports, and what it hit has come; at most most_ms. Of n pings at
 * random ports of which one in m is open, all miss with a chance of e^(-n/m). */
static uint64_t gap_ms(const struct guess *guess, uint64_t most_ms)
{
    uint64_t ports = guess->words.told.high - guess->words.told.low + UINT64_C(1);
    uint64_t pings = ENOUGH * ports / guess->sockets.count;
    uint64_t tried_ms = pings * GUESS_GAP_US / 1000 + LATE_MS;

    return tried_ms < most_ms ? tried_ms : most_ms;
}

/* All sockets have sent once more. */
static void wave_over(struct guess *guess, struct mono now)
{
    guess->turn.opened = 0;
    guess->part_at = mono_add_ms(now, gap_ms(guess, wave_gaps_ms[guess->turn.number]));
    guess->turn.number++;
    if (guess->turn.number == WAVES) {
        guess->part_at = MONO_NEVER;
    }
}

static bool next(struct guess *guess, struct guess_send *out, struct mono now)
{
    if (guess->turn.stage != STAGE_OPENING || guess->turn.number == WAVES ||
        !mono_due(guess->part_at, now) || guess->turn.opened == guess->sockets.count) {
        return false;
    }
    out->socket = guess->sockets.ports[guess->turn.opened++];
    out->to = guess->words.heard.at;
    out->hops = wave_hops[guess->turn.number];
    guess->part_at = mono_add_ns(now, GUESS_GAP_US * NS_PER_US);
    if (guess->turn.opened == guess->sockets.wanted) {
        wave_over(guess, now);
    }
    return true;
}

static void expire(struct guess *guess, struct mono now)
{
    if (guess->turn.stage == STAGE_SAMPLING && mono_due(guess->part_at, now)) {
        if (guess_samples_answered(&guess->samples) == 0) {
            guess_stop(guess, GUESS_END_NO_RELAY);
        } else {
            sampled(guess, now);
        }
    } else if (guess->turn.stage == STAGE_OPENING && mono_due(guess->part_at, now) &&
               guess->turn.opened == guess->sockets.count) {
        guess->part_at =
            mono_add_ns(now, GUESS_GAP_US * NS_PER_US); /* the shell is slow with sockets */
    }
}

const struct guess_part guess_random = {.begin = begin,
                                        .on_socket = on_socket,
                                        .on_sample = on_sample,
                                        .on_aim = on_aim,
                                        .next = next,
                                        .expire = expire};
