/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hub as a whole. What it promises to users, the functions link_hub_* and link_library_*,
 * stands in proto/link/link.h; they are implemented here, because a hub has QUIC connections and no
 * others. (With a second carrier, this file moves up, and both carriers lie below it.)
 */
#pragma once

#include "proto/link/link.h"
#include "proto/link/quic/conn_state.h"

#include <stdbool.h>
#include <stdint.h>

struct link_hub {
    struct conn_shared shared;
    bool server;
    uint32_t connection_max;
    struct link_request request; /* of the event polled last */
};
