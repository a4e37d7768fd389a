/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The attachments of foreign hosts that a relay saw: which host may send through which entry relay
 * (docs/protocol.md, section 3). A frame of kind 3 is believed only if its source has a valid
 * attachment to its entry relay; it may have several, each to another relay. Neighbours bring them,
 * so each neighbour has a share of the table, and what it brings beyond that pushes out only its
 * own. Pure.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ATTACHED_MAX = 65536,         /* in all */
    ATTACHED_PER_RELAY_MAX = 4096 /* of one neighbour; the one not used for longest goes first */
};

/** What is known of a host. The pointers are borrowed until the next call that may change it. */
struct attached {
    const uint8_t *record; /* the signed record, to be passed on */
    size_t record_size;
    uint64_t sequence;
};

/** What became of an attachment. */
enum attached_verdict {
    ATTACHED_TAKEN,   /* new, or newer than what was known */
    ATTACHED_OLDER,   /* a newer one of this host to this relay is known */
    ATTACHED_REFUSED, /* no valid attachment of this host to this relay by this clock */
    ATTACHED_NO_ROOM, /* out of memory, or ATTACHED_MAX are known */
};

struct attached_table;

/** An empty table; env gives a hash key, during the call only. ERR_NOMEM leaves *out NULL. */
int attached_new(struct attached_table **out, size_t count_max, const struct env *env) MUST_CHECK;

/** Free it. NULL is fine. */
void attached_free(struct attached_table *table);

/** True if this very attachment is known: taking it would only cost a verification. */
bool attached_is_known(const struct attached_table *table, const uint8_t src[KEY_SIZE],
                       const uint8_t entry_key[KEY_SIZE], const uint8_t *data, size_t size);

/**
 * Take an attachment that a neighbour brought.
 *
 * src      the host whose it must be
 * entry_key  the relay that it must name
 * from     the neighbour's key, to whose share it counts
 * data     size bytes of any content, copied
 * wall_ms  the wall clock by which it is judged
 *
 * Nothing changes unless ATTACHED_TAKEN is returned.
 */
enum attached_verdict attached_take(struct attached_table *table, const uint8_t src[KEY_SIZE],
                                    const uint8_t entry_key[KEY_SIZE], const uint8_t from[KEY_SIZE],
                                    const uint8_t *data, size_t size, uint64_t wall_ms,
                                    struct mono now);

/** The valid attachment of a host to a relay. False, with out untouched, if none is known or it is
 * over. */
bool attached_find(struct attached_table *table, const uint8_t src[KEY_SIZE],
                   const uint8_t entry_key[KEY_SIZE], struct attached *out, struct mono now);

/** Forget what is over. To be called now and then. */
void attached_expire(struct attached_table *table, struct mono now);

/** Attachments in the table. */
size_t attached_count(const struct attached_table *table);
