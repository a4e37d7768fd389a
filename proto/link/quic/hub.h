/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hub as a whole. hub.c defines the functions of proto/link/link.h; this header shows the
 * struct behind them, to hub.c and to tests. Both are in quic/ because a hub has QUIC connections
 * and no others. (With a second carrier they move up, and both carriers lie below them.)
 */
#pragma once

#include "proto/link/link.h"
#include "proto/link/quic/conn_state.h"

#include <stdbool.h>
#include <stdint.h>

struct link_hub {
    struct conn_shared shared;
    bool server;
    bool shut; /* no connection is taken any more */
    uint32_t connection_max;
    struct link_request request; /* of the event polled last */
};
