/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request on its way to each relay; what is not answered in time counts as lost. */
#include "client/stun2/home_measure.h"

static bool is_measured(const struct home_candidate *one)
{
    return one->used && one->listed && !one->has_session;
}

static bool is_out(const struct home_candidate *one)
{
    return one->round.sent_at.ns != MONO_NEVER.ns;
}

static uint16_t smooth_permille(uint16_t was, bool lost)
{
    return (uint16_t)((3 * (uint32_t)was + (lost ? HOME_PERMILLE_MAX : 0)) / 4);
}

static void end_round(struct home_candidate *one, struct mono now)
{
    struct home_round *round = &one->round;

    round->ended++;
    round->in_vain = round->answered ? 0 : round->in_vain + 1;
    if (!round->answered) {
        one->quality.known = false;
    }
    round->next_at = mono_add_ms(now, round->answered ? HOME_ROUND_MS : HOME_IN_VAIN_MS);
    if (round->in_vain >= HOME_ROUNDS_IN_VAIN_MAX) {
        *one = (struct home_candidate){0};
    }
}

static void request_over(struct home_candidate *one, bool lost, struct mono now)
{
    one->round.sent_at = MONO_NEVER;
    one->quality.loss_permille = smooth_permille(one->quality.loss_permille, lost);
    if (one->round.left == 0) {
        end_round(one, now);
    }
}

static void give_up_late(struct home_candidate *one, struct mono now)
{
    if (is_out(one) && mono_ms_between(one->round.sent_at, now) >= HOME_ANSWER_MS) {
        request_over(one, true, now);
    }
}

bool home_measure_next(struct home_candidates *candidates, const struct env *env,
                       struct endpoint *to, uint8_t request[STUN_REQUEST_SIZE], struct mono now)
{
    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        struct home_candidate *one = &candidates->list[i];
        struct home_round *round = &one->round;

        if (!is_measured(one)) {
            continue;
        }
        give_up_late(one, now);
        if (!one->used || is_out(one) || !mono_due(round->next_at, now)) {
            continue;
        }
        if (round->left == 0) {
            round->left = HOME_ROUND_REQUESTS;
            round->answered = false;
        }
        round->left--;
        round->sent_at = now;
        env_random(env, round->id, sizeof(round->id));
        stun_request(request, round->id);
        *to = one->address;
        return true;
    }
    return false;
}

bool home_measure_on_answer(struct home_candidates *candidates, const struct dgram *in,
                            struct mono now)
{
    struct stun_message message;

    if (stun_parse(&message, in->data, in->size) != ERR_OK) {
        return false;
    }
    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        struct home_candidate *one = &candidates->list[i];

        if (!is_measured(one) || !is_out(one) || !endpoint_equal(&one->address, &in->remote) ||
            !stun_is_answer(&message, one->round.id)) {
            continue;
        }
        uint64_t us = mono_ns_between(one->round.sent_at, now) / NS_PER_US;
        uint32_t rtt_us = us < HOME_RTT_US_MAX ? (uint32_t)us + 1 : HOME_RTT_US_MAX;

        one->quality.rtt_us = one->quality.known ? (3 * one->quality.rtt_us + rtt_us) / 4 : rtt_us;
        one->quality.known = true;
        one->round.answered = true;
        request_over(one, false, now);
        return true;
    }
    return false;
}

bool home_measure_is_new(const struct home_candidates *candidates)
{
    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        if (is_measured(&candidates->list[i]) && candidates->list[i].round.ended == 0) {
            return true;
        }
    }
    return false;
}

struct mono home_measure_deadline(const struct home_candidates *candidates)
{
    struct mono at = MONO_NEVER;

    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        const struct home_candidate *one = &candidates->list[i];

        if (is_measured(one)) {
            at = mono_min(at, is_out(one) ? mono_add_ms(one->round.sent_at, HOME_ANSWER_MS)
                                          : one->round.next_at);
        }
    }
    return at;
}
