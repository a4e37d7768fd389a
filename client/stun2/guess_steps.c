/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STEPS, in turns, each with new sockets. Towards FIXED: of three sockets the second one pings the
 * peer, and the others ask a relay where they are seen, one before and one after it. So its port
 * lies between theirs, whoever else takes ports.
 *
 * Towards STEPS: one socket asks a relay. When both know where the other is, both ping 16 of its
 * next ports, one after the other, and each ping takes the next port of the own NAT. Others may
 * have taken a ports here and b there by then. If both pinged all ports in a row, two pings would
 * only meet if a = b = 0. So one of the two pings every second port: then those numbered i = a + b
 * + 1 of it and a + 2b + 1 of the other meet, as long as these are at most 16.
 */
#include "client/stun2/guess_steps.h"

enum {
    STAGE_SOCKETS, /* they are being opened */
    STAGE_BEFORE,  /* next is: ask, ... */
    STAGE_PING,    /* ... ping, ... */
    STAGE_AFTER,   /* ... ask; ... */
    STAGE_SAMPLED, /* ... answers are awaited */
    STAGE_TOLD,
};

enum {
    SOCKETS_PER_TURN = 3, /* towards FIXED */
    ONE_SAMPLE_MS = 450,  /* after that one answer will do */
    NO_SAMPLE_MS = 1200,
    TOLD_MS = 1500, /* so long a turn may take after that */
    MEET_TURN_MS = 2000,
    WINDOW = GUESS_BURST_PORTS_MAX,
    BESIDE = 2, /* ports on either side of those that are known */
};

/* Later turns reach NATs that are farther away, but also the peer's router. */
static const uint8_t turn_hops[GUESS_TURNS_MAX] = {2, 2, 4, 6, 0};

static bool meets_steps(const struct guess *guess)
{
    return guess->setup.peer == INTUNNEL_PART_STEPS;
}

static void begin_turn(struct guess *guess, uint8_t number, struct mono now)
{
    if (number > GUESS_TURNS_MAX) {
        guess_stop(guess, guess->words.has_heard ? GUESS_END_IN_VAIN : GUESS_END_NO_ANSWER);
        return;
    }
    guess->turn.number = number;
    guess->turn.stage = STAGE_SOCKETS;
    guess->turn.first = guess->sockets.count;
    guess->sockets.wanted =
        guess->sockets.count + (meets_steps(guess) ? 1 : (size_t)SOCKETS_PER_TURN);
    guess->samples.count = 0;
    guess->words.tell_at = MONO_NEVER;
    guess->part_at = mono_add_ms(now, MEET_TURN_MS);
}

static void begin(struct guess *guess, struct mono now)
{
    if (meets_steps(guess)) {
        begin_turn(guess, 1, now);
    }
}

static void on_socket(struct guess *guess, uint16_t port, struct mono now)
{
    if (guess->sockets.count < guess->sockets.wanted) {
        return;
    }
    if (meets_steps(guess)) {
        guess_sample(guess, port, 0, now);
        guess->turn.stage = STAGE_SAMPLED;
    } else {
        guess->turn.stage = STAGE_BEFORE;
        guess->part_at = now;
    }
}

/* ---- towards STEPS ---- */

static void meet_if_ready(struct guess *guess, struct mono now)
{
    const struct intunnel_aim *aim = &guess->words.heard;

    if (guess->turn.stage == STAGE_TOLD && guess->words.has_heard &&
        aim->turn == guess->turn.number && aim->at.port != 0) {
        guess_burst_set(&guess->burst, guess->sockets.ports[guess->turn.first], &aim->at,
                        aim->at.port, aim->step, 1, guess->setup.first ? 1 : 2, WINDOW, now);
    }
}

static void meet_sampled(struct guess *guess, struct mono now)
{
    struct intunnel_aim aim = {.part = INTUNNEL_PART_STEPS,
                               .turn = guess->turn.number,
                               .step = guess->setup.ports.step,
                               .at = guess->samples.list[0].mapped};

    guess->turn.stage = STAGE_TOLD;
    guess_say(guess, &aim, now);
    meet_if_ready(guess, now);
}

/* ---- towards FIXED ---- */

/* Where the ping's port is: between those of the first and the last socket, or, if the packets
 * changed their order on the way, a little beside them. False if there is no such port. */
