/* SPDX-License-Identifier: GPL-3.0-or-later */
/* STUN (RFC 8489) on the relay's port: answers from constant memory, limited per address. */
#include "proto/wire/stun.h"

#include "relayd/core/core_internal.h"

void stun_on_datagram(struct relay_core *core, const struct dgram *in, struct mono now)
{
    struct stun_message request;
    uint8_t answer[STUN_ANSWER_SIZE_MAX];
    size_t size = 0;

    if (stun_parse(&request, in->data, in->size) != ERR_OK || request.class != STUN_CLASS_REQUEST) {
        core->counters.stun_malformed++;
        return;
    }
    if (!limits_stun_take(core, &in->remote, now)) {
        return;
    }
    if (stun_answer(answer, &size, &request, &in->remote, &in->local, NULL) != ERR_OK) {
        core->counters.stun_malformed++;
        return;
    }
    /* A full queue loses the answer; the client asks again, as it must with UDP anyway. */
    outbox_put(&core->stun_out, &in->local, &in->remote, answer, size);
    if (request.unknown_count > 0 || request.change_ip || request.change_port) {
        core->counters.stun_error_answered++;
    } else {
        core->counters.stun_answered++;
    }
}
