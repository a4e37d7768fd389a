/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One sequence for all relays of a host. */
#include "client/stun2/attachments.h"

#define SEQUENCE_MARK "attachment"

int attachments_init(struct attachments *attachments, const struct identity *identity,
                     struct store *store, const struct env *env)
{
    *attachments = (struct attachments){.identity = identity, .store = store, .env = env};
    return growing_load(&attachments->sequences, store, SEQUENCE_MARK);
}

size_t attachments_make(struct attachments *attachments, const uint8_t relay_key[KEY_SIZE],
                        uint8_t out[ATTACHMENT_SIZE])
{
    uint64_t wall_ms = env_wall_ms(attachments->env);
    uint64_t sequence;

    if (growing_next(&attachments->sequences, attachments->store, SEQUENCE_MARK, wall_ms,
                     &sequence) != ERR_OK) {
        env_trace(attachments->env, TRACE_LEVEL_ERROR, "attachment.store",
                  "the number of an attachment could not be stored; free some disk space");
    }
    return attachment_sign(out, attachments->identity, relay_key, sequence, wall_ms) == ERR_OK
               ? ATTACHMENT_SIZE
               : 0;
}
