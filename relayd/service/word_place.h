/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a relay takes words (docs/protocol.md, section 17, "Words" and "By a word"). */
#pragma once

#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"
#include "rendezvous/mesh/mesh.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * The address of the relay `key` for words of one kind, which its node record shows by a flag
 * (RECORD_PROTOCOL_...). False if it takes none, nobody knows it, it is the relay own_key itself,
 * or it would take none from that one: a relay knows who sends words by the first address of its
 * record, so own_key must have one, and of the same family. mesh may be NULL: nobody is known.
 */
bool word_place_find(const struct mesh *mesh, const uint8_t own_key[KEY_SIZE],
                     const uint8_t key[KEY_SIZE], uint8_t flag, struct endpoint *out);
