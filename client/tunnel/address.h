/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The addresses of a pair: which kind of address (enum plain_kind) a packet uses, which address a
 * kind stands for on this host, and which real addresses may travel (docs/protocol.md, section 9).
 * Pure.
 */
#pragma once

#include "client/tunnel/head.h"
#include "client/tunnel/parse.h"
#include "client/tunnel/tunnel.h"

#include <stdbool.h>
#include <stdint.h>

/** Write the host's address of a kind (not PLAIN_KIND_REAL) to ip, 4 or 16 bytes; false if it has
 * none. `middle` is read for PLAIN_KIND_FIXED only. */
bool tunnel_address_of(const struct tunnel_host *host, bool v6, enum plain_kind kind,
                       const uint8_t middle[PLAIN_FIXED_SIZE], uint8_t *ip);

/** May this address travel as a real one in this use? Of the overlay's addresses only fixed ones of
 * `host` may; for all others pair->real is asked. */
bool tunnel_real_allowed(const struct tunnel_pair *pair, const struct tunnel_host *host,
                         enum tunnel_real_use use, bool v6, const uint8_t *ip);

/** Fill in family, kinds and middle bits of the head of a packet that this host sends to the peer:
 * `data` with its parsed header `ip`. ERR_DROP (head undefined) if a real one is not allowed. */
int tunnel_head_addresses(struct tunnel_head *head, const struct tunnel_pair *pair,
                          const struct tunnel_ip *ip, const uint8_t *data) MUST_CHECK;