static bool window_of(const struct guess *guess, uint32_t *low, uint32_t *high)
{
    uint32_t step = guess->setup.ports.step;
    uint32_t before = guess->samples.list[0].mapped.port;
    uint32_t after = guess->samples.list[1].mapped.port;
    uint32_t count = WINDOW;

    if (before != 0 && after != 0) {
        uint32_t least = before < after ? before : after, most = before + after - least;

        if ((most - least) % step == 0 && (most - least) / step + 2 * BESIDE < WINDOW) {
            before = least > (BESIDE + 1) * step ? least - (BESIDE + 1) * step : 0;
            count = (most - least) / step + 2 * BESIDE + 1;
        }
    } else if (before == 0) { /* only the later one was answered */
        before = after > step * (WINDOW + 1) ? after - step * (WINDOW + 1) : 0;
    }
    *low = before + step;
    *high = before + count * step;
    while (*high > UINT16_MAX && *high > *low) {
        *high -= step;
    }
    return *high <= UINT16_MAX;
}

static void tell_window(struct guess *guess, struct mono now)
{
    struct intunnel_aim aim = {
        .part = INTUNNEL_PART_STEPS, .turn = guess->turn.number, .step = guess->setup.ports.step};
    uint32_t low, high;

    if (!window_of(guess, &low, &high)) {
        begin_turn(guess, (uint8_t)(guess->turn.number + 1), now);
        return;
    }
    for (size_t i = 0; i < guess->samples.count; i++) {
        if (guess->samples.list[i].mapped.port != 0) {
            aim.at = guess->samples.list[i].mapped;
        }
    }
    aim.at.port = 0;
    aim.low = (uint16_t)low;
    aim.high = (uint16_t)high;
    guess->turn.stage = STAGE_TOLD;
    guess->part_at = mono_add_ms(now, TOLD_MS);
    guess_say(guess, &aim, now);
}

/* ---- both ---- */

static void on_sample(struct guess *guess, struct mono now)
{
    if (guess->turn.stage != STAGE_SAMPLED) {
        return;
    }
    if (meets_steps(guess)) {
        meet_sampled(guess, now);
    } else if (guess_samples_answered(&guess->samples) == 2) {
        tell_window(guess, now);
    }
}

static void on_aim(struct guess *guess, struct mono now)
{
    if (!meets_steps(guess)) {
        if (guess->turn.number == 0) { /* now it is known where to ping */
            begin_turn(guess, 1, now);
        }
        return;
    }
    if (guess->words.heard.turn > guess->turn.number) {
        begin_turn(guess, guess->words.heard.turn, now);
    } else {
        meet_if_ready(guess, now);
    }
}

static bool next(struct guess *guess, struct guess_send *out, struct mono now)
{
    const uint16_t *sockets = &guess->sockets.ports[guess->turn.first];

    if (guess_burst_next(&guess->burst, &out->to, now)) {
        out->socket = guess->burst.socket;
        return true;
    }
    switch (guess->turn.stage) {
    case STAGE_BEFORE:
        guess_sample(guess, sockets[0], 0, now);
        guess->turn.stage = STAGE_PING;
        return false; /* the request goes first */
    case STAGE_PING:
        guess->turn.stage = STAGE_AFTER;
        out->socket = sockets[1];
        out->to = guess->words.heard.at;
        out->hops = turn_hops[guess->turn.number - 1];
        return true;
    case STAGE_AFTER:
        guess_sample(guess, sockets[2], 0, now);
        guess->turn.stage = STAGE_SAMPLED;
        guess->part_at = mono_add_ms(now, ONE_SAMPLE_MS);
        return false;
    default:
        return false;
    }
}

static void expire(struct guess *guess, struct mono now)
{
    if (!mono_due(guess->part_at, now) || guess->turn.stage == STAGE_BEFORE) {
        return;
    }
    if (guess->turn.stage != STAGE_SAMPLED || meets_steps(guess)) {
        begin_turn(guess, (uint8_t)(guess->turn.number + 1), now);
    } else if (guess_samples_answered(&guess->samples) > 0) {
        tell_window(guess, now);
    } else if (mono_ms_between(guess->samples.list[0].ask_at, now) > NO_SAMPLE_MS ||
               guess->samples.list[0].tries == GUESS_SAMPLE_TRIES) {
        begin_turn(guess, (uint8_t)(guess->turn.number + 1), now);
    } else {
        guess->part_at = mono_add_ms(now, ONE_SAMPLE_MS);
    }
}

const struct guess_part guess_steps = {.begin = begin,
                                       .on_socket = on_socket,
                                       .on_sample = on_sample,
                                       .on_aim = on_aim,
                                       .next = next,
                                       .expire = expire};
