/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lanes that outlive their sessions, because the relay starts anew (docs/protocol.md, section 18).
 * Kept are lanes between two members here, both of whose ends are bound: while this program ends,
 * and in the next one, which gets them as bytes. Until its host has a session again, an end belongs
 * to a stand-in; frames are forwarded and charged as before. A lane whose hosts are not both back
 * in time is closed.
 *
 *   lane_kept_begin, lane_kept_save | the next program | lane_kept_load, lane_kept_take_over
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/map.h"
#include "proto/base/mono.h"
#include "relayd/service/lane_ends.h"
#include "relayd/service/use.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LANES_KEPT_MS = 10000, /* for so long after their sessions' end */
    LANE_KEPT_SIZE = 232,  /* bytes of one lane that is saved, behind LANES_KEPT_HEAD_SIZE of all */
    LANES_KEPT_HEAD_SIZE = 16,
};

struct lane_kept {
    const struct lane_ends *ends; /* borrowed */
    struct use_service *uses;     /* borrowed: told what stand-ins counted; NULL: nobody is */
    struct map *stand_ins;        /* of keys; owned. NULL: there are none */
    struct mono until;            /* NEVER: nothing is kept */
};

/** Nothing is kept. Who calls it sets `uses`. ends is borrowed and outlives it. */
void lane_kept_init(struct lane_kept *kept, const struct lane_ends *ends);

/** Free the stand-ins, without a look at their lanes. */
void lane_kept_fini(struct lane_kept *kept);

/** Keep the lanes that can be for LANES_KEPT_MS, and close all others. False if there are none. */
bool lane_kept_begin(struct lane_kept *kept, struct mono now);

/** Tell `uses` what was counted so far. False if there is nothing to tell of. */
bool lane_kept_account(struct lane_kept *kept);

/** How many bytes lane_kept_save writes now. */
size_t lane_kept_size(const struct lane_kept *kept);

/** Write the lanes that are kept, their labels, secrets, owners and addresses, and until when. They
 * mean nothing to a program after another start of the machine. */
void lane_kept_save(const struct lane_kept *kept, uint8_t *out);

/** Keep what another program saved, bytes of any content, and say how many lanes it is. Nothing if
 * their time is over, or this version does not read them; a single lane is left out if it cannot
 * be, or if one of its hosts was revoked. */
size_t lane_kept_load(struct lane_kept *kept, const uint8_t *data, size_t size, struct mono now);

/** True if the other host of this end's lane is not back. */
bool lane_kept_awaits(const struct lane_kept *kept, const struct lane_end *end);

/** A member has a session: its lanes are its own again. */
void lane_kept_take_over(struct lane_kept *kept, struct relay_client *client);

/** A key is no member's any more: its lanes end. */
void lane_kept_leave(struct lane_kept *kept, const uint8_t key[KEY_SIZE]);

/** Close what was kept for too long; and when to call this again. */
void lane_kept_expire(struct lane_kept *kept, struct mono now);
struct mono lane_kept_deadline(const struct lane_kept *kept);
