/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of the places of a key as the bytes of a word's answer (docs/protocol.md, section
 * 17, "Words"): count(1), then as often size(1) and a signed record.
 */
#pragma once

#include "proto/base/err.h"
#include "rendezvous/presence/locate.h"
#include "rendezvous/presence/located.h"

#include <stddef.h>
#include <stdint.h>

enum { LOCATED_BYTES_MAX = 1 + PRESENCE_PER_KEY_MAX * (1 + PRESENCE_SIGNED_SIZE_MAX) };

/** Write it; returns how many bytes. */
size_t located_bytes_write(const struct located *located, uint8_t out[LOCATED_BYTES_MAX]);

/** Read size bytes of any content. The records borrow from data, and may be anything. ERR_DROP,
 * with *count untouched, unless it is so many records and nothing else. */
int located_bytes_read(struct locate_record records[PRESENCE_PER_KEY_MAX], size_t *count,
                       const uint8_t *data, size_t size) MUST_CHECK;
