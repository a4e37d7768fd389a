/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames that wait until it is known at which relay their receiver is. The first packets of a
 * conversation would be lost otherwise. Few wait for each receiver, and none for long. Pure.
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
    WAITING_RECEIVERS_MAX = 1024, /* in all */
    WAITING_FRAMES_MAX = 8,       /* for one receiver */
    WAITING_BYTES_MAX = 16384,    /* for one receiver */
    WAITING_MS_MAX = 2000,
};

struct waiting;

/** Nothing waits. env gives a hash key, during the call only. ERR_NOMEM leaves *out NULL. */
int waiting_new(struct waiting **out, const struct env *env) MUST_CHECK;

/** Free everything. NULL is fine. */
void waiting_free(struct waiting *waiting);

/** True if something waits for dst, so where it is was asked already. */
bool waiting_has(const struct waiting *waiting, const uint8_t dst[KEY_SIZE]);

/** Keep a copy of a frame from src for dst. False, and the frame is not kept, at one of the bounds
 * or without memory. */
bool waiting_put(struct waiting *waiting, const uint8_t dst[KEY_SIZE], const uint8_t src[KEY_SIZE],
                 const uint8_t *frame, size_t size, struct mono now);

/** One frame that waited. */
struct waiting_frame {
    uint8_t src[KEY_SIZE];
    size_t size;
    uint8_t data[]; /* size bytes */
};

/** Take the oldest frame that waits for dst; the caller frees it. NULL if there is none. */
struct waiting_frame *waiting_take(struct waiting *waiting, const uint8_t dst[KEY_SIZE]);

/** Drop what waited too long; returns how many frames that were. To be called at
 * waiting_deadline. */
size_t waiting_expire(struct waiting *waiting, struct mono now);

/** When the oldest has waited too long; MONO_NEVER if nothing waits. */
struct mono waiting_deadline(const struct waiting *waiting);
