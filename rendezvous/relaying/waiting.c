/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receivers stand in a map, and in a list by the time when their first frame came. */
#include "rendezvous/relaying/waiting.h"

#include "proto/base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct receiver {
    TAILQ_ENTRY(receiver) in_order;
    uint8_t key[KEY_SIZE];
    struct mono until;
    struct waiting_frame *frames[WAITING_FRAMES_MAX]; /* oldest first */
    size_t count, bytes;
};

TAILQ_HEAD(receiver_list, receiver);

struct waiting {
    struct map *receivers; /* key -> struct receiver; each has a frame */
    struct receiver_list order;
};

int waiting_new(struct waiting **out, const struct env *env)
{
    struct waiting *waiting = calloc(1, sizeof(*waiting));
    int rc;

    *out = NULL;
    if (waiting == NULL) {
        return ERR_NOMEM;
    }
    TAILQ_INIT(&waiting->order);
    rc = map_new(&waiting->receivers, KEY_SIZE, WAITING_RECEIVERS_MAX, env);
    if (rc != ERR_OK) {
        free(waiting);
        return rc;
    }
    *out = waiting;
    return ERR_OK;
}

static void receiver_remove(struct waiting *waiting, struct receiver *receiver)
{
    for (size_t i = 0; i < receiver->count; i++) {
        free(receiver->frames[i]);
    }
    TAILQ_REMOVE(&waiting->order, receiver, in_order);
    (void)map_remove(waiting->receivers, receiver->key, NULL);
    free(receiver);
}

void waiting_free(struct waiting *waiting)
{
    if (waiting == NULL) {
        return;
    }
    while (!TAILQ_EMPTY(&waiting->order)) {
        receiver_remove(waiting, TAILQ_FIRST(&waiting->order));
    }
    map_free(waiting->receivers);
    free(waiting);
}

static struct waiting_frame *frame_copy(const uint8_t src[KEY_SIZE], const uint8_t *data,
                                        size_t size)
{
    struct waiting_frame *frame = malloc(sizeof(*frame) + size);

    if (frame != NULL) {
        memcpy(frame->src, src, KEY_SIZE);
        frame->size = size;
        memcpy(frame->data, data, size);
    }
    return frame;
}

/* A receiver for which nothing waited; NULL at the bound or without memory. */
static struct receiver *receiver_add(struct waiting *waiting, const uint8_t key[KEY_SIZE],
                                     struct mono now)
{
    struct receiver *receiver = calloc(1, sizeof(*receiver));

    if (receiver == NULL || map_put_pointer(waiting->receivers, key, receiver) != ERR_OK) {
        free(receiver);
        return NULL;
    }
    memcpy(receiver->key, key, KEY_SIZE);
    receiver->until = mono_add_ms(now, WAITING_MS_MAX);
    TAILQ_INSERT_TAIL(&waiting->order, receiver, in_order);
    return receiver;
}

bool waiting_has(const struct waiting *waiting, const uint8_t dst[KEY_SIZE])
{
    return map_find(waiting->receivers, dst, NULL);
}

bool waiting_put(struct waiting *waiting, const uint8_t dst[KEY_SIZE], const uint8_t src[KEY_SIZE],
                 const uint8_t *frame, size_t size, struct mono now)
{
    struct receiver *receiver = map_find_pointer(waiting->receivers, dst);
    struct waiting_frame *copy;

    if (receiver != NULL &&
        (receiver->count >= WAITING_FRAMES_MAX || size > WAITING_BYTES_MAX - receiver->bytes)) {
        return false;
    }
    if (size > WAITING_BYTES_MAX) {
        return false;
    }
    copy = frame_copy(src, frame, size);
    if (copy == NULL) {
        return false;
    }
    if (receiver == NULL) {
        receiver = receiver_add(waiting, dst, now);
    }
    if (receiver == NULL) {
        free(copy);
        return false;
    }
    receiver->frames[receiver->count++] = copy;
    receiver->bytes += size;
    return true;
}

struct waiting_frame *waiting_take(struct waiting *waiting, const uint8_t dst[KEY_SIZE])
{
    struct receiver *receiver = map_find_pointer(waiting->receivers, dst);
    struct waiting_frame *frame;

    if (receiver == NULL) {
        return NULL;
    }
    frame = receiver->frames[0];
    receiver->count--;
    receiver->bytes -= frame->size;
    memmove(&receiver->frames[0], &receiver->frames[1],
            receiver->count * sizeof(receiver->frames[0]));
    if (receiver->count == 0) {
        receiver_remove(waiting, receiver);
    }
    return frame;
}

size_t waiting_expire(struct waiting *waiting, struct mono now)
{
    struct receiver *receiver = TAILQ_FIRST(&waiting->order);
    size_t dropped = 0;

    while (receiver != NULL && mono_due(receiver->until, now)) {
        struct receiver *next = TAILQ_NEXT(receiver, in_order);

        dropped += receiver->count;
        receiver_remove(waiting, receiver);
        receiver = next;
    }
    return dropped;
}

struct mono waiting_deadline(const struct waiting *waiting)
{
    const struct receiver *first = TAILQ_FIRST(&waiting->order);

    return first != NULL ? first->until : MONO_NEVER;
}
