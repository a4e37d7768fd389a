/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of tokens. Keys differ, so exactly one of two sides listens. */
#include "rendezvous/punch/punch_side.h"

#include <string.h>

bool punch_side_listens(const struct punch_side *self, const struct punch_side *peer)
{
    int order = memcmp(self->token, peer->token, PUNCH_TOKEN_SIZE);

    if (order == 0) {
        order = memcmp(self->observed.ip, peer->observed.ip, sizeof(self->observed.ip));
    }
    if (order == 0) {
        order = memcmp(self->key, peer->key, KEY_SIZE);
    }
    return order > 0;
}
