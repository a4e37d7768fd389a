/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host in a copy is like one that was restarted, and its peers treat it so. */
#include "client/core/copied.h"

#include "client/core/events.h"
#include "client/peer/life.h"

/* End a conversation; begin it again if it had got as far as a session. */
static void begin_again(struct host_core *core, struct peer *peer, struct host_io *io,
                        struct mono now)
{
    bool talked = peer->conversation->sessions.current != NULL;
    struct conversation *a;

    life_end(peer->conversation);
    a = talked ? life_of(peer, &core->conversations, now) : NULL;
    if (a != NULL) {
        (void)life_use(a, io, now);
    }
}

void copied_forget(struct host_core *core, struct host_io *io, struct mono now)
{
    if (!core->dataplane.copied) {
        return;
    }
    core->dataplane.copied = false;
    env_trace(core->env, TRACE_LEVEL_WARN, "host.copied",
              "this machine was restored from a snapshot or cloned; all sessions begin anew");
    outbox_clear(io->net);
    link_hub_forget(core->relays.hub, now);
    events_drain(core, io, now);
    for (size_t i = 0; i < core->peers.count; i++) {
        struct peer *peer = core->peers.list[i];

        if (peer != NULL && peer->conversation != NULL) {
            begin_again(core, peer, io, now);
        }
    }
}
