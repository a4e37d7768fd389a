/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each block is one of its peer, if the key is one, and is told to the relays. */
#include "client/core/blocking.h"

#include "client/core/core_internal.h"
#include "client/core/telling.h"
#include "client/peer/life.h"
#include "proto/crypto/key_form.h"

#include <stdio.h>
#include <string.h>

static int refuse(char *error, size_t size, int rc, const char *text)
{
    (void)snprintf(error, size, "%s", text);
    return rc;
}

/* The key that the text is, or that has this name here. */
static bool key_of_text(const struct host_core *core, const char *text, uint8_t key[KEY_SIZE])
{
    struct host_name_record record;
    const struct peer *peer;

    if (key_parse(key, text, strlen(text)) == ERR_OK) {
        return true;
    }
    peer = names_find(&core->names, text, &record)
               ? peer_of_address(&core->peers, record.v6, sizeof(record.v6))
               : NULL;
    if (peer != NULL) {
        memcpy(key, peer->key, KEY_SIZE);
    }
    return peer != NULL;
}

int blocking_add(struct host_core *core, const char *text, uint8_t key[KEY_SIZE], char *error,
                 size_t error_size, struct mono now)
{
    if (!key_of_text(core, text, key)) {
        return refuse(error, error_size, ERR_DROP,
                      "no peer has this name; say a name or a key, see ziglan peers");
    }
    if (memcmp(key, core->local.identity->public_key, KEY_SIZE) == 0) {
        return refuse(error, error_size, ERR_DROP, "this is the key of this host itself");
    }
    int rc = blocks_add(&core->blocks, key);
    if (rc == ERR_LIMIT) {
        return refuse(error, error_size, rc, "256 keys are blocked; unblock one first");
    }
    if (rc != ERR_OK) {
        return refuse(error, error_size, rc, "this could not be stored; is the disk full?");
    }
    struct peer *peer = peer_find(&core->peers, key);
    if (peer != NULL) {
        peer->blocked = true;
        ping_request_forget(&core->conversations.pings, peer);
        life_end(peer->conversation);
    }
    telling_on_block(core, key, true, now);
    return ERR_OK;
}

int blocking_remove(struct host_core *core, const char *text, uint8_t key[KEY_SIZE], char *error,
                    size_t error_size, struct mono now)
{
    int rc = key_of_text(core, text, key) ? blocks_remove(&core->blocks, key) : ERR_DROP;

    if (rc == ERR_DROP) {
        return refuse(error, error_size, rc, "no peer that is blocked has this name or key");
    }
    if (rc != ERR_OK) {
        return refuse(error, error_size, rc, "this could not be stored; is the disk full?");
    }
    struct peer *peer = peer_find(&core->peers, key);
    if (peer != NULL) {
        peer->blocked = false;
    }
    telling_on_block(core, key, false, now);
    return ERR_OK;
}
