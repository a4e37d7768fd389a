/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The next relay is asked by the same sockets: through them nothing came so far. */
#include "client/netcheck/lifetime_turns.h"

#include <string.h>

static void begin_next(struct lifetime_turns *turns, const uint16_t ports[LIFETIME_SOCKETS],
                       const struct env *env, struct mono now)
{
    struct lifetime_config cfg = {.relay = turns->relays[turns->next++]};

    memcpy(cfg.ports, ports, sizeof(cfg.ports));
    lifetime_init(&turns->lifetime, &cfg, env, now);
}

void lifetime_turns_init(struct lifetime_turns *turns, const uint16_t ports[LIFETIME_SOCKETS],
                         const struct endpoint *relays, size_t count, const struct env *env,
                         struct mono now)
{
    turns->count = count < LIFETIME_RELAYS_MAX ? count : LIFETIME_RELAYS_MAX;
    turns->next = 0;
    memcpy(turns->relays, relays, turns->count * sizeof(relays[0]));
    begin_next(turns, ports, env, now);
}

/* True if the relay has said, or shown by its silence, that it cannot; nothing was measured then.
 */
static bool is_unable(const struct lifetime_turns *turns)
{
    struct lifetime_found found;

    lifetime_read(&turns->lifetime, &found);
    return found.unable && found.kept.alive_ms == 0 && found.quiet.alive_ms == 0;
}

void lifetime_turns_transmit(struct lifetime_turns *turns, struct outbox *out, struct mono now)
{
    uint16_t ports[LIFETIME_SOCKETS];

    lifetime_transmit(&turns->lifetime, out, now);
    if (is_unable(turns) && turns->next < turns->count) {
        memcpy(ports, turns->lifetime.cfg.ports, sizeof(ports));
        begin_next(turns, ports, turns->lifetime.env, now);
        lifetime_transmit(&turns->lifetime, out, now);
    }
}

bool lifetime_turns_are_done(const struct lifetime_turns *turns)
{
    return lifetime_is_done(&turns->lifetime) && (!is_unable(turns) || turns->next == turns->count);
}
