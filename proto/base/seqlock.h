/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A few words that one thread writes, and others read while it does, without locks: a sequence
 * number in front of them is odd while they change. Who reads meanwhile is told, and reads again.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Write `count` words. One thread only. */
void seqlock_write(_Atomic uint32_t *sequence, _Atomic uint64_t *words, const uint64_t *from,
                   size_t count);

/** Read them. False if they change just now: what was read is worth nothing. */
bool seqlock_read(const _Atomic uint32_t *sequence, const _Atomic uint64_t *words, uint64_t *to,
                  size_t count);
