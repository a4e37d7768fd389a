/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many STUN requests are answered: to each source, an IPv4 address or IPv6 /56, and in all. One
 * limit for every thread that answers; they take from it at once, without locks, and nothing is
 * allocated after the start. At most STUN_SOURCES_MAX sources are remembered; a new one takes the
 * place of that whose bucket is fullest among STUN_LIMIT_WAYS, so whoever sends from many addresses
 * does not push out a source that is being limited.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/net/endpoint.h"

#include <stdint.h>

enum { STUN_SOURCES_MAX = 65536, STUN_LIMIT_WAYS = 8 };

struct stun_limit;

/** Limits that refuse nothing until they are set; env gives a hash key, during the call only.
 * ERR_NOMEM leaves *out NULL. */
int stun_limit_new(struct stun_limit **out, const struct env *env) MUST_CHECK;

/** Free them, when no other thread uses them any more. NULL is fine. */
void stun_limit_free(struct stun_limit *limit);

/** So many a second to each source and in all (0: none), and as many at once. What all sources have
 * together is full again. Threads may take meanwhile. */
void stun_limit_set(struct stun_limit *limit, uint32_t per_source_per_s, uint32_t per_s);

/** Whose share is used up. */
enum stun_verdict {
    STUN_VERDICT_OK,
    STUN_VERDICT_SOURCE,
    STUN_VERDICT_ALL,
};

/** Take one answer to this source. Any thread; where two meet at one source that was not remembered
 * yet, one of them may take without being counted. */
enum stun_verdict stun_limit_take(struct stun_limit *limit, const struct endpoint *from,
                                  struct mono now);
