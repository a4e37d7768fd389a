/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fragments wait in a fixed number of places, each with its own allocation, so that a peer is
 * charged for what it really sent. Room is made by giving up what has waited longest.
 */
#include "client/tunnel/fragment.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <stdlib.h>
#include <string.h>

size_t fragment_count(size_t size, size_t room)
{
    if (size <= room) {
        return 1;
    }
    if (room <= FRAGMENT_OVERHEAD || size > FRAGMENT_PLAIN_SIZE_MAX) {
        return 0;
    }
    size_t count = (size + room - FRAGMENT_OVERHEAD - 1) / (room - FRAGMENT_OVERHEAD);

    return count <= FRAGMENT_COUNT_MAX ? count : 0;
}

size_t fragment_write(uint8_t *out, size_t room, const uint8_t *plain, size_t size, uint32_t id,
                      size_t index, size_t count)
{
    /* Equal parts: a path that passes one of them passes the others. */
    size_t part_size = (size + count - 1) / count;
    size_t part_at = index * part_size;
    struct wbuf w = wbuf_over(out, room);

    CHECK(index < count && part_at < size);
    wbuf_u8(&w, PLAIN_PROTOCOL_FRAGMENT);
    wbuf_zeros(&w, PLAIN_HEADER_SIZE - 1);
    wbuf_u32(&w, id);
    wbuf_u8(&w, u8_of(index));
    wbuf_u8(&w, u8_of(count));
    wbuf_put(&w, plain + part_at, size - part_at < part_size ? size - part_at : part_size);
    CHECK(wbuf_ok(&w));
    return wbuf_size(&w);
}

/* One plaintext of which fragments are here. */
struct pending {
    bool used;
    uint32_t session, id;
    uint8_t count, have;
    struct mono since;
    uint64_t order; /* of arrival; tells two apart that came in the same instant */
    size_t bytes;
    uint8_t *parts[FRAGMENT_COUNT_MAX];
    size_t sizes[FRAGMENT_COUNT_MAX];
};

struct fragment_box {
    struct pending pending[FRAGMENT_PENDING_MAX];
    struct budget *shared;
    size_t bytes;
    uint64_t orders;
    struct fragment_counters counters;
};

/* One fragment as it came. */
struct fragment {
    uint32_t session, id;
    uint8_t index, count;
    const uint8_t *part;
    size_t part_size;
};

int fragment_box_new(struct fragment_box **out, struct budget *shared)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL) {
        return ERR_NOMEM;
    }
    (*out)->shared = shared;
    return ERR_OK;
}

/* Charge the box for `bytes` in all. False (nothing changed) if it may not hold so many. */
static bool box_hold(struct fragment_box *box, size_t bytes)
{
    if (bytes > FRAGMENT_BYTES_MAX ||
        (box->shared != NULL &&
         !budget_move(box->shared, budget_charge(box->bytes, FRAGMENT_BYTES_OWN),
                      budget_charge(bytes, FRAGMENT_BYTES_OWN)))) {
        return false;
    }
    box->bytes = bytes;
    return true;
}

static void pending_clear(struct fragment_box *box, struct pending *pending)
{
    for (size_t i = 0; i < FRAGMENT_COUNT_MAX; i++) {
        free(pending->parts[i]);
    }
    (void)box_hold(box, box->bytes - pending->bytes); /* less is always granted */
    *pending = (struct pending){0};
}

void fragment_box_free(struct fragment_box *box)
{
    if (box == NULL) {
        return;
    }
    for (size_t i = 0; i < FRAGMENT_PENDING_MAX; i++) {
        pending_clear(box, &box->pending[i]);
    }
    free(box);
}

static int fragment_read(struct fragment *out, const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);

    if (rbuf_u8(&r) != PLAIN_PROTOCOL_FRAGMENT) {
        return ERR_DROP;
    }
    rbuf_zeros(&r, PLAIN_HEADER_SIZE - 1);
    out->id = rbuf_u32(&r);
    out->index = rbuf_u8(&r);
    out->count = rbuf_u8(&r);
    out->part_size = rbuf_left(&r);
    out->part = rbuf_take(&r, out->part_size);
    if (!rbuf_done(&r) || out->count < 2 || out->count > FRAGMENT_COUNT_MAX ||
        out->index >= out->count || out->part_size == 0 ||
        out->part_size > FRAGMENT_PLAIN_SIZE_MAX) {
        return ERR_DROP;
    }
    /* Fragments are not cut again. */
    return out->index == 0 && out->part[0] == PLAIN_PROTOCOL_FRAGMENT ? ERR_DROP : ERR_OK;
}

/* The plaintext that this is a part of, or NULL. */
static struct pending *pending_find(struct fragment_box *box, const struct fragment *fragment)
{
    for (size_t i = 0; i < FRAGMENT_PENDING_MAX; i++) {
        struct pending *p = &box->pending[i];

        if (p->used && p->id == fragment->id && p->session == fragment->session) {
            return p;
        }
    }
    return NULL;
}

