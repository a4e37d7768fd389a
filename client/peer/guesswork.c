/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Begins guesses, and carries their packets and words between guess.h and the conversation. */
#include "client/peer/guesswork.h"

#include "client/netcheck/nat_facts.h"
#include "client/peer/pinging.h"
#include "client/peer/send.h"
#include "proto/crypto/key_form.h"
#include "proto/wire/frame.h"
#include "proto/wire/stun.h"

#include <string.h>

/* ---- who guesses ---- */

/* UNWILLING: who has this kind of NAT is reached without a guess, or by none. A host that could not
 * tell its kind is seen at one address, or finds out that it is not when it asks two relays. */
static enum intunnel_part part_of(uint8_t nat_kind)
{
    switch (nat_kind) {
    case NAT_NAME_UNKNOWN:
    case NAT_NAME_PUBLIC_FW:
    case NAT_NAME_P_RC:
        return INTUNNEL_PART_FIXED;
    case NAT_NAME_SYM_STEP:
        return INTUNNEL_PART_STEPS;
    case NAT_NAME_SYM:
    case NAT_NAME_SYM_RANGE:
        return INTUNNEL_PART_RANDOM;
    default:
        return INTUNNEL_PART_UNWILLING;
    }
}

/* What this host and the peer do. False if nothing is to be guessed, or nothing can be. */
static bool parts_of_kinds(uint8_t nat_here, uint8_t nat_there, enum intunnel_part *here,
                           enum intunnel_part *there)
{
    *here = part_of(nat_here);
    *there = part_of(nat_there);
    if (*here == INTUNNEL_PART_UNWILLING || *there == INTUNNEL_PART_UNWILLING) {
        return false;
    }
    if (*here == *there) {
        return *here == INTUNNEL_PART_STEPS;
    }
    return *here == INTUNNEL_PART_FIXED || *there == INTUNNEL_PART_FIXED;
}

static bool is_willing(const struct guesswork *work)
{
    return !work->off && !work->forbidden;
}

void guess_plan_init(struct guess_plan *plan)
{
    *plan = (struct guess_plan){.at = MONO_NEVER};
}

static bool parts_of(const struct conversation *a, enum intunnel_part *here,
                     enum intunnel_part *there)
{
    return parts_of_kinds(a->shared->nat_kind, a->peer_nat_kind, here, there) &&
           (*here != INTUNNEL_PART_STEPS || a->shared->guesswork.ports.step > 0);
}

void guesswork_on_round(struct conversation *a, struct mono at)
{
    enum intunnel_part here, there;
    bool willing = is_willing(&a->shared->guesswork);
    struct mono begin = mono_add_ms(at, willing ? GUESSWORK_WAIT_MS : GUESSWORK_NO_MS);

    if (!a->guess.running && parts_of(a, &here, &there)) {
        a->guess.at = mono_before(begin, a->guess.again_at) ? a->guess.again_at : begin;
        conversation_wake(a, a->guess.at);
    }
}

bool guesswork_pending(const struct conversation *a)
{
    return a->guess.running || a->guess.at.ns != MONO_NEVER.ns;
}

/* Both give each destination another port, and nobody can guess the ports of both. */
static bool is_hopeless(uint8_t nat_here, uint8_t nat_there)
{
    enum intunnel_part here, there;
    bool possible = parts_of_kinds(nat_here, nat_there, &here, &there);

    return !possible && (here == INTUNNEL_PART_STEPS || here == INTUNNEL_PART_RANDOM) &&
           (there == INTUNNEL_PART_STEPS || there == INTUNNEL_PART_RANDOM);
}

enum why_code guesswork_why(const struct conversation *a)
{
    const struct guesswork *work = &a->shared->guesswork;
    uint8_t nat_here = a->shared->nat_kind, nat_there = a->peer_nat_kind;
    enum intunnel_part here, there;

    if (nat_here == NAT_NAME_BLOCKED || nat_there == NAT_NAME_BLOCKED) {
        return WHY_UDP_BLOCKED;
    }
    if (is_hopeless(nat_here, nat_there) || a->guess.end == GUESS_END_NOT_FIXED) {
        return WHY_SYM_SYM;
    }
    if (a->guess.end == GUESS_END_UNWILLING) {
        return WHY_GUESS_REFUSED;
    }
    return !is_willing(work) && parts_of(a, &here, &there) &&
                   (nat_here != NAT_NAME_UNKNOWN || nat_there != NAT_NAME_UNKNOWN)
               ? WHY_GUESS_OFF
               : WHY_NO_WAY;
}

/* ---- begin and end ---- */

static bool has_ip(const struct guess_setup *setup, const struct endpoint *address)
{
    for (size_t i = 0; i < setup->relays_count; i++) {
        if (endpoint_same_ip(&setup->relays[i], address)) {
            return true;
        }
    }
    return false;
}

