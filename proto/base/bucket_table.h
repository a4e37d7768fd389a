/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One token bucket per key (an address prefix, a public key), for keys that strangers choose:
 * the table never holds more than its cap. When it is full, the fullest of the few buckets that
 * were unused for longest makes room, so somebody who changes addresses cannot wash away the
 * record of a source that is being limited right now.
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
 * 64). env is not kept. ERR_NOMEM leaves *out NULL. */
int bucket_table_new(struct bucket_table **out, size_t key_size, uint32_t count_max,
                     const struct bucket_rate *rate, const struct env *env) MUST_CHECK;
void bucket_table_free(struct bucket_table *table);

/** Take count tokens of the key's bucket (a new one is full). False: refused, or out of memory. */
bool bucket_table_take(struct bucket_table *table, const void *key, uint64_t count,
                       struct mono now);

/** Change the rate of all buckets; levels above the new burst are cut at the next use. */
void bucket_table_set_rate(struct bucket_table *table, const struct bucket_rate *rate);

/** Buckets in the table. Later: with the next two, for the page of metrics (monitoring). */
uint32_t bucket_table_count(const struct bucket_table *table);

/** Takes that were refused, and buckets that were thrown out while not full. Later: see above. */
uint64_t bucket_table_refused_count(const struct bucket_table *table);
uint64_t bucket_table_evicted_count(const struct bucket_table *table);
