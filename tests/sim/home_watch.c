/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By what `ziglan relays` shows. */
#include "tests/sim/home_watch.h"

#include "client/stun2/home_choice.h"

/* A change shows when the new session opens, of two the first perhaps so much later after its
 * choice than the second: a handshake some of whose packets are lost. */
enum { OPENING_MS = 5000 };

/* Bits of the relays for which the host says so. */
static unsigned bits_of(struct sim *sim, size_t i, bool connected)
{
    unsigned bits = 0;

    for (size_t k = 0; k < sim->relays_count; k++) {
        bits |=
            sim_host_is_home(&sim->hosts[i], &sim->relays[k], connected, sim->now) ? 1U << k : 0;
    }
    return bits;
}

size_t home_watch_warm(struct sim *sim, size_t i)
{
    unsigned bits = bits_of(sim, i, true);
    size_t count = 0;

    for (; bits != 0; bits &= bits - 1) {
        count++;
    }
    return count;
}

bool home_watch_has(struct sim *sim, size_t i, const struct sim_relay *relay)
{
    return sim_host_is_home(&sim->hosts[i], relay, false, sim->now);
}

void home_watch_begin(struct home_watch *watch, struct sim *sim, size_t i)
{
    *watch = (struct home_watch){.homes = bits_of(sim, i, false), .changed_at = MONO_NEVER};
}

/* A new one counts. Its session is not open yet in the moment in which the former one goes. */
void home_watch_look(struct home_watch *watch, struct sim *sim, size_t i)
{
    unsigned homes = bits_of(sim, i, false);

    if ((homes & ~watch->homes) != 0) {
        watch->changes++;
        watch->too_soon = watch->too_soon || (watch->changed_at.ns != MONO_NEVER.ns &&
                                              mono_ms_between(watch->changed_at, sim->now) <
                                                  HOME_CHANGE_MS - OPENING_MS);
        watch->changed_at = sim->now;
    }
    watch->homes = homes;
}
