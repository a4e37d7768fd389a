/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is on its way is remembered, so that an answer counts only for what went there. */
#include "client/libstun2/punch_send.h"

static const struct endpoint any;

bool punch_send(struct punch_table *table, struct app_punch *punch, const struct endpoint *to,
                uint8_t hops, struct mono now)
{
    struct punch_probe m = {.side = punch->terms.side, .punch_id = punch->terms.id};
    struct punch_sent *sent = &punch->memory.sent[punch->memory.sent_next];
    uint8_t frame[PUNCH_PROBE_SIZE];

    if (!endpoint_equal(to, &punch->proven.remote) &&
        !allowance_take(&punch->allowance, NULL, now)) {
        return false;
    }
    do {
        env_random(table->base->env, &m.transaction, sizeof(m.transaction));
    } while (m.transaction == 0);
    punch->memory.sent_next = (punch->memory.sent_next + 1) % PUNCH_SENT_MAX;
    *sent = (struct punch_sent){.transaction = m.transaction, .to = *to};
    punch_probe_encode(&m, punch->terms.probe_key, frame);
    outbox_put_hops(&table->base->box, &any, to, frame, sizeof(frame), hops);
    return true;
}

void punch_send_answer(struct punch_table *table, const struct app_punch *punch,
                       uint64_t transaction, const struct dgram *in)
{
    const struct punch_probe answer = {.side = punch->terms.side,
                                       .answer = true,
                                       .punch_id = punch->terms.id,
                                       .transaction = transaction,
                                       .observed = in->remote};
    uint8_t frame[PUNCH_PROBE_SIZE];

    punch_probe_encode(&answer, punch->terms.probe_key, frame);
    outbox_put(&table->base->box, &in->local, &in->remote, frame, sizeof(frame));
}
