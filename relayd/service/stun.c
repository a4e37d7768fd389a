/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers to STUN requests, and the queue in which they wait. */
#include "relayd/service/stun.h"

#include "proto/wire/stun.h"

int stun_service_init(struct stun_service *service, struct relay_base *base,
                      struct lend_service *lend)
{
    service->base = base;
    service->lend = lend;
    return outbox_init(&service->out, (size_t)STUN_QUEUE_MAX * STUN_LEND_ANSWER_SIZE_MAX,
                       STUN_QUEUE_MAX);
}

void stun_service_fini(struct stun_service *service)
{
    outbox_fini(&service->out);
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
    if (!limits_stun_take(&service->base->limits, &in->remote, now)) {
        return;
    }
    if (request.lend_at != 0) {
        if (lend_on_request(service->lend, in, &request, answer, &size, now) == ERR_OK) {
            outbox_put(&service->out, &in->local, &in->remote, answer, size);
        }
        return;
    }
    if (stun_answer(answer, &size, &request, &in->remote, &in->local, NULL) != ERR_OK) {
        counters->stun_unanswered++; /* another method than Binding, or the change of RFC 3489 */
        return;
    }
    /* A full queue loses the answer. The client asks again, as it must with UDP anyway. */
    outbox_put(&service->out, &in->local, &in->remote, answer, size);
    if (request.unknown_count > 0 || request.change_ip || request.change_port) {
        counters->stun_error_answered++;
    } else {
        counters->stun_answered++;
    }
}

void stun_service_transmit(struct stun_service *service, struct outbox *out)
{
    for (size_t i = 0; i < service->out.items_count; i++) {
        const struct outbox_item *item = &service->out.items[i];
        outbox_put(out, &item->local, &item->remote, service->out.bytes + item->offset, item->size);
    }
    outbox_clear(&service->out);
}

bool stun_service_waits(const struct stun_service *service)
{
    return service->out.items_count > 0;
}
