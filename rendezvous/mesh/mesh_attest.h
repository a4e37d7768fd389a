/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The own word of a relay: attestations that it signs about relays that it reached. */
#pragma once

#include "rendezvous/mesh/mesh_internal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Sign that this relay reached `key` at this address. False if that cannot be. */
bool mesh_attest_sign(const struct mesh *mesh, const uint8_t key[KEY_SIZE], uint64_t sequence,
                      const struct endpoint *address, bool fresh, uint8_t *out, size_t *size);

/** The same for the relay of a record, as an item to be released; NULL if that cannot be. */
struct node_item *mesh_attest_item(struct mesh *mesh, const struct node_item *node, bool fresh);

/** Our attestation for this record, if we reached that relay at its address before, or have a
 * session with it that we dialled there. To be released; NULL: neither. */
struct node_item *mesh_attest_known(struct mesh *mesh, const struct node_item *node);
