/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What fits follows from the way in use; what is told, from how long that has been so. */
#include "client/peer/packet_fit.h"

#include "client/tunnel/strip.h"
#include "proto/base/bytes.h"
#include "proto/wire/relayed.h"

/* The largest frame of a datagram in the session; what is larger travels in capsules. */
static size_t session_frame_size(const struct path *path)
{
    size_t room = relay_session_datagram_size(path->relay);

    return room > RELAYED_HEAD_SIZE_MIN ? room - RELAYED_HEAD_SIZE_MIN : 0;
}

uint16_t packet_fit_size(struct conversation *a)
{
    const struct path *path = path_table_present(&a->paths);

    if (path == NULL) {
        return UINT16_MAX;
    }
    size_t frame_size = path_is_bare(path) ? path->frame_size : session_frame_size(path);
    size_t size = tunnel_packet_size(frame_size);

    return u16_of(size < INNER_MTU_MIN ? (size_t)INNER_MTU_MIN : size);
}

/* A way that carries no fragments of it, and no relay beside it. */
static bool is_lost(struct conversation *a, size_t size)
{
    const struct path *path = path_table_present(&a->paths);
    const struct path *relayed = path_table_relayed(&a->paths);

    return path_is_bare(path) && (relayed == NULL || !relayed->relay->open) &&
           fragment_count(tunnel_plain_size_max(size), path->frame_size - FRAME_OVERHEAD_MAX) == 0;
}

bool packet_fit_tells(struct conversation *a, size_t size, struct mono now)
{
    struct packet_fit *fit = &a->fit;

    if (size <= INNER_MTU_MIN) {
        return false;
    }
    uint16_t fits = packet_fit_size(a);

    if (fits != fit->size) {
        fit->size = fits;
        fit->since = now;
    }
    if (size <= fits || mono_before(now, fit->tell_at) ||
        (mono_ms_between(fit->since, now) < PACKET_FIT_SETTLED_MS && !is_lost(a, size))) {
        return false;
    }
    fit->tell_at = mono_add_ms(now, PACKET_FIT_TELL_MS);
    return true;
}
