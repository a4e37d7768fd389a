/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages about punches to relays, candidates to the peer, and rounds of pings that fire. */
#include "client/peer/introduction.h"

#include "client/peer/guesswork.h"
#include "client/peer/pinging.h"
#include "client/peer/send.h"
#include "proto/wire/control.h"
#include "proto/wire/frame.h"

#include <string.h>

enum { TOLD_AGAIN_BURST = 3 /* with it the peer is told once more; the first word may be lost */ };

/* ---- messages to a relay ---- */

static struct relay_session *any_relay(const struct conversation *a)
{
    const struct path *path = path_table_relayed(&a->paths);

    return path == NULL ? NULL : path->relay;
}

/* The relay that can introduce us now; NULL: none. */
static struct relay_session *relay_now(const struct conversation *a, struct mono now)
{
    struct relay_session *relay = any_relay(a);

    return relay != NULL && relay->serves && !relay_session_is_settling(relay, now) ? relay : NULL;
}

struct mono introduction_ask_at(const struct conversation *a)
{
    const struct relay_session *relay = any_relay(a);

    if (relay == NULL || !relay->serves) {
        return MONO_NEVER; /* a relay that opens wakes us (core/events) */
    }
    return relay->moved_at.ns == MONO_NEVER.ns ||
                   mono_before(relay_session_settled_at(relay), a->punching.retry.at)
               ? a->punching.retry.at
               : relay_session_settled_at(relay);
}

static bool send_request(struct conversation *a, struct mono now)
{
    Ziglan__PunchRequest request = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct relay_session *relay = relay_now(a, now);
    uint8_t token[PUNCH_TOKEN_SIZE];

    if (relay == NULL) {
        return false;
    }
    env_random(a->shared->env, token, sizeof(token));
    request.target = control_bytes(a->peer->key, KEY_SIZE);
    request.token = control_bytes(token, sizeof(token));
    request.has_session = true;
    request.nat_kind = a->shared->nat_kind;
    message.request_id = INTRODUCTION_REQUEST_FLAG | a->peer->id;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_REQUEST;
    message.punch_request = &request;
    return relay_session_send(relay, &message);
}

/* nat_kind: of this host, for who is accepted; else 0. */
static bool send_answer(const struct env *env, struct relay_session *relay, uint64_t punch_id,
                        bool accept, uint8_t nat_kind)
{
    Ziglan__PunchAnswer answer = ZIGLAN__PUNCH_ANSWER__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t token[PUNCH_TOKEN_SIZE];

    answer.accept = accept;
    answer.nat_kind = nat_kind;
    answer.punch_id = punch_id;
    env_random(env, token, sizeof(token));
    answer.token = control_bytes(token, sizeof(token));
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_ANSWER;
    message.punch_answer = &answer;
    return relay_session_send(relay, &message);
}

void introduction_tell_result(struct conversation *a, bool direct)
{
    Ziglan__PunchResult result = ZIGLAN__PUNCH_RESULT__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct relay_session *relay = any_relay(a);

    if (a->punching.id == 0 || relay == NULL) {
        return;
    }
    result.punch_id = a->punching.id;
    result.direct = direct;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RESULT;
    message.punch_result = &result;
    (void)relay_session_send(relay, &message);
}

void introduction_stir(struct conversation *a)
{
    Ziglan__Ping ping = ZIGLAN__PING__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct relay_session *relay = any_relay(a);

    if (relay == NULL) {
        return;
    }
    message.body_case = ZIGLAN__CONTROL__BODY_PING;
    message.ping = &ping;
    (void)relay_session_send(relay, &message);
}

/* ---- candidates and rounds ---- */

void introduction_tell_candidates(struct conversation *a, struct host_io *io, struct mono now)
{
    struct intunnel_candidates own;
    uint8_t plain[PLAIN_HEADER_SIZE + INTUNNEL_SIZE_MAX] = {PLAIN_PROTOCOL_CONTROL};

    own_addresses_candidates(a->shared->underlay, &own);
    size_t size = intunnel_candidates_encode(&own, plain + PLAIN_HEADER_SIZE);
    send_plain(a, plain, PLAIN_HEADER_SIZE + size, io, now);
    a->candidates.told = own.sequence;
}

/* Where the relay in use sees us. */
static void learn_own(struct conversation *a)
{
    const struct relay_session *relay = any_relay(a);

    a->punching.own = relay == NULL ? (struct endpoint){0} : relay->observed;
}