/* Relays of the family by which the peer is seen; of different addresses, where there are. */
static void find_relays(const struct conversation *a, struct guess_setup *setup)
{
    const struct relay_session *relay;

    TAILQ_FOREACH(relay, &a->shared->relays->list, in_set)
    {
        if (relay->open && !relay->stalled && setup->relays_count < GUESS_RELAYS_MAX &&
            endpoint_is_v4(&relay->remote) == endpoint_is_v4(&setup->peer_at) &&
            !has_ip(setup, &relay->remote)) {
            setup->relays[setup->relays_count++] = relay->remote;
        }
    }
}

static bool begin(struct conversation *a, struct mono now)
{
    struct guesswork *work = &a->shared->guesswork;
    struct guess_setup setup = {
        .ports = work->ports, .peer_at = a->punching.observed, .env = a->shared->env};
    char peer[KEY_SHORT_SIZE];

    if (!parts_of(a, &setup.own, &setup.peer) || endpoint_is_none(&setup.peer_at) ||
        a->sessions.current == NULL) {
        return false;
    }
    find_relays(a, &setup);
    if (setup.relays_count == 0) {
        return false;
    }
    setup.first = memcmp(a->shared->local->identity->public_key, a->peer->key, KEY_SIZE) < 0;
    guess_init(&work->guess, &setup, now);
    work->with = a;
    work->begun++;
    a->guess.running = true;
    a->guess.tried = true;
    a->guess.end = GUESS_END_NONE;
    a->guess.at = MONO_NEVER;
    a->guess.again_at = mono_add_ms(now, GUESSWORK_AGAIN_MS);
    env_trace(a->shared->env, TRACE_LEVEL_INFO, "guess.begin", "peer=%s part=%d with=%d",
              key_short(a->peer->key, peer), (int)setup.own, (int)setup.peer);
    conversation_wake(a, now);
    return true;
}

/* Whether the guess, or a path of the conversation that owns it, still needs the socket. */
static bool keeps(const void *owner, uint16_t port)
{
    const struct conversation *a = owner;
    const struct guesswork *work = &a->shared->guesswork;

    if (work->with == a && guess_keeps(&work->guess, port)) {
        return true;
    }
    for (size_t i = 0; i < a->paths.count; i++) {
        if (path_is_direct(a->paths.list[i]) && a->paths.list[i]->local.port == port) {
            return true;
        }
    }
    return false;
}

static void finish(struct conversation *a, struct mono now)
{
    struct guesswork *work = &a->shared->guesswork;
    char peer[KEY_SHORT_SIZE];

    work->with = NULL;
    a->guess.running = false;
    a->guess.end = work->guess.end;
    if (a->guess.end == GUESS_END_WON) {
        work->won++;
    } else if (a->guess.end == GUESS_END_BUSY) {
        a->guess.at = mono_add_ms(now, GUESSWORK_BUSY_MS);
    }
    env_trace(a->shared->env, TRACE_LEVEL_INFO, "guess.end", "peer=%s end=%s pings=%u",
              key_short(a->peer->key, peer), guess_end_word(a->guess.end), work->guess.pings);
}

void guesswork_forget(struct conversation *a)
{
    struct guesswork *work = &a->shared->guesswork;

    if (work->with == a) {
        work->with = NULL;
    }
    spare_sockets_close(&work->sockets, a, NULL);
}

void guesswork_stop(struct conversations *shared, struct mono now)
{
    if (shared->guesswork.with != NULL) {
        guess_stop(&shared->guesswork.guess, GUESS_END_STOPPED);
        conversation_wake(shared->guesswork.with, now);
    }
}

/* ---- words ---- */

static void tell(struct conversation *a, const struct intunnel_aim *aim, struct host_io *io,
                 struct mono now)
{
    uint8_t plain[PLAIN_HEADER_SIZE + INTUNNEL_AIM_SIZE] = {PLAIN_PROTOCOL_CONTROL};

    intunnel_aim_encode(plain + PLAIN_HEADER_SIZE, aim);
    send_plain(a, plain, sizeof(plain), io, now);
}

static void decline(struct conversation *a, enum intunnel_part part, struct host_io *io,
                    struct mono now)
{
    const struct intunnel_aim aim = {.part = part};

    if (a->guess.answered_at.ns == 0 ||
        mono_ms_between(a->guess.answered_at, now) >= GUESSWORK_TELL_MS) {
        a->guess.answered_at = now;
        tell(a, &aim, io, now);
    }
}

