/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Does a router speak PCP (RFC 6887)? It is asked for an announcement, which changes nothing there
 * (section 14.1.2), a few times within about a second: it is in the same LAN. Sans-IO.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/portmap/pcp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PCP_FIND_TRIES = 3, PCP_FIND_RETRY_MS = 250 /* doubled with each try */ };

enum pcp_find_state {
    PCP_FIND_STATE_OFF,
    PCP_FIND_STATE_ASKING,
    PCP_FIND_STATE_FOUND,
    PCP_FIND_STATE_REFUSED, /* it speaks it, and has nothing for us: result */
    PCP_FIND_STATE_SILENT,  /* it does not speak it, or was not heard */
};

struct pcp_find {
    enum pcp_find_state state;
    struct endpoint internal; /* our address by which the router is reached */
    uint8_t result;           /* REFUSED: enum pcp_result, or another */
    uint32_t tries;
    struct mono due;
};

/** Begin to ask. */
void pcp_find_begin(struct pcp_find *find, const struct endpoint *internal, struct mono now);

/** A datagram came from the router's PCP port, any content. */
void pcp_find_on_datagram(struct pcp_find *find, const uint8_t *data, size_t size);

/** Time passes. Returns the size of a request that is to be sent, written to out; 0: there is none.
 */
size_t pcp_find_expire(struct pcp_find *find, uint8_t out[PCP_HEADER_SIZE], struct mono now);

/** When pcp_find_expire has something to do. */
struct mono pcp_find_deadline(const struct pcp_find *find);