static void fire(struct conversation *a, struct mono at)
{
    learn_own(a);
    if (punching_fire(&a->punching, &a->candidates, a->shared->underlay, PINGING_SIZE_MIN, at)) {
        conversation_wake(a, at);
    }
}

void introduction_fire_moved(struct conversation *a, struct mono at)
{
    punching_on_moved(&a->punching);
    fire(a, at);
}

/* A ping left for where the relay observes the peer. */
static void tell_opened(struct conversation *a, struct host_io *io, struct mono now)
{
    uint8_t plain[PLAIN_HEADER_SIZE + INTUNNEL_OPENED_SIZE] = {PLAIN_PROTOCOL_CONTROL};

    intunnel_opened_encode(plain + PLAIN_HEADER_SIZE, &a->punching.observed);
    send_plain(a, plain, sizeof(plain), io, now);
}

/* Since the way to the relay changed it has not said where it sees us, and may yet do so. */
static bool is_moving(const struct relay_session *relay, struct mono now)
{
    return relay->moved_at.ns != MONO_NEVER.ns &&
           mono_before(now, mono_add_ms(relay->moved_at, PUNCHING_MOVED_MS));
}

/* Whether one of the peer's relays may have told it this address of ours. */
static bool is_seen_at(const struct conversation *a, const struct endpoint *here, struct mono now)
{
    for (size_t i = 0; i < a->paths.count; i++) {
        const struct path *path = a->paths.list[i];

        if (path->kind == PATH_KIND_RELAY && endpoint_equal(&path->relay->observed, here) &&
            !is_moving(path->relay, now)) {
            return true;
        }
    }
    return false;
}

static void on_opened(struct conversation *a, const struct endpoint *here, struct mono now)
{
    /* Else it is where we were, and a relay tells the peer soon; or it comes late. */
    if (is_seen_at(a, here, now) && path_table_direct(&a->paths) == NULL) {
        punching_on_opened(&a->punching, now);
        conversation_wake(a, now);
    }
}

static void on_candidates(struct conversation *a, const struct intunnel_candidates *list,
                          struct mono now)
{
    /* Addresses on a LAN or without NAT need no relay's help. A round that runs already goes on;
     * its end looks at the list again. */
    if (candidates_learn(&a->candidates, list) && path_table_direct(&a->paths) == NULL &&
        !punching_is_firing(&a->punching)) {
        fire(a, now);
    }
}

void introduction_on_control(struct conversation *a, const uint8_t *body, size_t size,
                             struct host_io *io, struct mono now)
{
    struct intunnel_candidates list;
    struct intunnel_aim aim;
    struct endpoint here;

    if (intunnel_opened_decode(&here, body, size) == ERR_OK) {
        on_opened(a, &here, now);
    } else if (intunnel_aim_decode(&aim, body, size) == ERR_OK) {
        guesswork_on_aim(a, &aim, io, now);
    } else if (intunnel_candidates_decode(&list, body, size) == ERR_OK) {
        on_candidates(a, &list, now);
    } else {
        a->shared->dataplane->counters.plaintext_dropped++;
    }
}

/* ---- punches ---- */

void introduction_on_request(const struct env *env, struct relay_session *relay, struct peer *peer,
                             uint64_t punch_id, struct mono now)
{
    struct conversation *a = peer == NULL ? NULL : peer->conversation;
    /* Only who may talk to us, and does so already, learns where we are. The request may overtake
     * the first frame of a session that we answered just now. */
    bool accept = a != NULL && (a->sessions.current != NULL || a->sessions.next != NULL);

    if (send_answer(env, relay, punch_id, accept, accept ? a->shared->nat_kind : 0) && accept) {
        a->candidates.told = 0;
        punching_asked(&a->punching, now);
        conversation_wake(a, now);
    }
}

static void ask(struct conversation *a, struct mono now)
{
    if (send_request(a, now)) {
        a->candidates.told = 0; /* once more, should the first telling have been lost */
        punching_asked(&a->punching, now);
    }
}

/* The conversation that a relay's message about a punch concerns, and where it sees the peer. */
static struct conversation *punch_of(struct peer *peer, const Ziglan__PunchMessage *message,
                                     struct endpoint *observed)
{
    struct conversation *a = peer == NULL ? NULL : peer->conversation;

    if (a == NULL || a->sessions.current == NULL || message == NULL || message->port == 0 ||
        message->port > UINT16_MAX) {
        return NULL;
    }
    *observed = endpoint_of_bytes(message->ip.data, message->ip.len, (uint16_t)message->port);
    return endpoint_is_none(observed) ? NULL : a;
}

static bool has_smaller_key(const struct conversation *a)
{
    return memcmp(a->shared->local->identity->public_key, a->peer->key, KEY_SIZE) < 0;
}

