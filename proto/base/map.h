/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A hash map from byte keys of one size to 64-bit values or pointers. Keys come from peers, so they
 * are hashed with SipHash-2-4 under a random key. A visit goes in order of insertion, so it is the
 * same in every run of the simulator.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map;

/** A map of at most count_max keys of key_size bytes (1 to 64); env gives the hash key and is
 * not kept. ERR_NOMEM leaves *out NULL. */
int map_new(struct map **out, size_t key_size, size_t count_max, const struct env *env) MUST_CHECK;

/** Free the map. NULL is fine. Pointers kept as values are not freed. */
void map_free(struct map *map);

/** Set the value of a key. A new key goes to the end of the order, a known one keeps its place.
 * ERR_LIMIT if a new key would exceed the cap, ERR_NOMEM if out of memory; the map is then as
 * before. After a map_remove there is room for one key: that put cannot fail. */
int map_put(struct map *map, const void *key, uint64_t value) MUST_CHECK;
int map_put_pointer(struct map *map, const void *key, void *value) MUST_CHECK;

/** Write the key's value to *value (value may be NULL). False, and *value untouched, if the key is
 * not there. */
bool map_find(const struct map *map, const void *key, uint64_t *value);

/** The key's pointer, or NULL. */
void *map_find_pointer(const struct map *map, const void *key);

/** Remove a key and write its value to *value (value may be NULL). False, and *value untouched, if
 * the key was not there. */
bool map_remove(struct map *map, const void *key, uint64_t *value);

/** Remove all keys; the memory is kept for new ones. */
void map_clear(struct map *map);

/** Keys in the map. */
size_t map_count(const struct map *map);

/**
 * Visit the keys in order of insertion. Start with *cursor = 0; each call moves it on. *key is
 * borrowed until the next change of the map; key and value may be NULL. False at the end. Keys may
 * be removed during a visit; after an insertion it must start anew.
 */
bool map_next(const struct map *map, size_t *cursor, const void **key, uint64_t *value);
