/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One token bucket per key (an address prefix, a public key), for keys that strangers choose.
 * The table never holds more buckets than its cap. When it is full, a new key takes the place of
 * another: of the few buckets that were unused for longest, the fullest goes. So somebody who
 * sends from many addresses does not push out the bucket of a source that is being limited.
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/env.h"
#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bucket_table;

/** A table of at most count_max (1 to 2^24) buckets of one rate, for keys of key_size bytes (1 to
 * 64). env gives the map's hash key and is not kept. ERR_NOMEM leaves *out NULL. */
int bucket_table_new(struct bucket_table **out, size_t key_size, uint32_t count_max,
                     const struct bucket_rate *rate, const struct env *env) MUST_CHECK;

/** Free the table and all buckets. NULL is fine. */
void bucket_table_free(struct bucket_table *table);

/** Take count tokens from the key's bucket; a new key's bucket is full. False if there are fewer,
 * or if there is no memory for a new bucket: then nothing is taken, and the refusal is counted. */
bool bucket_table_take(struct bucket_table *table, const void *key, uint64_t count,
                       struct mono now);

/** Buckets in the table. Later: the page of metrics shows this and the next two. */
uint32_t bucket_table_count(const struct bucket_table *table);

/** How many takes were refused, and how many buckets were thrown out while they were not full.
 * Later: as above. */
uint64_t bucket_table_refused_count(const struct bucket_table *table);
uint64_t bucket_table_evicted_count(const struct bucket_table *table);
