/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A request makes a conversation, like a packet. */
#include "client/core/pings.h"

#include "client/core/core_internal.h"
#include "client/peer/life.h"
#include "client/peer/pinging.h"

void pings_expire(struct host_core *core, struct host_io *io, struct mono now)
{
    for (size_t i = 0; i < PING_REQUESTS_MAX; i++) {
        struct ping_request *request = &core->conversations.pings.list[i];
        struct conversation *a = ping_request_waits(request, now)
                                     ? life_of(request->peer, &core->conversations, now)
                                     : NULL;

        if (a != NULL && life_ready(a, io, now)) {
            a->used_at = now;
            conversation_touch(a, now);
            request->transaction = pinging_send(a, path_table_present(&a->paths), 0, io, now);
            request->sent_at = request->transaction != 0 ? now : MONO_NEVER;
        }
    }
}
