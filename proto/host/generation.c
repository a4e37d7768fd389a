/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel multicasts uevents by netlink to whoever asks. */
#include "proto/host/generation.h"

#include "proto/host/uevent.h"

#include <ev.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { UEVENT_SIZE_MAX = 8192, KERNEL_GROUP = 1, EVENTS_PER_TURN = 64 };

struct generation {
    struct ev_loop *loop;
    struct ev_io io;
    void (*changed)(void *context);
    void *context;
};

static void on_uevent(struct ev_loop *loop, struct ev_io *w, int events)
{
    struct generation *generation = w->data;
    char text[UEVENT_SIZE_MAX];
    bool changed = false;

    (void)loop;
    (void)events;
    for (int i = 0; i < EVENTS_PER_TURN; i++) {
        struct sockaddr_nl from = {0};
        socklen_t from_size = sizeof(from);
        ssize_t got = recvfrom(w->fd, text, sizeof(text), 0, (struct sockaddr *)&from, &from_size);

        if (got < 0) {
            break;
        }
        /* Other programs may multicast here, too; the kernel's own come from port 0. */
        changed |= from.nl_pid == 0 && uevent_has(text, (size_t)got, "NEW_VMGENID=1");
    }
    if (changed) {
        generation->changed(generation->context);
    }
}

struct generation *generation_new(struct ev_loop *loop, void (*changed)(void *context),
                                  void *context)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP};
    struct generation *generation = calloc(1, sizeof(*generation));
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

    if (generation == NULL || fd < 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        free(generation);
        if (fd >= 0) {
            (void)close(fd);
        }
        return NULL;
    }
    generation->loop = loop;
    generation->changed = changed;
    generation->context = context;
    ev_io_init(&generation->io, on_uevent, fd, EV_READ);
    generation->io.data = generation;
    ev_set_priority(&generation->io, EV_MAXPRI);
    ev_io_start(loop, &generation->io);
    return generation;
}

int generation_fd(const struct generation *generation)
{
    return generation == NULL ? -1 : generation->io.fd;
}

void generation_free(struct generation *generation)
{
    if (generation == NULL) {
        return;
    }
    ev_io_stop(generation->loop, &generation->io);
    (void)close(generation->io.fd);
    free(generation);
}
