/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list that is walked from end to end. */
#include "client/path/spare_sockets.h"

bool spare_sockets_add(struct spare_sockets *sockets, uint16_t port, const void *owner)
{
    if (sockets->count == SPARE_SOCKETS_MAX) {
        return false;
    }
    sockets->list[sockets->count++] = (struct spare_socket){.port = port, .owner = owner};
    return true;
}

void spare_sockets_close(struct spare_sockets *sockets, const void *owner,
                         bool (*keeps)(const void *owner, uint16_t port))
{
    for (size_t i = 0; i < sockets->count; i++) {
        struct spare_socket *socket = &sockets->list[i];

        if (socket->owner == owner && !socket->closing &&
            (keeps == NULL || !keeps(owner, socket->port))) {
            socket->closing = true;
            sockets->closing_count++;
        }
    }
}

bool spare_sockets_next_closed(struct spare_sockets *sockets, uint16_t *port)
{
    for (size_t i = 0; sockets->closing_count > 0 && i < sockets->count; i++) {
        if (sockets->list[i].closing) {
            *port = sockets->list[i].port;
            sockets->list[i] = sockets->list[--sockets->count];
            sockets->closing_count--;
            return true;
        }
    }
    return false;
}
