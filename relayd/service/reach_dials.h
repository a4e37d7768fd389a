/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dials that only find out whether a relay can be reached at an address: who answers there must
 * prove its key, and then the connection ends. They say no role, so they are no neighbour's and
 * displace none. They leave from a second port, of which no relay is told: a relay that dials
 * others opens its NAT for them before that port only, and nobody has ever sent to the port from
 * which it is measured.
 */
#pragma once

#include "proto/link/link.h"
#include "relayd/base/relay_base.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REACH_DIALS_MAX = 8 };

/** What is to be found out. */
struct reach_aim {
    uint8_t key[KEY_SIZE];
    struct endpoint address;
    uint64_t job; /* for the caller; 0: the mesh's own dial */
};

struct reach_dial {
    struct reach_aim aim;
    struct handle handle;
    bool used;
};

struct reach_dials {
    struct relay_base *base; /* borrowed */
    uint16_t port;           /* of the socket that they leave from; 0: that of all sessions */
    struct reach_dial list[REACH_DIALS_MAX];
};

struct reach_outcome {
    struct reach_aim aim;
    bool proved;
    uint32_t rtt_us; /* 0: not measured */
};

/** Begin one. False if there are too many. */
bool reach_dials_begin(struct reach_dials *dials, const struct reach_aim *aim, struct mono now);

/** True if an event is of one of these dials, and nobody else's business; then *ended says whether
 * the dial has ended, and *out with what. */
bool reach_dials_take(struct reach_dials *dials, const struct link_event *event, bool *ended,
                      struct reach_outcome *out, struct mono now);
