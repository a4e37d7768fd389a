/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What look-ups found lately, and that they found nothing. When it is full, the oldest answer makes
 * room.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "rendezvous/presence/located.h"

#include <stdbool.h>
#include <stdint.h>

enum { LOCATE_CACHE_MAX = 8192 };

struct locate_cache;

/** An empty cache. env gives hash keys during the call. ERR_NOMEM leaves *out NULL. */
int locate_cache_new(struct locate_cache **out, const struct env *env) MUST_CHECK;
void locate_cache_free(struct locate_cache *cache);

/** Remember what was found of a key until this instant, in place of what was remembered. Without
 * memory nothing is remembered. */
void locate_cache_put(struct locate_cache *cache, const uint8_t key[KEY_SIZE],
                      const struct located *found, struct mono until);

/** Remember until this instant that the relay denied to have the key, of which a record with this
 * sequence said so; only if something is or was remembered of the key. */
void locate_cache_deny(struct locate_cache *cache, const uint8_t key[KEY_SIZE],
                       const uint8_t relay[KEY_SIZE], uint64_t sequence, struct mono until);

/** Take out of `located` what was denied lately. */
void locate_cache_settle(const struct locate_cache *cache, const uint8_t key[KEY_SIZE],
                         struct located *located, struct mono now);

/** What is remembered of a key, borrowed until the next put; NULL if nothing is, or not any more.
 */
struct located *locate_cache_find(struct locate_cache *cache, const uint8_t key[KEY_SIZE],
                                  struct mono now);