/* The peer says no before the guess that is due has begun. */
static void on_early_refusal(struct conversation *a, enum intunnel_part part, struct mono now)
{
    if (part == INTUNNEL_PART_UNWILLING && a->guess.at.ns != MONO_NEVER.ns) {
        a->guess.at = MONO_NEVER;
        a->guess.end = GUESS_END_UNWILLING;
        conversation_wake(a, now);
    }
}

void guesswork_on_aim(struct conversation *a, const struct intunnel_aim *aim, struct host_io *io,
                      struct mono now)
{
    struct guesswork *work = &a->shared->guesswork;
    bool refusal = aim->part == INTUNNEL_PART_UNWILLING || aim->part == INTUNNEL_PART_BUSY;

    if (!refusal && endpoint_equal(&aim->at, &a->punching.own)) {
        work->strangers++; /* before one NAT two hosts have two ports */
        return;
    }
    if (work->with != a) {
        if (refusal) {
            on_early_refusal(a, aim->part, now);
        }
        if (refusal || path_table_direct(&a->paths) != NULL) {
            return;
        }
        if (!is_willing(work) || work->with != NULL) {
            decline(a, is_willing(work) ? INTUNNEL_PART_BUSY : INTUNNEL_PART_UNWILLING, io, now);
            return;
        }
        if (!mono_due(a->guess.again_at, now) || !begin(a, now)) {
            return;
        }
    }
    if (!guess_on_aim(&work->guess, aim, now)) {
        work->strangers++;
    }
    conversation_wake(a, now);
}

void guesswork_on_frame(struct conversation *a, const struct origin *origin, struct mono now)
{
    struct guesswork *work = &a->shared->guesswork;

    if (work->with == a) {
        guess_on_receipt(&work->guess, origin->local.port, &origin->remote, now);
        conversation_wake(a, now);
    }
}

bool guesswork_on_stun(struct conversations *shared, const struct dgram *in, struct mono now)
{
    struct guesswork *work = &shared->guesswork;
    const uint8_t *id;
    struct stun_message message;

    if (work->with == NULL || stun_parse(&message, in->data, in->size) != ERR_OK) {
        return false;
    }
    id = message.transaction + STUN_TRANSACTION_SIZE - STUN_ID_SIZE;
    if (!stun_is_answer(&message, id) ||
        !guess_on_sample(&work->guess, in->local.port, &in->remote, id, &message.mapped, now)) {
        return false;
    }
    conversation_wake(work->with, now);
    return true;
}

/* ---- packets ---- */

static void transmit(struct conversation *a, const struct guess_send *send, struct host_io *io,
                     struct mono now)
{
    const struct endpoint local = {.port = send->socket};
    uint8_t request[STUN_REQUEST_SIZE];

    if (send->sample) {
        stun_request(request, send->id);
        outbox_put(io->net, &local, &send->to, request, sizeof(request));
    } else {
        pinging_send_guessed(a, send->socket, &send->to, send->hops, io, now);
    }
}

static void run(struct conversation *a, struct host_io *io, struct mono now)
{
    struct guess *guess = &a->shared->guesswork.guess;
    struct guess_send send;
    struct intunnel_aim aim;

    guess_expire(guess, now);
    if (guess->state == GUESS_STATE_RUNNING && path_table_direct(&a->paths) != NULL) {
        guess_stop(guess, GUESS_END_STOPPED);
    }
    while (guess_next(guess, &send, now)) {
        transmit(a, &send, io, now);
    }
    if (guess_tell(guess, &aim, now)) {
        tell(a, &aim, io, now);
    }
    if (guess->state == GUESS_STATE_OVER) {
        finish(a, now);
    }
}

static void begin_due(struct conversation *a, struct host_io *io, struct mono now)
{
    struct guesswork *work = &a->shared->guesswork;
    bool wanted = path_table_direct(&a->paths) == NULL;

    a->guess.at = MONO_NEVER;
    if (wanted && !is_willing(work)) {
        decline(a, INTUNNEL_PART_UNWILLING, io, now); /* or the peer would wait for an aim */
    } else if (wanted && work->with != NULL) {
        a->guess.at = mono_add_ms(now, GUESSWORK_BUSY_MS);
    } else if (wanted) {
        (void)begin(a, now);
    }
}

void guesswork_expire(struct conversation *a, struct host_io *io, struct mono now)
{
    struct guesswork *work = &a->shared->guesswork;

    if (mono_due(a->guess.at, now) && !a->guess.running) {
        begin_due(a, io, now);
    }
    if (work->with == a) {
        run(a, io, now);
    }
    if (work->sockets.count > 0) {
        spare_sockets_close(&work->sockets, a, keeps);
    }
}

struct mono guesswork_deadline(const struct conversation *a)
{
    const struct guesswork *work = &a->shared->guesswork;

    return work->with == a ? guess_deadline(&work->guess) : a->guess.at;
}
