/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The instants are those at which a mapping of the far NAT may have come to be. */
#include "client/stun2/guess_burst.h"

static const uint16_t round_ms[GUESS_BURST_ROUNDS] = {0, 60, 200, 500};

void guess_burst_set(struct guess_burst *burst, uint16_t socket, const struct endpoint *to,
                     uint16_t base, uint16_t step, unsigned first, unsigned each, size_t count,
                     struct mono now)
{
    *burst = (struct guess_burst){.socket = socket, .to = *to, .began_at = now};
    for (size_t i = 0; i < count && i < GUESS_BURST_PORTS_MAX; i++) {
        uint64_t port = base + (uint64_t)step * (first + (uint64_t)each * i);

        if (port > 0 && port <= UINT16_MAX) {
            burst->ports[burst->count++] = (uint16_t)port;
        }
    }
}

struct mono guess_burst_deadline(const struct guess_burst *burst)
{
    return burst->count == 0 || burst->round == GUESS_BURST_ROUNDS
               ? MONO_NEVER
               : mono_add_ms(burst->began_at, round_ms[burst->round]);
}

bool guess_burst_next(struct guess_burst *burst, struct endpoint *to, struct mono now)
{
    if (!mono_due(guess_burst_deadline(burst), now)) {
        return false;
    }
    *to = burst->to;
    to->port = burst->ports[burst->next++];
    if (burst->next == burst->count) {
        burst->next = 0;
        burst->round++;
    }
    return true;
}
