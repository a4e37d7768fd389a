/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plaintexts of one peer that wait for a session, back to back. QUEUE_BYTES_OWN bytes each queue
 * may always have; more counts in a budget that all peers share.
 */
#pragma once

#include "proto/base/budget.h"

#include <stdint.h>

enum {
    QUEUE_COUNT_MAX = 64,
    QUEUE_BYTES_MAX = 128 * 1024,
    QUEUE_BYTES_OWN = 4096,
};

/** All zero: empty. */
struct plain_queue {
    uint8_t *bytes;
    size_t bytes_used, bytes_capacity, count;
    uint16_t sizes[QUEUE_COUNT_MAX];
};

/** Keep one plaintext (copied). Without room the oldest are dropped for it, or it is dropped itself
 * if it is too large even so, or without memory. Returns how many were dropped. */
size_t queue_put(struct plain_queue *queue, struct budget *shared, const uint8_t *plain,
                 size_t size);

/** Forget everything and give back the memory. */
void queue_clear(struct plain_queue *queue, struct budget *shared);
