/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a guess; what its part does stands in guess_fixed, guess_steps and guess_random. */
#include "client/stun2/guess.h"

#include "client/stun2/guess_fixed.h"
#include "client/stun2/guess_random.h"
#include "client/stun2/guess_steps.h"
#include "proto/base/bytes.h"

#include <string.h>

enum { ANSWER_MS = 4000 /* for so long the peer's first aim is awaited */ };

static const uint16_t tell_gaps_ms[GUESS_TELLS_MAX] = {250, 500, 750, 0};
static const uint16_t echo_ms[GUESS_ECHOES] = {20, 60, 140, 300, 620};

void guess_init(struct guess *guess, const struct guess_setup *setup, struct mono now)
{
    memset(guess, 0, sizeof(*guess));
    CHECK(setup->relays_count > 0 && setup->relays_count <= GUESS_RELAYS_MAX);
    guess->setup = *setup;
    guess->began_at = now;
    guess->words.tell_at = MONO_NEVER;
    guess->part_at = MONO_NEVER;
    guess->part = setup->own == INTUNNEL_PART_STEPS    ? &guess_steps
                  : setup->own == INTUNNEL_PART_RANDOM ? &guess_random
                                                       : &guess_fixed;
    guess->part->begin(guess, now);
}

/* ---- sockets ---- */

size_t guess_wants(const struct guess *guess)
{
    return guess->state == GUESS_STATE_RUNNING ? guess->sockets.wanted - guess->sockets.count : 0;
}

bool guess_on_socket(struct guess *guess, uint16_t port, struct mono now)
{
    if (guess_wants(guess) == 0) {
        return false;
    }
    guess->sockets.ports[guess->sockets.count++] = port;
    guess->part->on_socket(guess, port, now);
    return true;
}

static bool has_socket(const struct guess *guess, uint16_t port)
{
    for (size_t i = 0; i < guess->sockets.count; i++) {
        if (guess->sockets.ports[i] == port) {
            return true;
        }
    }
    return false;
}

bool guess_keeps(const struct guess *guess, uint16_t port)
{
    switch (guess->state) {
    case GUESS_STATE_RUNNING:
        return has_socket(guess, port);
    case GUESS_STATE_WON:
        return guess->winner.socket == port;
    case GUESS_STATE_OVER:
        break;
    }
    return false;
}

/* ---- samples and words ---- */

bool guess_on_sample(struct guess *guess, uint16_t socket, const struct endpoint *relay,
                     const uint8_t id[STUN_ID_SIZE], const struct endpoint *mapped, struct mono now)
{
    if (!guess_samples_on_answer(&guess->samples, socket, relay, id, mapped)) {
        return false;
    }
    if (guess->state == GUESS_STATE_RUNNING) {
        guess->part->on_sample(guess, now);
    }
    return true;
}

bool guess_tell(struct guess *guess, struct intunnel_aim *out, struct mono now)
{
    if (guess->state != GUESS_STATE_RUNNING || !mono_due(guess->words.tell_at, now)) {
        return false;
    }
    *out = guess->words.told;
    guess->words.tell_at = mono_add_ms(now, tell_gaps_ms[guess->words.tells]);
    guess->words.tells++;
    if (guess->words.tells == GUESS_TELLS_MAX) {
        guess->words.tell_at = MONO_NEVER;
    }
    return true;
}

static bool is_same(const struct intunnel_aim *a, const struct intunnel_aim *b)
{
    return a->part == b->part && a->turn == b->turn && a->step == b->step && a->low == b->low &&
           a->high == b->high && endpoint_equal(&a->at, &b->at);
}

bool guess_on_aim(struct guess *guess, const struct intunnel_aim *aim, struct mono now)
{
    if (guess->state != GUESS_STATE_RUNNING) {
        return true;
    }
    if (aim->part == INTUNNEL_PART_UNWILLING || aim->part == INTUNNEL_PART_BUSY) {
        guess_stop(guess, aim->part == INTUNNEL_PART_BUSY ? GUESS_END_BUSY : GUESS_END_UNWILLING);
        return true;
    }
    if (aim->part != guess->setup.peer || !endpoint_same_ip(&aim->at, &guess->setup.peer_at)) {
        return false;
    }
    if (guess->words.has_heard && is_same(&guess->words.heard, aim)) {
        return true;
    }
    guess->words.heard = *aim;
    guess->words.has_heard = true;
    guess->part->on_aim(guess, now);
    return true;
}

/* ---- what is sent ---- */

static struct mono echo_at(const struct guess *guess)
{
    return guess->winner.echoes == GUESS_ECHOES
               ? MONO_NEVER
               : mono_add_ms(guess->winner.at, echo_ms[guess->winner.echoes]);
}

static bool next_echo(struct guess *guess, struct guess_send *out, struct mono now)
{
    if (!mono_due(echo_at(guess), now)) {
        return false;
    }
    guess->winner.echoes++;
    *out = (struct guess_send){.socket = guess->winner.socket, .to = guess->winner.from};
    return true;
}

bool guess_next(struct guess *guess, struct guess_send *out, struct mono now)
{
    const struct guess_sample *sample;

    *out = (struct guess_send){.sample = false};
    if (guess->state != GUESS_STATE_RUNNING) {
        return guess->state == GUESS_STATE_WON && next_echo(guess, out, now);
    }
    if (guess->part->next(guess, out, now)) {
        guess->pings++;
        return true;
    }
    sample = guess_samples_next(&guess->samples, now);
    if (sample != NULL) {
        *out = (struct guess_send){.sample = true, .socket = sample->socket, .to = sample->relay};
        memcpy(out->id, sample->id, STUN_ID_SIZE);
    }
    return sample != NULL;
}

void guess_on_receipt(struct guess *guess, uint16_t socket, const struct endpoint *from,
                      struct mono now)
{
    if (guess->state == GUESS_STATE_RUNNING && has_socket(guess, socket)) {
        guess->state = GUESS_STATE_WON;
        guess->winner.socket = socket;
        guess->winner.from = *from;
        guess->winner.at = now;
    }
}

/* ---- time ---- */

void guess_expire(struct guess *guess, struct mono now)
{
    uint64_t ran_ms = mono_ms_between(guess->began_at, now);

    if (guess->state == GUESS_STATE_WON && guess->winner.echoes == GUESS_ECHOES) {
        guess_stop(guess, GUESS_END_WON);
    }
    if (guess->state != GUESS_STATE_RUNNING) {
        return;
    }
    if (ran_ms >= GUESS_MS_MAX || (ran_ms >= ANSWER_MS && !guess->words.has_heard)) {
        guess_stop(guess, guess->words.has_heard ? GUESS_END_IN_VAIN : GUESS_END_NO_ANSWER);
        return;
    }
    guess->part->expire(guess, now);
}

struct mono guess_deadline(const struct guess *guess)
{
    struct mono end =
        mono_add_ms(guess->began_at, guess->words.has_heard ? GUESS_MS_MAX : ANSWER_MS);

    switch (guess->state) {
    case GUESS_STATE_RUNNING:
        return mono_min(
            mono_min(end, guess->part_at),
            mono_min(mono_min(guess->words.tell_at, guess_burst_deadline(&guess->burst)),
                     guess_samples_deadline(&guess->samples)));
    case GUESS_STATE_WON:
        return guess->winner.echoes == GUESS_ECHOES ? guess->winner.at : echo_at(guess);
    case GUESS_STATE_OVER:
        break;
    }
    return MONO_NEVER;
}
