/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the shell and what is known of guesses. */
#include "client/core/sockets.h"

#include "client/core/core_internal.h"
#include "client/peer/guesswork.h"

bool host_core_socket_wanted(struct host_core *core, struct host_socket_wanted *out)
{
    struct guesswork *work = &core->conversations.guesswork;

    *out = (struct host_socket_wanted){.open = false};
    if (spare_sockets_next_closed(&work->sockets, &out->port)) {
        return true;
    }
    out->open = work->with != NULL && guess_wants(&work->guess) > 0;
    return out->open;
}

void host_core_socket_opened(struct host_core *core, uint16_t port, struct mono now)
{
    struct guesswork *work = &core->conversations.guesswork;
    bool added = port != 0 && spare_sockets_add(&work->sockets, port, work->with);

    if (!added || work->with == NULL || !guess_on_socket(&work->guess, port, now)) {
        guesswork_stop(&core->conversations, now);
    }
    if (work->with != NULL) {
        conversation_wake(work->with, now);
    }
}

void host_core_socket_prohibited(struct host_core *core, uint16_t port, struct mono now)
{
    struct guesswork *work = &core->conversations.guesswork;

    if (work->with != NULL && guess_keeps(&work->guess, port)) {
        work->forbidden = true;
        env_trace(core->env, TRACE_LEVEL_WARN, "guess.forbidden",
                  "this network does not allow it (ICMP): no ports are guessed here");
        guesswork_stop(&core->conversations, now);
    }
}

void host_core_set_guessing(struct host_core *core, bool allowed)
{
    core->conversations.guesswork.off = !allowed;
}
