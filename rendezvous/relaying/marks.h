/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Marks that stay for a while: that something was said about two keys, or holds of them. There is a
 * fixed number of places, so nothing is allocated, and a mark may be lost to another one that falls
 * on its place. What is done twice then must do no harm. Who does not know the hash key cannot
 * choose which marks fall together. Pure.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stdint.h>

enum { MARKS_COUNT = 16384 };

/** What a mark is about. */
struct mark_name {
    uint8_t one[KEY_SIZE], other[KEY_SIZE];
    uint64_t kind, number; /* in the words of the caller */
};

struct marks;

/** No marks. env gives a hash key, during the call only. ERR_NOMEM leaves *out NULL. */
int marks_new(struct marks **out, const struct env *env) MUST_CHECK;

/** Free them. NULL is fine. */
void marks_free(struct marks *marks);

/** Set a mark until an instant; the mark stays known after it, until another takes its place. */
void marks_set(struct marks *marks, const struct mark_name *name, struct mono until);

/** Until when the mark was set. False, with *until untouched, if it is not known. */
bool marks_find(const struct marks *marks, const struct mark_name *name, struct mono *until);

/** Forget a mark. */
void marks_clear(struct marks *marks, const struct mark_name *name);

/** True if the mark is not in force; it is then, for so many milliseconds. */
bool marks_take(struct marks *marks, const struct mark_name *name, uint64_t ms, struct mono now);