/* The plaintext that has waited longest, `but` left aside; NULL if there is no other. */
static struct pending *pending_oldest(struct fragment_box *box, const struct pending *but)
{
    struct pending *oldest = NULL;

    for (size_t i = 0; i < FRAGMENT_PENDING_MAX; i++) {
        struct pending *p = &box->pending[i];

        if (p->used && p != but && (oldest == NULL || p->order < oldest->order)) {
            oldest = p;
        }
    }
    return oldest;
}

/* A free place. If there is none, the oldest plaintext is given up for it. */
static struct pending *pending_take(struct fragment_box *box)
{
    struct pending *oldest;

    for (size_t i = 0; i < FRAGMENT_PENDING_MAX; i++) {
        if (!box->pending[i].used) {
            return &box->pending[i];
        }
    }
    oldest = pending_oldest(box, NULL);
    pending_clear(box, oldest);
    box->counters.displaced++;
    return oldest;
}

/* All fragments but the last have one size, and the last is no larger. */
static bool sizes_fit(const struct pending *pending, const struct fragment *fragment)
{
    size_t last = (size_t)pending->count - 1;

    for (size_t i = 0; i < pending->count; i++) {
        size_t size = pending->sizes[i];

        if (size == 0) {
            continue;
        }
        if ((i == last && size > fragment->part_size) ||
            (fragment->index == last && size < fragment->part_size) ||
            (i != last && fragment->index != last && size != fragment->part_size)) {
            return false;
        }
    }
    return pending->bytes + fragment->part_size <= FRAGMENT_PLAIN_SIZE_MAX;
}

static int fragment_refuse(struct fragment_box *box)
{
    box->counters.refused++;
    return ERR_DROP;
}

/* Write the completed plaintext to out, and forget its parts. */
static int pending_finish(struct fragment_box *box, struct pending *pending, uint8_t *out,
                          size_t capacity, size_t *out_size)
{
    size_t at = 0;

    if (pending->bytes > capacity) {
        pending_clear(box, pending);
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < pending->count; i++) {
        memcpy(out + at, pending->parts[i], pending->sizes[i]);
        at += pending->sizes[i];
    }
    *out_size = at;
    pending_clear(box, pending);
    box->counters.completed++;
    return ERR_OK;
}

int fragment_box_put(struct fragment_box *box, uint32_t session, const uint8_t *data, size_t size,
                     uint8_t *out, size_t capacity, size_t *out_size, struct mono now)
{
    struct fragment fragment = {.session = session};

    fragment_box_expire(box, now);
    if (fragment_read(&fragment, data, size) != ERR_OK) {
        return fragment_refuse(box);
    }
    struct pending *pending = pending_find(box, &fragment);

    if (pending != NULL &&
        (pending->count != fragment.count || pending->sizes[fragment.index] != 0 ||
         !sizes_fit(pending, &fragment))) {
        return fragment_refuse(box);
    }
    uint8_t *part = malloc(fragment.part_size);

    if (part == NULL) {
        return ERR_NOMEM;
    }
    memcpy(part, fragment.part, fragment.part_size);
    if (pending == NULL) {
        pending = pending_take(box);
        *pending = (struct pending){.used = true,
                                    .session = session,
                                    .id = fragment.id,
                                    .count = fragment.count,
                                    .since = now,
                                    .order = box->orders};
        box->orders++;
    }
    while (!box_hold(box, box->bytes + fragment.part_size)) {
        /* There is an older one, because a single plaintext is always granted. */
        pending_clear(box, pending_oldest(box, pending));
        box->counters.displaced++;
    }
    pending->parts[fragment.index] = part;
    pending->sizes[fragment.index] = fragment.part_size;
    pending->bytes += fragment.part_size;
    pending->have++;
    if (pending->have == pending->count) {
        return pending_finish(box, pending, out, capacity, out_size);
    }
    *out_size = 0;
    return ERR_OK;
}

void fragment_box_expire(struct fragment_box *box, struct mono now)
{
    for (size_t i = 0; i < FRAGMENT_PENDING_MAX; i++) {
        struct pending *p = &box->pending[i];

        if (p->used && mono_due(mono_add_ms(p->since, FRAGMENT_TIMEOUT_MS), now)) {
            pending_clear(box, p);
            box->counters.timed_out++;
        }
    }
}

struct mono fragment_box_deadline(const struct fragment_box *box)
{
    struct mono deadline = MONO_NEVER;

    for (size_t i = 0; i < FRAGMENT_PENDING_MAX; i++) {
        if (box->pending[i].used) {
            deadline = mono_min(deadline, mono_add_ms(box->pending[i].since, FRAGMENT_TIMEOUT_MS));
        }
    }
    return deadline;
}

const struct fragment_counters *fragment_box_counters(const struct fragment_box *box)
{
    return &box->counters;
}
