/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The states of punching with one peer, and the round that fires. */
#include "client/path/punching.h"

#include "proto/base/bytes.h"

#define BIT(state) (1U << (state))

static const unsigned punch_edges[PUNCH_STATE_COUNT] = {
    [PUNCH_STATE_IDLE] = BIT(PUNCH_STATE_ASKED) | BIT(PUNCH_STATE_FIRING),
    [PUNCH_STATE_ASKED] =
        BIT(PUNCH_STATE_ASKED) | BIT(PUNCH_STATE_IDLE) | BIT(PUNCH_STATE_FIRING_ASKED),
    [PUNCH_STATE_FIRING] =
        BIT(PUNCH_STATE_FIRING) | BIT(PUNCH_STATE_IDLE) | BIT(PUNCH_STATE_FIRING_ASKED),
    [PUNCH_STATE_FIRING_ASKED] =
        BIT(PUNCH_STATE_FIRING_ASKED) | BIT(PUNCH_STATE_FIRING) | BIT(PUNCH_STATE_ASKED),
};

static void enter(struct punching *p, enum punch_state next)
{
    CHECK((punch_edges[p->state] & BIT(next)) != 0);
    p->state = next;
}

static bool is_asked(const struct punching *p)
{
    return p->state == PUNCH_STATE_ASKED || p->state == PUNCH_STATE_FIRING_ASKED;
}

bool punching_is_firing(const struct punching *p)
{
    return p->state == PUNCH_STATE_FIRING || p->state == PUNCH_STATE_FIRING_ASKED;
}

static void stop_waiting(struct punching *p)
{
    p->wait_until = MONO_NEVER;
    if (is_asked(p)) {
        enter(p, punching_is_firing(p) ? PUNCH_STATE_FIRING : PUNCH_STATE_IDLE);
    }
}

static void stop_firing(struct punching *p)
{
    if (punching_is_firing(p)) {
        enter(p, is_asked(p) ? PUNCH_STATE_ASKED : PUNCH_STATE_IDLE);
    }
}

void punching_init(struct punching *p)
{
    *p = (struct punching){
        .state = PUNCH_STATE_IDLE, .wait_until = MONO_NEVER, .opened_at = MONO_NEVER};
    p->retry.at = MONO_NEVER;
}

void punching_want(struct punching *p, struct mono at)
{
    if (p->retry.at.ns == MONO_NEVER.ns && p->retry.failures == 0) {
        punch_retry_reset(&p->retry, at);
    }
}

bool punching_ask_due(const struct punching *p, struct mono now)
{
    return mono_due(p->retry.at, now);
}

void punching_asked(struct punching *p, struct mono now)
{
    punch_retry_started(&p->retry);
    p->wait_until = mono_add_ms(now, PUNCHING_WAIT_MS);
    enter(p, punching_is_firing(p) ? PUNCH_STATE_FIRING_ASKED : PUNCH_STATE_ASKED);
}

void punching_on_go(struct punching *p, uint64_t id, const struct endpoint *observed)
{
    stop_waiting(p);
    p->id = id;
    punching_on_observed(p, observed);
}

void punching_on_observed(struct punching *p, const struct endpoint *observed)
{
    if (!endpoint_is_none(&p->observed) && !endpoint_equal(&p->observed, observed)) {
        p->opened_at = MONO_NEVER; /* it said so of the NAT that it had before */
    }
    p->observed = *observed;
}

bool punching_on_refused(struct punching *p, struct mono now)
{
    if (!is_asked(p)) {
        return false;
    }
    stop_waiting(p);
    punch_retry_failed(&p->retry, now);
    return true;
}

void punching_expire_wait(struct punching *p, struct mono now)
{
    if (mono_due(p->wait_until, now)) {
        (void)punching_on_refused(p, now);
    }
}

void punching_begin_anew(struct punching *p, struct mono now)
{
    punch_retry_reset(&p->retry, now);
}

void punching_revive(struct punching *p, struct mono at)
{
    punch_retry_reset(&p->retry, at);
    p->observed = (struct endpoint){0};
    p->id = 0;
    p->vain = 0;
}

void punching_succeeded(struct punching *p)
{
    punch_retry_succeeded(&p->retry);
    stop_waiting(p);
    p->opened_at = MONO_NEVER;
    p->vain = 0;
}

bool punching_is_one_site(const struct punching *p)
{
    return !endpoint_is_none(&p->own) && endpoint_same_ip(&p->own, &p->observed);
}

/* The families with which an address leads out of its own LAN. */
struct families {
    bool v4, v6;
};

static void families_add(struct families *families, const struct endpoint *e)
{
    if (endpoint_is_v4(e)) {
        families->v4 = families->v4 || endpoint_scope(e) != ENDPOINT_SCOPE_NEVER;
    } else {
        families->v6 = families->v6 || endpoint_scope(e) == ENDPOINT_SCOPE_GLOBAL;
    }
}

enum punch_families punching_families(const struct punching *p, const struct candidates *candidates,
                                      const struct own_addresses *underlay)
{
    struct families here = {false, false};
    struct families there = {false, false};

    families_add(&here, &p->own);
    families_add(&there, &p->observed);
    for (size_t i = 0; i < underlay->count; i++) {
        struct endpoint own = endpoint_v6(underlay->addrs[i].ip, underlay->port);

        families_add(&here, &own);
    }
    for (size_t i = 0; i < candidates->list.count; i++) {
        families_add(&there, &candidates->list.list[i]);
    }
    if (candidates->list.sequence == 0) { /* what else the peer has is not known yet */
        return PUNCH_FAMILIES_COMMON;
    }
    if (here.v4 && !here.v6 && there.v6 && !there.v4) {
        return PUNCH_FAMILIES_IPV4_HERE;
    }
    return here.v6 && !here.v4 && there.v4 && !there.v6 ? PUNCH_FAMILIES_IPV6_HERE
                                                        : PUNCH_FAMILIES_COMMON;
}

