/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One watcher of libev for each signal, so that `caught` runs in the loop and may do anything.
 */
#include "proto/host/signals.h"

#include "proto/base/bytes.h"

#include <ev.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

struct signals {
    struct ev_loop *loop;
    void (*caught)(void *context, int signal);
    void *context;
    struct ev_signal watchers[SIGNALS_MAX];
    size_t count;
};

static void on_signal(struct ev_loop *loop, struct ev_signal *w, int events)
{
    struct signals *signals = w->data;

    (void)loop;
    (void)events;
    signals->caught(signals->context, w->signum);
}

int signals_new(struct signals **out, struct ev_loop *loop, const int *list,
                void (*caught)(void *context, int signal), void *context)
{
    struct signals *signals = calloc(1, sizeof(*signals));

    if (signals == NULL) {
        return ERR_NOMEM;
    }
    signals->loop = loop;
    signals->caught = caught;
    signals->context = context;
    for (; *list != 0; list++) {
        struct ev_signal *w = &signals->watchers[signals->count];

        CHECK(signals->count < SIGNALS_MAX);
        ev_signal_init(w, on_signal, *list);
        w->data = signals;
        ev_signal_start(loop, w);
        signals->count++;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    *out = signals;
    return ERR_OK;
}

void signals_free(struct signals *signals)
{
    if (signals == NULL) {
        return;
    }
    for (size_t i = 0; i < signals->count; i++) {
        ev_signal_stop(signals->loop, &signals->watchers[i]);
    }
    free(signals);
}
