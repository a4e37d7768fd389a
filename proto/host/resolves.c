/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A slot for each look-up keeps the core's ticket while the thread works. The core may have
 * forgotten the ticket when the answer comes, and then ignores the answer.
 */
#include "proto/host/resolves.h"

#include "proto/host/os_env.h"

#include <string.h>

int resolves_init(struct resolves *resolves, struct ev_loop *loop, const struct resolve_core *core,
                  struct pump *pump)
{
    *resolves = (struct resolves){.core = *core, .pump = pump};
    return resolver_new(&resolves->resolver, loop);
}

void resolves_fini(struct resolves *resolves)
{
    resolver_free(resolves->resolver);
    resolves->resolver = NULL;
}

static void on_resolved(void *context, const struct endpoint *endpoints, size_t count)
{
    struct resolve_slot *slot = context;
    struct resolves *resolves = slot->resolves;

    slot->used = false;
    resolves->core.resolved(resolves->core.context, slot->ticket, endpoints, count, clock_mono());
    pump_kick(resolves->pump);
}

void resolves_start(struct resolves *resolves, struct mono now)
{
    const struct resolve_core *core = &resolves->core;
    char host[HOST_TEXT_SIZE];
    uint64_t ticket;

    for (size_t i = 0; i < RESOLVE_PENDING_MAX; i++) {
        struct resolve_slot *slot = &resolves->slots[i];
        struct resolve_caller caller = {.context = slot, .done = on_resolved};

        if (slot->used) {
            continue;
        }
        if (!core->wanted(core->context, &ticket, host, now)) {
            return;
        }
        *slot = (struct resolve_slot){.resolves = resolves, .ticket = ticket, .used = true};
        if (resolver_start(resolves->resolver, host, 0, &caller) != ERR_OK) {
            slot->used = false;
            core->resolved(core->context, ticket, NULL, 0, now);
        }
    }
    /* All slots are busy. Names that went on waiting would keep the core's deadline in the past. */
    while (core->wanted(core->context, &ticket, host, now)) {
        core->resolved(core->context, ticket, NULL, 0, now);
    }
}
