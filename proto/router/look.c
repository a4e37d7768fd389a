/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A loop of its own, which ends when the router has answered all that it will. */
#include "proto/router/look.h"

#include "proto/router/mapper.h"

#include <ev.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHECK_MS = 50 };

struct looking {
    struct mapper *mapper;
    unsigned left_ms;
};

static void on_check(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    struct looking *looking = timer->data;
    const struct portmap *portmap = mapper_portmap(looking->mapper);
    enum portmap_protocol protocol;

    (void)events;
    looking->left_ms -= looking->left_ms < CHECK_MS ? looking->left_ms : (unsigned)CHECK_MS;
    if (looking->left_ms == 0 || !portmap_is_asking(portmap) ||
        portmap_external(portmap, &protocol) != NULL) {
        ev_break(loop, EVBREAK_ALL);
    }
}

static void result_take(struct router_look *out, const struct mapper *mapper)
{
    const struct portmap *portmap = mapper_portmap(mapper);
    const struct endpoint *external = portmap_external(portmap, &out->protocol);

    *out = (struct router_look){.internal = mapper_internal(mapper), .protocol = out->protocol};
    if (!portmap->on) {
        return;
    }
    out->router = portmap->place.router;
    (void)portmap_refusals(portmap, out->refused);
    for (int i = 0; i < PORTMAP_PROTOCOLS; i++) {
        out->states[i] = portmap_state(portmap, (enum portmap_protocol)i);
    }
    if (external != NULL) {
        out->mapped = true;
        out->external = *external;
    }
}

/* A port that nobody else on this machine has, while *fd is open. */
static uint16_t port_take(int *fd)
{
    struct sockaddr_in local = {.sin_family = AF_INET};
    socklen_t size = sizeof(local);

    *fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (*fd < 0 || bind(*fd, (const struct sockaddr *)&local, size) != 0 ||
        getsockname(*fd, (struct sockaddr *)&local, &size) != 0) {
        return 0;
    }
    return ntohs(local.sin_port);
}

static void run(struct looking *looking, struct ev_loop *loop)
{
    struct ev_timer timer;

    ev_timer_init(&timer, on_check, (double)CHECK_MS / 1000, (double)CHECK_MS / 1000);
    timer.data = looking;
    ev_timer_start(loop, &timer);
    (void)ev_run(loop, 0);
    ev_timer_stop(loop, &timer);
}

int router_look(struct router_look *out, const struct env *env)
{
    struct mapper_options options = {.env = env, .mode = PORTMAP_MODE_AUTO};
    struct looking looking = {.left_ms = ROUTER_LOOK_MS_MAX};
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    int fd, rc = ERR_SYSTEM;

    if (loop == NULL) {
        return ERR_NOMEM;
    }
    options.loop = loop;
    options.local.port = port_take(&fd);
    if (options.local.port != 0) {
        rc = mapper_open(&looking.mapper, &options);
    }
    if (rc == ERR_OK) {
        run(&looking, loop);
        result_take(out, looking.mapper);
        mapper_close(looking.mapper);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    ev_loop_destroy(loop);
    return rc;
}
