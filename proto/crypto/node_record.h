/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A node record is a record by which a relay tells where it is (docs/protocol.md, section 17). It
 * is judged here; proto/wire/record.h has its codec. Pure.
 */
#pragma once

#include "proto/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** True if it says an address of a relay of the subnet, and lasts no longer than it may. Signature
 * and time are not judged. */
bool node_record_is_sound(const struct record_node *node);

/**
 * Verify a node record that somebody showed. (rendezvous/mesh, which keeps them in another form,
 * judges their times and signatures by itself, and the rest by node_record_is_sound.)
 *
 * data       size bytes, borrowed, any content
 * relay_key  whose it must be
 * wall_ms    the wall clock by which it is judged, give or take RECORD_CLOCK_SKEW_MS
 *
 * False, with out untouched, unless it is a whole record of this type, signed by this key, sound,
 * and live.
 */
bool node_record_verify(struct record_node *out, const uint8_t *data, size_t size,
                        const uint8_t relay_key[KEY_SIZE], uint64_t wall_ms);
