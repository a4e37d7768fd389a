/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goodbyes, said and heard. */
#include "client/peer/farewell.h"

#include "client/peer/life.h"
#include "client/peer/presence.h"
#include "client/peer/send.h"
#include "proto/wire/intunnel.h"

void farewell_send(struct conversation *a, struct host_io *io, struct mono now)
{
    uint8_t plain[PLAIN_HEADER_SIZE + INTUNNEL_GOODBYE_SIZE] = {PLAIN_PROTOCOL_CONTROL};
    bool direct = path_is_direct(path_table_present(&a->paths));

    if (a->sessions.current == NULL) {
        return;
    }
    intunnel_goodbye_encode(plain + PLAIN_HEADER_SIZE);
    for (int i = 0; i < (direct ? FAREWELL_COPIES : 1); i++) {
        send_plain(a, plain, sizeof(plain), io, now);
    }
}

bool farewell_is(const uint8_t *plain, size_t size)
{
    return size >= PLAIN_HEADER_SIZE && plain[0] == PLAIN_PROTOCOL_CONTROL &&
           intunnel_goodbye_decode(plain + PLAIN_HEADER_SIZE, size - PLAIN_HEADER_SIZE) == ERR_OK;
}

void farewell_receive(struct conversation *a, const struct noise_session *session, struct mono now)
{
    const struct noise_session *current = a->sessions.current;
    char peer[KEY_SHORT_SIZE];

    if (current != NULL && mono_ms_between(session->made_at, current->made_at) > FAREWELL_TWIN_MS) {
        return;
    }
    a->peer->gone_at = now;
    presence_set_away(a->peer, now);
    env_trace(a->shared->env, TRACE_LEVEL_INFO, "peer.offline", "peer=%s reason=goodbye",
              key_short(a->peer->key, peer));
    life_end(a);
}
