/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ngtcp2's current path leads to an address before it is proved, so that path alone says nothing.
 */
#include "proto/link/quic/conn_moves.h"

#include "proto/link/quic/address.h"

enum { BACK_MS_MAX = 10 * 60 * 1000 /* as ngtcp2, and no longer */ };

void conn_moves_follow(struct link_conn *c, const ngtcp2_path *path)
{
    struct endpoint remote = address_endpoint(&path->remote);
    struct conn_left *left = &c->path.left[c->path.left_next];

    if (c->carrier.dialled || endpoint_equal(&remote, &c->carrier.remote)) {
        return;
    }
    *left = (struct conn_left){.remote = c->carrier.remote, .at = c->watch.heard_at};
    c->path.left_next = (c->path.left_next + 1) % CONN_LEFT_MAX;
    c->carrier.remote = remote;
    c->path.local = address_endpoint(&path->local);
    path_size_reset(&c->path.size);
    c->path.moved = true;
}

void conn_moves_look(struct link_conn *c, struct mono now)
{
    const ngtcp2_path *path = ngtcp2_conn_get_path(c->quic);
    struct endpoint remote = address_endpoint(&path->remote);

    for (size_t i = 0; !endpoint_equal(&remote, &c->carrier.remote) && i < CONN_LEFT_MAX; i++) {
        const struct conn_left *left = &c->path.left[i];

        if (endpoint_equal(&left->remote, &remote) &&
            !mono_due(mono_add_ms(left->at, BACK_MS_MAX), now)) {
            conn_moves_follow(c, path);
        }
    }
}
