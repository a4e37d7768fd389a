/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers to STUN requests, and the queue in which they wait. */
#include "relayd/service/stun.h"

#include "proto/wire/stun.h"

int stun_service_init(struct stun_service *service, struct relay_base *base,
                      struct lend_service *lend, struct other_address *other)
{
    service->base = base;
    service->lend = lend;
    service->other = other;
    int rc = live_service_init(&service->live, base);

    if (rc == ERR_OK && base->cfg.workers > 0) {
        rc = stun_board_new(&service->board, base->limits.stun);
    }
    return rc != ERR_OK
               ? rc
               : outbox_init(&service->out, (size_t)STUN_QUEUE_MAX * STUN_LEND_ANSWER_SIZE_MAX,
                             STUN_QUEUE_MAX);
}

void stun_service_fini(struct stun_service *service)
{
    live_service_fini(&service->live);
    stun_board_free(service->board);
    outbox_fini(&service->out);
}

/* A client of RFC 3489 takes what it gets for an answer to something else, so it is told of one
 * address only (stun_answer). */
static bool other_find(const struct stun_service *service, const struct dgram *in,
                       const struct stun_message *request, struct endpoint *out)
{
    return !request->classic && other_address_find(service->other, &in->local, out);
}

/* Whether the answer names the other address; that neighbour then knows whom it was told. */
static bool is_named(const struct stun_service *service, const struct dgram *in,
                     const struct stun_message *request, struct mono now)
{
    if (other_address_is_told(service->other, &in->remote, now)) {
        return false;
    }
    if (!request->fingerprint) { /* hosts of ours have one, and do not ask for this */
        other_address_told(service->other, &in->local, &in->remote, now);
    }
    return true;
}

/* From the port that the request came to, or wants, or by the neighbour that lends its address. */
static void answer_plainly(struct stun_service *service, const struct dgram *in,
                           const struct stun_message *request, struct mono now)
{
    const uint8_t *id = request->transaction + STUN_TRANSACTION_SIZE - STUN_ID_SIZE;
    bool changes = request->change_ip || request->change_port;
    struct relay_counters *counters = &service->base->counters;
    struct endpoint local = in->local, other;
    bool has_other = other_find(service, in, request, &other);
    bool refused = request->unknown_count > 0 || (changes && !has_other);
    uint8_t answer[STUN_ANSWER_SIZE_MAX];
    size_t size = 0;

    if (has_other && !changes) {
        has_other = is_named(service, in, request, now);
    }
    local.port = request->change_port && !refused ? other.port : local.port;
    if (stun_answer(answer, &size, request, &in->remote, &local, has_other ? &other : NULL) !=
        ERR_OK) {
        counters->stun_unanswered++; /* another method than Binding, or the change of RFC 3489 */
        return;
    }
    if (request->change_ip && !refused) {
        other_address_answer(service->other, &in->local, &in->remote, id, request->change_port,
                             now);
        return;
    }
    /* A full queue loses the answer. The client asks again, as it must with UDP anyway. */
    outbox_put(&service->out, &local, &in->remote, answer, size);
    counters->stun_error_answered += refused ? 1 : 0;
    counters->stun_answered += refused ? 0 : 1;
}

/* Requests of a round that has begun have a limit of their own. */
static void live_take(struct stun_service *service, const struct dgram *in,
                      const struct stun_message *message, struct mono now)
{
    uint8_t packet[STUN_LEND_ANSWER_SIZE_MAX], value[LIVE_ANSWER_SIZE];
    struct live_request request;
    struct live_answer answer;
    size_t size = 0;

    if (message->method != STUN_METHOD_BINDING ||
        live_request_decode(&request, in->data + message->live_at, message->live_size) != ERR_OK) {
        service->base->counters.live_malformed++;
        return;
    }
    struct live_round *round = live_round_of(&service->live, in, &request, now);

    if (round == NULL && !limits_stun_take(&service->base->limits, &in->remote, now)) {
        return;
    }
    if (!live_on_request(&service->live, in, &request, round, &answer, now)) {
        return;
    }
    live_answer_encode(value, &answer);
    if (stun_live_answer(packet, &size, message, &in->remote, &in->local, value, sizeof(value)) ==
        ERR_OK) {
        outbox_put(&service->out, &in->local, &in->remote, packet, size);
    }
}

void stun_service_receive(struct stun_service *service, const struct dgram *in, struct mono now)
{
    struct relay_counters *counters = &service->base->counters;
    struct stun_message request;
    uint8_t answer[STUN_LEND_ANSWER_SIZE_MAX];
    size_t size = 0;

    if (stun_parse(&request, in->data, in->size) != ERR_OK || request.class != STUN_CLASS_REQUEST) {
        counters->stun_malformed++;
        return;
    }
    if (request.live_at != 0) {
        live_take(service, in, &request, now);
        return;
    }
    if (!limits_stun_take(&service->base->limits, &in->remote, now)) {
        return;
    }
    if (request.lend_at != 0) {
        if (lend_on_request(service->lend, in, &request, answer, &size, now) == ERR_OK) {
            outbox_put(&service->out, &in->local, &in->remote, answer, size);
        }
        return;
    }
    answer_plainly(service, in, &request, now);
}

void stun_service_transmit(struct stun_service *service, struct outbox *out, struct mono now)
{
    outbox_move(&service->out, out);
    if (service->board != NULL) {
        struct stun_others others;
        struct mono until = other_address_all(service->other, &others, now);

        stun_board_tell(service->board, &others, until);
    }
}

bool stun_service_waits(const struct stun_service *service)
{
    return service->out.items_count > 0;
}
