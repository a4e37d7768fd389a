/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both requests, with what each kind of host may ask for. */
#include "relayd/service/block.h"

void block_on_block(struct relay_base *base, const struct relay_client *client,
                    const Ziglan__Control *message)
{
    bool member = client->state == RELAY_CLIENT_STATE_MEMBER;
    enum verdict verdict = VERDICT_NOT_MEMBER;
    int rc;

    if (member || base->cfg.open_relay) {
        rc = block_table_put(base->blocks, client->key, message->block->key.data,
                             member ? BLOCK_TABLE_PER_MEMBER_MAX : BLOCK_TABLE_PER_STRANGER_MAX,
                             member ? BLOCK_TABLE_MAX : BLOCK_TABLE_MAX / 2);
        base->counters.blocks_limit += rc == ERR_LIMIT ? 1 : 0;
        verdict = rc == ERR_OK ? VERDICT_OK : rc == ERR_LIMIT ? VERDICT_LIMIT : VERDICT_UNAVAILABLE;
    }
    if (verdict == VERDICT_LIMIT) {
        reply_refuse(
            &base->reply, client, message->request_id, verdict,
            "this relay drops no more keys for this host, which refuses the others itself; "
            "unblock some");
        return;
    }
    reply_result(&base->reply, client, message->request_id, verdict);
}

void block_on_unblock(struct forward_relay *relays, const struct relay_client *client,
                      const Ziglan__Control *message, struct mono now)
{
    const uint8_t *key = message->unblock->key.data;
    struct relay_base *base = relays->base;

    block_table_remove(base->blocks, client->key, key);
    forward_relay_unblocked(relays, client->key, key, now);
    reply_result(&base->reply, client, message->request_id, VERDICT_OK);
}
