/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a relay that this one did not reach is believed (docs/protocol.md, section 17): three relays
 * that are believed attest that they reached it, and no two of the three are in one IPv4 /16 or
 * IPv6 /32. Who wants to make us believe in relays that are not there must own relays that can be
 * reached in three large networks.
 */
#pragma once

#include "proto/wire/frame.h"
#include "rendezvous/mesh/node_shelf.h"
#include "rendezvous/mesh/node_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NODE_TRUST_MIN = NODE_ATTESTATIONS_MAX }; /* attestations that are enough */

/** True if the attestation is live and says that its relay reached this node at the address that
 * counts. Whether that relay is believed is not asked. */
bool node_trust_about(const struct node_item *attestation, const struct node_item *node,
                      uint64_t wall_ms);

/** Choose of these attestations (verified) up to NODE_TRUST_MIN that count together, and write them
 * to `chosen`; returns how many. NODE_TRUST_MIN: the node is believed. */
size_t node_trust_choose(const struct node_table *table, const struct node_item *node,
                         struct node_item *const *attestations, size_t count, uint64_t wall_ms,
                         struct node_item *chosen[NODE_TRUST_MIN]);
