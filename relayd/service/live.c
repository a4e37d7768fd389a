/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of rounds that is walked from end to end, when something is due. */
#include "relayd/service/live.h"

#include <string.h>

/* After each copy, when the next one follows: so soon that all of them test the same age. */
static const uint32_t gaps_ms[LIVE_COPIES] = {60, 90, 0};

int live_service_init(struct live_service *service, struct relay_base *base)
{
    static const struct bucket_rate rate = {.per_s = 1, .burst = LIVE_BURST * LIVE_COST};

    service->base = base;
    service->due = MONO_NEVER;
    address_cookies_init(&service->cookies, &base->env);
    return bucket_table_new(&service->addresses, 16, LIVE_ADDRESSES_MAX, &rate, &base->env);
}

void live_service_fini(struct live_service *service)
{
    bucket_table_free(service->addresses);
}

static bool is_over(const struct live_round *round, struct mono now)
{
    return !round->used || mono_due(mono_add_ms(round->began_at, LIVE_ROUND_MS), now);
}

/* The round that is not over and has this id, used up or not. */
static struct live_round *round_find(struct live_service *service, const struct dgram *in,
                                     const struct live_request *request, struct mono now)
{
    for (size_t i = 0; i < LIVE_ROUNDS_MAX; i++) {
        struct live_round *round = &service->rounds[i];

        /* The id is a secret between the host and this relay, but counts only from its address. */
        if (memcmp(round->id, request->round, LIVE_ROUND_SIZE) == 0 && !is_over(round, now) &&
            endpoint_same_ip(&round->asker, &in->remote) &&
            endpoint_equal(&round->local, &in->local)) {
            return round;
        }
    }
    return NULL;
}

struct live_round *live_round_of(struct live_service *service, const struct dgram *in,
                                 const struct live_request *request, struct mono now)
{
    struct live_round *round = round_find(service, in, request, now);

    return round != NULL && round->requests < LIVE_REQUESTS_MAX ? round : NULL;
}

/* NULL: too many measure. */
static struct live_round *round_begin(struct live_service *service, const struct dgram *in,
                                      const struct live_request *request, struct mono now)
{
    struct relay_counters *counters = &service->base->counters;
    struct live_round *round = service->rounds;
    uint8_t prefix[16] = {0};

    memcpy(prefix, in->remote.ip, endpoint_is_v4(&in->remote) ? 16 : 7);
    while (round < service->rounds + LIVE_ROUNDS_MAX && !is_over(round, now)) {
        round++;
    }
    /* One that is used up begins no second one of the same id. */
    if (round_find(service, in, request, now) != NULL ||
        !bucket_table_take(service->addresses, prefix, LIVE_COST, now)) {
        counters->live_limited_address++;
        return NULL;
    }
    if (round == service->rounds + LIVE_ROUNDS_MAX) {
        counters->live_limited_all++;
        return NULL;
    }
    memset(round, 0, sizeof(*round));
    round->used = true;
    memcpy(round->id, request->round, LIVE_ROUND_SIZE);
    round->local = in->local;
    round->asker = in->remote;
    round->began_at = now;
    for (size_t i = 0; i < LIVE_SOCKETS_MAX; i++) {
        round->sockets[i].due = MONO_NEVER;
    }
    counters->live_begun++;
    return round;
}

/* Send to it so long after it was last heard. */
static void socket_set(struct live_service *service, struct live_socket *socket, uint32_t delay_ms)
{
    socket->copies = 0;
    socket->due = delay_ms == LIVE_HELD ? MONO_NEVER : mono_add_ms(socket->entered_at, delay_ms);
    service->due = mono_min(service->due, socket->due);
}

static void round_take(struct live_service *service, struct live_round *round,
                       const struct dgram *in, const struct live_request *request, struct mono now)
{
    round->requests++;
    if (request->kind == LIVE_KIND_ENTER || request->kind == LIVE_KIND_QUIET) {
        struct live_socket *socket = &round->sockets[request->index];

        *socket = (struct live_socket){.remote = in->remote, .entered_at = now, .known = true};
        socket_set(service, socket, request->delay_ms);
    }
    for (size_t i = 0; request->kind == LIVE_KIND_SET && i < LIVE_SOCKETS_MAX; i++) {
        if (live_set_has(&request->set, i) && round->sockets[i].known) {
            socket_set(service, &round->sockets[i], request->delay_ms);
        }
    }
}

static struct live_set known_of(const struct live_round *round)
{
    struct live_set known = {{0, 0}};

    for (size_t i = 0; i < LIVE_SOCKETS_MAX; i++) {
        if (round->sockets[i].known) {
            live_set_add(&known, i);
        }
    }
    return known;
}

static void cookie_offer(struct live_service *service, const struct endpoint *asker,
                         struct live_answer *answer, bool wrong, struct mono now)
{
    service->base->counters.live_cookies++;
    service->base->counters.live_wrong_cookie += wrong ? 1 : 0;
    answer->state = LIVE_STATE_COOKIE;
    address_cookie_make(&service->cookies, asker, now, answer->cookie);
}

bool live_on_request(struct live_service *service, const struct dgram *in,
                     const struct live_request *request, struct live_round *round,
                     struct live_answer *answer, struct mono now)
{
    static const uint8_t none[LIVE_COOKIE_SIZE];
    struct endpoint asker = in->remote;

    *answer = (struct live_answer){.state = LIVE_STATE_BUSY};
    asker.port = 0; /* whoever receives at an address may have any port of it sent to */
    if (round == NULL && !address_cookie_ok(&service->cookies, &asker, now, request->cookie)) {
        cookie_offer(service, &asker, answer, memcmp(request->cookie, none, sizeof(none)) != 0,
                     now);
    } else {
        round = round != NULL ? round : round_begin(service, in, request, now);
        if (round != NULL) {
            round_take(service, round, in, request, now);
            answer->state = LIVE_STATE_OPEN;
            answer->known = known_of(round);
        }
    }
    /* QUIET is for mappings through which nothing has come in. */
    return request->kind != LIVE_KIND_QUIET;
}

static void socket_transmit(const struct live_round *round, struct live_socket *socket,
                            struct outbox *out, struct mono now)
{
    uint8_t packet[STUN_REQUEST_SIZE];

    stun_indication(packet, round->id);
    outbox_put(out, &round->local, &socket->remote, packet, sizeof(packet));
    socket->due =
        socket->copies + 1 < LIVE_COPIES ? mono_add_ms(now, gaps_ms[socket->copies]) : MONO_NEVER;
    socket->copies++;
}

void live_transmit(struct live_service *service, struct outbox *out, struct mono now)
{
    if (!mono_due(service->due, now)) {
        return;
    }
    service->due = MONO_NEVER;
    for (size_t i = 0; i < LIVE_ROUNDS_MAX; i++) {
        struct live_round *round = &service->rounds[i];

        for (size_t k = 0; !is_over(round, now) && k < LIVE_SOCKETS_MAX; k++) {
            struct live_socket *socket = &round->sockets[k];

            if (mono_due(socket->due, now)) {
                socket_transmit(round, socket, out, now);
            }
            service->due = mono_min(service->due, socket->due);
        }
    }
}

struct mono live_deadline(const struct live_service *service)
{
    return service->due;
}
