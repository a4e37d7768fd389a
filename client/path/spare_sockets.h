/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * UDP sockets besides the host's first one: those of a guess (stun2/guess.h), and those by which a
 * path goes that a guess found. A socket is named by its own port, which stands in a path's
 * `local`. Which are to be opened or closed is polled by the shell (client/core/sockets.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPARE_SOCKETS_MAX = 512 };

struct spare_socket {
    uint16_t port;
    bool closing;      /* the shell is to close it */
    const void *owner; /* whose paths may use it; only compared */
};

/** All zero: none. */
struct spare_sockets {
    struct spare_socket list[SPARE_SOCKETS_MAX];
    size_t count, closing_count;
};

/** One was opened. False if there are too many. */
bool spare_sockets_add(struct spare_sockets *sockets, uint16_t port, const void *owner);

/** Let those of this owner be closed of which `keeps` says no; NULL: all. */
void spare_sockets_close(struct spare_sockets *sockets, const void *owner,
                         bool (*keeps)(const void *owner, uint16_t port));

/** The next one that the shell is to close now; it is not in the set any more. False: none. */
bool spare_sockets_next_closed(struct spare_sockets *sockets, uint16_t *port);
