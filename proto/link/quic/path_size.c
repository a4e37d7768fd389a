/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trial serves one of two ends: to verify a suspect, or to search above the limit. */
#include "proto/link/quic/path_size.h"

#include "proto/base/bytes.h"

#include <string.h>

enum { SIZE_BITS = 16 }; /* an id is sequence(48 bits) size(16 bits) */

/* The sizes that a search tries, from the largest down, the same that ngtcp2 tries (conn.c): jumbo
 * frames, Ethernet with IPv6, PPPoE, tunnels, the minimum MTU of IPv6. */
static const size_t sizes[] = {8952, 1452, 1444, 1352, 1232};

static size_t size_of(uint64_t id)
{
    return id & ((UINT64_C(1) << SIZE_BITS) - 1);
}

static void clear_suspect(struct path_size *p)
{
    p->suspect = 0;
    p->losses = 0;
}

void path_size_reset(struct path_size *p)
{
    uint64_t sequence = p->sequence, received = p->received;

    memset(p, 0, sizeof(*p));
    p->sequence = sequence;
    p->counted = sequence;
    p->received = received;
}

size_t path_size_cap(const struct path_size *p, size_t found)
{
    return p->limit != 0 && p->limit < found ? p->limit : found;
}

uint64_t path_size_id(struct path_size *p, size_t size, struct mono now)
{
    CHECK(size < (size_t)1 << SIZE_BITS);
    if (size <= PATH_SIZE_BASE) {
        return 0;
    }
    if (p->large_at.ns == 0) {
        p->large_at = now;
        p->asked = false;
    }
    p->sequence++;
    return p->sequence << SIZE_BITS | size;
}

/* Let the next trial be of the largest size below `below` and above the limit. If there is none,
 * the search is over. */
static void search_below(struct path_size *p, size_t below, struct mono now)
{
    p->trial = 0;
    p->trial_id = 0;
    p->trial_losses = 0;
    p->due = now;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if (sizes[i] < below && sizes[i] > p->limit) {
            p->trial = sizes[i];
            return;
        }
    }
    p->raise_at = mono_add_ms(now, PATH_SIZE_RAISE_MS);
}

/* True if a packet of this size can only be a trial of a search: it is above the limit. */
static bool is_search(const struct path_size *p, size_t size)
{
    return p->limit != 0 && size > p->limit;
}

void path_size_on_ack(struct path_size *p, uint64_t id, size_t found, struct mono now)
{
    size_t size = size_of(id);

    if (id == 0) {
        return;
    }
    p->large_at = (struct mono){0};
    if (size >= p->suspect) {
        clear_suspect(p);
    }
    if (is_search(p, size)) {
        p->limit = size < found ? size : 0;
        p->raise_at = mono_add_ms(now, PATH_SIZE_RAISE_MS);
        p->trial = 0;
    } else if (p->suspect == 0 && !is_search(p, p->trial)) {
        p->trial = 0;
    }
    if (p->trial == 0) {
        p->trial_id = 0;
        p->trial_losses = 0;
    }
}

static void search_lost(struct path_size *p, struct mono now)
{
    p->trial_losses++;
    if (p->trial_losses == PATH_SIZE_LOSSES) {
        search_below(p, p->trial, now);
    }
}

static void suspect_lost(struct path_size *p, size_t size, struct mono now)
{
    p->suspect = p->losses == 0 || size < p->suspect ? size : p->suspect;
    p->losses++;
    if (p->losses == PATH_SIZE_LOSSES) {
        size = p->suspect;
        clear_suspect(p);
        p->limit = PATH_SIZE_BASE;
        search_below(p, size, now);
    } else if (!is_search(p, p->trial)) {
        p->trial = p->suspect;
        p->due = mono_add_ms(now, PATH_SIZE_VERIFY_MS);
    }
}

void path_size_on_loss(struct path_size *p, uint64_t id, uint64_t received, struct mono now)
{
    bool trial = id != 0 && id == p->trial_id;
    size_t size = size_of(id);

    if (trial) {
        p->trial_id = 0; /* the next trial may follow */
        p->due = now;
    }
    if (id >> SIZE_BITS <= p->counted || received == p->received) {
        return;
    }
    p->counted = p->sequence;
    p->received = received;
    p->large_at = (struct mono){0}; /* those sent from now on are asked about anew */
    if (!is_search(p, size)) {
        suspect_lost(p, size, now);
    } else if (trial) {
        search_lost(p, now);
    }
}

void path_size_want(struct path_size *p, size_t found, struct mono now)
{
    if (p->limit != 0 && p->limit < found && p->trial == 0 && mono_due(p->raise_at, now)) {
        search_below(p, found + 1, now);
    }
}

size_t path_size_trial(const struct path_size *p, struct mono now)
{
    return p->trial_id == 0 && mono_due(p->due, now) ? p->trial : 0;
}

void path_size_trial_sent(struct path_size *p, uint64_t id, struct mono now)
{
    p->trial_id = id;
    p->asks = id != 0;
    if (id == 0) {
        p->due = mono_add_ms(now, PATH_SIZE_RETRY_MS);
    }
}

bool path_size_waits(const struct path_size *p)
{
    return p->large_at.ns != 0 && !p->asked;
}

/* When the acknowledgement of a large packet is late. */
static struct mono late_at(const struct path_size *p, uint64_t rtt_ns)
{
    return path_size_waits(p)
               ? mono_add_ns(p->large_at, rtt_ns + rtt_ns / 4 + PATH_SIZE_LATE_MS * NS_PER_MS)
               : MONO_NEVER;
}

void path_size_note_late(struct path_size *p, uint64_t rtt_ns, struct mono now)
{
    p->asks = p->asks || mono_due(late_at(p, rtt_ns), now);
}

void path_size_asked(struct path_size *p)
{
    p->asks = false;
    p->asked = true;
}

struct mono path_size_deadline(const struct path_size *p, uint64_t rtt_ns)
{
    struct mono trial_at = p->trial != 0 && p->trial_id == 0 ? p->due : MONO_NEVER;

    return mono_min(trial_at, late_at(p, rtt_ns));
}