/* Private addresses of the peer that are in no LAN of ours. */
static void aim_far(struct punching *p, const struct candidates *candidates,
                    const struct own_addresses *underlay)
{
    size_t far = 0;

    if (p->retry.failures >= PUNCHING_FAR_ATTEMPTS && !punching_is_one_site(p)) {
        return;
    }
    for (size_t i = 0; i < candidates->list.count && far < PUNCHING_FAR_MAX; i++) {
        const struct endpoint *e = &candidates->list.list[i];

        if (!own_addresses_on_lan(underlay, e) && own_addresses_may_reach_private(underlay, e)) {
            far += punch_round_add(&p->round, e, false, true) ? 1 : 0;
        }
    }
}

struct mono punching_take_turn(struct punching *p, bool smaller, struct mono fire_at)
{
    if (!endpoint_same_ip(&p->own, &p->vain_own) ||
        !endpoint_same_ip(&p->observed, &p->vain_observed)) {
        p->vain = 0; /* one of the two is elsewhere */
    }
    p->vain_own = p->own;
    p->vain_observed = p->observed;
    p->by_go = true;
    bool patient = p->vain >= PUNCHING_PATIENT_ROUNDS;

    p->turn = !patient ? PUNCH_TURN_BOTH : smaller ? PUNCH_TURN_OPENS : PUNCH_TURN_WAITS;
    return p->turn == PUNCH_TURN_WAITS ? mono_add_ms(fire_at, PUNCHING_PATIENCE_MS) : fire_at;
}

/* For so long the round's pings open the own NAT and do no more. */
static uint64_t near_ms(const struct punching *p, struct mono fire_at)
{
    bool opened = p->opened_at.ns != MONO_NEVER.ns &&
                  mono_before(fire_at, mono_add_ms(p->opened_at, PUNCHING_OPENED_MS));

    switch (p->turn) {
    case PUNCH_TURN_OPENS:
        return PUNCHING_PATIENCE_MS + PUNCHING_OPENED_MS;
    case PUNCH_TURN_WAITS:
        return 0;
    case PUNCH_TURN_BOTH:
        break;
    }
    return opened ? 0 : p->moved ? PUNCHING_MOVED_MS : PUNCH_NEAR_MS;
}

bool punching_fire(struct punching *p, struct candidates *candidates,
                   const struct own_addresses *underlay, size_t packet_size, struct mono fire_at)
{
    candidates->tried = candidates->list.sequence;
    punch_round_init(&p->round, fire_at, packet_size, near_ms(p, fire_at));
    if (p->turn == PUNCH_TURN_OPENS) {
        punch_round_keep(&p->round);
    }
    p->opened_at = MONO_NEVER;
    p->moved = false;
    p->turn = PUNCH_TURN_BOTH;
    if (!endpoint_is_none(&p->observed)) { /* private, if the relay is in our site */
        (void)punch_round_add(&p->round, &p->observed, true,
                              own_addresses_on_lan(underlay, &p->observed) ||
                                  own_addresses_may_reach_private(underlay, &p->observed));
    }
    for (size_t i = 0; i < candidates->list.count; i++) {
        const struct endpoint *e = &candidates->list.list[i];

        /* No peer has our address before our own NAT either, whatever it says. */
        if (!own_addresses_have(underlay, e) && !endpoint_equal(e, &p->own)) {
            (void)punch_round_add(&p->round, e, false, own_addresses_on_lan(underlay, e));
        }
    }
    aim_far(p, candidates, underlay);
    if (p->round.count == 0) {
        stop_firing(p);
        return false;
    }
    enter(p, is_asked(p) ? PUNCH_STATE_FIRING_ASKED : PUNCH_STATE_FIRING);
    return true;
}

void punching_on_opened(struct punching *p, struct mono now)
{
    if (punching_is_firing(p) && !p->round.opened) {
        punch_round_opened(&p->round, now);
    } else {
        p->opened_at = now;
    }
}

void punching_on_moved(struct punching *p)
{
    p->opened_at = MONO_NEVER;
    p->moved = true;
}

bool punching_next(struct punching *p, struct endpoint *to, struct mono now)
{
    return punching_is_firing(p) && punch_round_next(&p->round, to, now);
}

void punching_on_receipt(struct punching *p, const struct endpoint *from, struct mono now)
{
    if (punching_is_firing(p)) {
        punch_round_on_receipt(&p->round, from, now);
    }
}

enum punch_end punching_expire(struct punching *p, bool direct, const struct candidates *candidates,
                               struct mono now)
{
    if (!punching_is_firing(p)) {
        return PUNCH_END_NONE;
    }
    bool over = mono_due(punch_round_end(&p->round), now);
    bool all_sent = punch_round_deadline(&p->round).ns == MONO_NEVER.ns;

    if (over || (all_sent && direct)) {
        stop_firing(p);
    }
    if (!over || direct) {
        return PUNCH_END_NONE;
    }
    if (candidates->list.sequence != candidates->tried) {
        return PUNCH_END_AGAIN;
    }
    stop_waiting(p); /* one attempt has one failure; a PunchGo that comes late begins a round */
    punch_retry_failed(&p->retry, now);
    if (p->by_go && p->vain < PUNCHING_PATIENT_ROUNDS) {
        p->vain++;
    }
    p->by_go = false;
    return PUNCH_END_FAILED;
}

struct mono punching_deadline(const struct punching *p)
{
    if (!punching_is_firing(p)) {
        return p->wait_until;
    }
    return mono_min(p->wait_until,
                    mono_min(punch_round_deadline(&p->round), punch_round_end(&p->round)));
}