void introduction_on_go(struct peer *peer, const Ziglan__PunchGo *go, struct mono now)
{
    struct endpoint observed;
    struct conversation *a = punch_of(peer, go->message, &observed);
    uint64_t fire_ns = (uint64_t)go->fire_in_us * NS_PER_US;

    if (a == NULL || fire_ns > PUNCHING_WAIT_MS * NS_PER_MS) {
        return;
    }
    punching_on_go(&a->punching, go->punch_id, &observed);
    a->peer_nat_kind = (uint8_t)go->message->nat_kind; /* at most 255, by the rules of Control */
    if (path_table_direct(&a->paths) == NULL) {
        punch_retry_started(&a->punching.retry);
        guesswork_on_round(a, mono_add_ns(now, fire_ns));
        learn_own(a);
        fire(a, guesswork_pending(a) ? mono_add_ns(now, fire_ns)
                                     : punching_take_turn(&a->punching, has_smaller_key(a),
                                                          mono_add_ns(now, fire_ns)));
    }
}

void introduction_on_update(struct peer *peer, const Ziglan__PunchUpdate *update, struct mono now)
{
    struct endpoint observed;
    struct conversation *a = punch_of(peer, update->message, &observed);

    if (a == NULL) {
        return;
    }
    const struct path *direct = path_table_direct(&a->paths);
    punching_on_observed(&a->punching, &observed);
    if (direct == NULL || direct->observed) {
        fire(a, now);
    }
}

void introduction_on_refused(struct conversation *a, const char *text, struct mono now)
{
    if (punching_on_refused(&a->punching, now)) {
        conversation_why(a, WHY_REFUSED, text);
        conversation_wake(a, now);
    }
}

/* ---- timers ---- */

/* Why a punch failed. Where the two have no family in common, or small packets pass, no NAT is to
 * blame. */
static enum why_code why_failed(const struct conversation *a)
{
    if (a->paths.small_only) {
        return WHY_SMALL_ONLY;
    }
    switch (punching_families(&a->punching, &a->candidates, a->shared->underlay)) {
    case PUNCH_FAMILIES_IPV4_HERE:
        return WHY_IPV4_HERE;
    case PUNCH_FAMILIES_IPV6_HERE:
        return WHY_IPV6_HERE;
    case PUNCH_FAMILIES_COMMON:
        break;
    }
    return punching_is_one_site(&a->punching) ? WHY_ONE_SITE : guesswork_why(a);
}

static void expire_round(struct conversation *a, struct host_io *io, struct mono now)
{
    static const struct endpoint any = {0};
    struct endpoint to;

    while (punching_next(&a->punching, &to, now)) {
        const struct punch_round *round = &a->punching.round;
        bool observed = endpoint_equal(&to, &a->punching.observed);
        struct path *path =
            path_table_add(&a->paths, &any, &to, observed, a->shared->frame_size_full, now);

        pinging_send_hops(a, path, 0, round->hops, io, now);
        if (observed && !round->receipt &&
            (round->burst == 0 || round->burst == TOLD_AGAIN_BURST)) {
            tell_opened(a, io, now);
        }
    }
    switch (
        punching_expire(&a->punching, path_table_direct(&a->paths) != NULL, &a->candidates, now)) {
    case PUNCH_END_NONE:
        break;
    case PUNCH_END_AGAIN:
        fire(a, now);
        break;
    case PUNCH_END_FAILED:
        a->guess.round_failed = true;
        break;
    }
}

/* The round led nowhere, and so did the guess that followed. */
static void end_attempt(struct conversation *a)
{
    a->guess.round_failed = false;
    if (path_table_direct(&a->paths) == NULL) {
        introduction_tell_result(a, false);
        conversation_why(a, why_failed(a), NULL);
        a->why.nat_here = a->shared->nat_kind;
        a->why.nat_there = a->peer_nat_kind;
        a->paths.small_only = false;
    }
}

void introduction_expire(struct conversation *a, bool active, struct host_io *io, struct mono now)
{
    punching_expire_wait(&a->punching, now);
    if (active && path_table_direct(&a->paths) == NULL && !a->guess.running &&
        punching_ask_due(&a->punching, now)) {
        ask(a, now);
    }
    if (active && a->candidates.told != a->shared->underlay->sequence) {
        introduction_tell_candidates(a, io, now);
    }
    expire_round(a, io, now);
    guesswork_expire(a, io, now);
    if (a->guess.round_failed && !guesswork_pending(a)) {
        end_attempt(a);
    }
}
