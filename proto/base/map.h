/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A hash map from fixed-size byte keys to 64-bit values or pointers. Keys come from peers, so
 * they are hashed with SipHash-2-4 under a random key; iteration is in order of insertion and
 * thus the same in every run of the simulator.
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

/** Set the value of a key, new or not (an existing key keeps its place in the order). ERR_LIMIT
 * if a new key would exceed the cap, ERR_NOMEM; the map is then as before. */
int map_put(struct map *map, const void *key, uint64_t value) MUST_CHECK;
int map_put_pointer(struct map *map, const void *key, void *value) MUST_CHECK;

/** The key's value in *value (may be NULL); false, *value untouched, if it is not there. */
bool map_find(const struct map *map, const void *key, uint64_t *value);

/** The key's pointer, or NULL. */
void *map_find_pointer(const struct map *map, const void *key);

/** Remove a key; its value goes to *value (may be NULL). False if it was not there. */
bool map_remove(struct map *map, const void *key, uint64_t *value);

/** Remove all keys; memory is kept. */
void map_clear(struct map *map);

/** Keys in the map. */
size_t map_count(const struct map *map);

/**
 * Visit keys in order of insertion. Start with *cursor = 0; each call moves it on. key (borrowed
 * until the next change of the map) and value may be NULL. False at the end. Keys may be removed
 * while visiting; after an insertion the visit must start anew.
 */
bool map_next(const struct map *map, size_t *cursor, const void **key, uint64_t *value);
