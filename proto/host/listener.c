/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One connection per turn of the loop, and a pause while there is no room.
 */
#include "proto/host/listener.h"

#include <errno.h>
#include <ev.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

struct listener {
    struct ev_loop *loop;
    struct ev_io io;
    struct ev_timer pause;
    void (*accepted)(void *context, int fd);
    void *context;
};

static bool lacks_room(int cause)
{
    return cause == EMFILE || cause == ENFILE || cause == ENOBUFS || cause == ENOMEM;
}

static void on_readable(struct ev_loop *loop, struct ev_io *w, int events)
{
    struct listener *listener = w->data;
    int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (fd >= 0) {
        listener->accepted(listener->context, fd);
    } else if (lacks_room(errno)) {
        ev_io_stop(loop, w);
        ev_timer_set(&listener->pause, LISTENER_PAUSE_MS / 1000.0, 0.0);
        ev_timer_start(loop, &listener->pause);
    }
}

static void on_pause_over(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct listener *listener = w->data;

    (void)events;
    ev_io_start(loop, &listener->io);
}

int listener_new(struct listener **out, struct ev_loop *loop, int fd,
                 void (*accepted)(void *context, int fd), void *context)
{
    struct listener *listener = calloc(1, sizeof(*listener));

    *out = listener;
    if (listener == NULL) {
        return ERR_NOMEM;
    }
    listener->loop = loop;
    listener->accepted = accepted;
    listener->context = context;
    ev_io_init(&listener->io, on_readable, fd, EV_READ);
    ev_init(&listener->pause, on_pause_over);
    listener->io.data = listener;
    listener->pause.data = listener;
    ev_io_start(loop, &listener->io);
    return ERR_OK;
}

void listener_free(struct listener *listener)
{
    if (listener != NULL) {
        ev_io_stop(listener->loop, &listener->io);
        ev_timer_stop(listener->loop, &listener->pause);
        free(listener);
    }
}
