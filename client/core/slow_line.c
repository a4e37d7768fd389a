/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fair queue between the TUN device and the dataplane. */
#include "client/core/slow_line.h"

#include "client/core/dataplane.h"

enum { PORTION_MAX = 256 << 10 /* the outbox holds several */ };

/* The queue counts by itself. */
static void counters_take(struct host_core *core)
{
    const struct fair_counters *from = &core->waiting.counters;
    struct host_counters *to = &core->dataplane.counters;

    to->packets_marked = from->marked;
    to->packets_dropped[TUNNEL_DROP_AGE] = from->dropped_age;
    to->packets_dropped[TUNNEL_DROP_CROWDED] = from->dropped_room;
}

void slow_line_init(struct host_core *core)
{
    uint8_t hash_key[SIPHASH_KEY_SIZE];

    env_random(core->env, hash_key, sizeof(hash_key));
    fair_queue_init(&core->waiting, hash_key);
}

bool slow_line_queue(struct host_core *core, const struct packet *packets, size_t count, bool slow,
                     struct mono now)
{
    if (!slow && fair_queue_is_empty(&core->waiting)) {
        return false;
    }
    core->dataplane.counters.packets_in += count;
    for (size_t i = 0; i < count; i++) {
        fair_queue_put(&core->waiting, &packets[i], now);
    }
    counters_take(core);
    return true;
}

void slow_line_transmit(struct host_core *core, struct host_io *io, struct mono now)
{
    size_t left = io->portion > 0 && io->portion < PORTION_MAX ? io->portion : PORTION_MAX;
    struct packet packet;

    if (fair_queue_is_empty(&core->waiting)) {
        return;
    }
    while (left > 0 && fair_queue_next(&core->waiting, left, now, &packet)) {
        left -= packet.size < left ? packet.size : left;
        dataplane_send(core, &packet, io, now);
    }
    counters_take(core);
}

struct mono slow_line_deadline(const struct host_core *core)
{
    return fair_queue_is_empty(&core->waiting) ? MONO_NEVER : (struct mono){0};
}
