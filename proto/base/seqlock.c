/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No fences, which ThreadSanitizer does not know: the words themselves release and acquire. */
#include "proto/base/seqlock.h"

void seqlock_write(_Atomic uint32_t *sequence, _Atomic uint64_t *words, const uint64_t *from,
                   size_t count)
{
    uint32_t before = atomic_load_explicit(sequence, memory_order_relaxed);

    atomic_store_explicit(sequence, before + 1, memory_order_relaxed);
    for (size_t i = 0; i < count; i++) { /* who sees one of these sees the odd number, too */
        atomic_store_explicit(&words[i], from[i], memory_order_release);
    }
    atomic_store_explicit(sequence, before + 2, memory_order_release);
}

bool seqlock_read(const _Atomic uint32_t *sequence, const _Atomic uint64_t *words, uint64_t *to,
                  size_t count)
{
    uint32_t before = atomic_load_explicit(sequence, memory_order_acquire);

    for (size_t i = 0; i < count; i++) { /* what comes after was read after */
        to[i] = atomic_load_explicit(&words[i], memory_order_acquire);
    }
    return before % 2 == 0 && atomic_load_explicit(sequence, memory_order_relaxed) == before;
}
