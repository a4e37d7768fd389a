/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The core's verbs as the pump calls them. Each gets the pump's outbox and the interface's box,
 * which is handed over before it is full.
 */
#include "client/engine/loop.h"

#include "client/core/sockets.h"

#include <string.h>

static struct host_io io_of(struct loop *loop, struct outbox *net)
{
    return (struct host_io){.net = net, .tun = &loop->interface->box};
}

static void core_receive(void *context, const struct dgram *in, struct outbox *out, struct mono now)
{
    struct loop *loop = context;
    struct host_io io = io_of(loop, out);

    host_core_receive(loop->core, in, &io, now);
    interface_flush_early(loop->interface);
}

static void core_expire(void *context, struct outbox *out, struct mono now)
{
    struct loop *loop = context;
    struct host_io io = io_of(loop, out);

    host_core_expire(loop->core, &io, now);
}

static void core_transmit(void *context, struct outbox *out, struct mono now)
{
    struct loop *loop = context;
    struct host_io io = io_of(loop, out);

    io.portion = pump_portion(loop->pump, now);
    host_core_transmit(loop->core, &io, now);
    interface_flush_early(loop->interface);
}

static void core_prohibited(void *context, uint16_t port, struct mono now)
{
    struct loop *loop = context;

    host_core_socket_prohibited(loop->core, port, now);
}

static struct mono core_deadline(void *context)
{
    const struct loop *loop = context;

    return host_core_deadline(loop->core);
}

static void core_settle(void *context, struct mono now)
{
    struct loop *loop = context;

    resolves_start(&loop->resolves, now);
    lan_link_settle(&loop->lan, now);
    sockets_settle(&loop->sockets, loop->core, loop->pump, loop->udp, now);
    interface_settle(loop->interface);
}

static bool name_wanted(void *context, uint64_t *ticket, char host[HOST_TEXT_SIZE], struct mono now)
{
    struct loop *loop = context;
    struct host_resolve wanted;

    if (!host_core_resolve_wanted(loop->core, &wanted, now)) {
        return false;
    }
    *ticket = wanted.ticket;
    memcpy(host, wanted.host, sizeof(wanted.host));
    return true;
}

static void name_resolved(void *context, uint64_t ticket, const struct endpoint *addrs,
                          size_t count, struct mono now)
{
    struct loop *loop = context;

    host_core_resolved(loop->core, ticket, addrs, count, now);
}

int loop_open(struct loop *loop, struct ev_loop *ev, struct host_core *core,
              struct interface *interface, uint16_t port, bool prompt, struct fault *fault)
{
    struct udp_options udp = {.local = {.port = port}, .prompt = prompt};
    struct pump_core verbs = {.context = loop,
                              .receive = core_receive,
                              .expire = core_expire,
                              .transmit = core_transmit,
                              .deadline = core_deadline,
                              .prohibited = core_prohibited,
                              .settle = core_settle};
    const struct resolve_core names = {
        .context = loop, .wanted = name_wanted, .resolved = name_resolved};
    int rc;

    *loop = (struct loop){.core = core, .interface = interface};
    rc = udp_batch_open(&loop->udp, &udp, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    if (pump_new(&loop->pump, ev, &verbs, &loop->udp, 1) != ERR_OK ||
        resolves_init(&loop->resolves, ev, &names, loop->pump) != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    return ERR_OK;
}

void loop_close(struct loop *loop)
{
    lan_link_close(&loop->lan);
    resolves_fini(&loop->resolves);
    pump_free(loop->pump);
    sockets_close(&loop->sockets);
    udp_batch_close(loop->udp);
    loop->pump = NULL;
    loop->udp = NULL;
}
