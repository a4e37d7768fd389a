/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring that doubles when it is full. */
#include "rendezvous/punch/punch_outputs.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT_FIRST = 64 };

static bool grow(struct punch_outputs *q, size_t count_max)
{
    size_t capacity = q->capacity == 0 ? COUNT_FIRST : q->capacity * 2;
    struct punch_output *ring = calloc(capacity < count_max ? capacity : count_max, sizeof(*ring));

    if (ring == NULL) {
        return false;
    }
    for (size_t i = 0; i < q->count; i++) {
        ring[i] = q->ring[(q->first + i) % q->capacity];
    }
    free(q->ring);
    q->ring = ring;
    q->first = 0;
    q->capacity = capacity < count_max ? capacity : count_max;
    return true;
}

struct punch_output *punch_outputs_push(struct punch_outputs *outputs, size_t count_max)
{
    struct punch_output *last;

    if (outputs->count >= count_max ||
        (outputs->count == outputs->capacity && !grow(outputs, count_max))) {
        return NULL;
    }
    last = &outputs->ring[(outputs->first + outputs->count) % outputs->capacity];
    outputs->count++;
    memset(last, 0, sizeof(*last));
    return last;
}

bool punch_outputs_pop(struct punch_outputs *outputs, struct punch_output *out)
{
    if (outputs->count == 0) {
        return false;
    }
    *out = outputs->ring[outputs->first];
    outputs->first = (outputs->first + 1) % outputs->capacity;
    outputs->count--;
    return true;
}

void punch_outputs_fini(struct punch_outputs *outputs)
{
    free(outputs->ring);
    *outputs = (struct punch_outputs){0};
}
