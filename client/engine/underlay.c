/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the core is told of the machine's network, and when. A change of the network and the end of
 * a sleep are told in the same way: after both, the core tries all paths again.
 */
#include "client/engine/underlay.h"

#include "proto/host/os_env.h"

#include <string.h>

enum {
    WAKE_CHECK_S = 2,    /* how soon the end of a sleep is noticed */
    SLEEP_MS_MIN = 2000, /* a pause longer than this was a sleep */
};

static void network_tell(struct underlay *u)
{
    struct netwatch_address found[OWN_ADDRESSES_MAX];
    struct host_local_addr addrs[OWN_ADDRESSES_MAX];
    size_t count = netwatch_addresses(found, OWN_ADDRESSES_MAX);

    for (size_t i = 0; i < count; i++) {
        memcpy(addrs[i].ip, found[i].ip, sizeof(addrs[i].ip));
        addrs[i].prefix_bits = found[i].prefix_bits;
    }
    host_core_network(u->loop->core, addrs, count, udp_batch_local(u->loop->udp)->port,
                      clock_mono());
    pump_kick(u->loop->pump);
}

static void on_network_changed(void *context)
{
    struct underlay *u = context;

    env_trace(u->env, TRACE_LEVEL_DEBUG, "network.changed", "all paths are tried again");
    network_tell(u);
}

static void on_interface_changed(void *context)
{
    struct underlay *u = context;

    interface_restore(u->loop->interface, clock_mono());
}

/* libev's timers stand still while the machine sleeps, but the core's clock goes on. So a timer
 * looks from time to time whether the machine slept. */
static void on_wake_check(struct ev_loop *ev, struct ev_timer *w, int events)
{
    struct underlay *u = w->data;
    uint64_t asleep_ms = clock_asleep_ms();

    (void)ev;
    (void)events;
    if (asleep_ms > u->asleep_ms + SLEEP_MS_MIN) {
        env_trace(u->env, TRACE_LEVEL_INFO, "host.resumed", "asleep_ms=%llu",
                  (unsigned long long)(asleep_ms - u->asleep_ms));
        network_tell(u);
    }
    u->asleep_ms = asleep_ms;
}

int underlay_open(struct underlay *u, struct ev_loop *ev, const struct env *env, struct loop *loop,
                  struct fault *fault)
{
    struct netwatch_events events = {
        .changed = on_network_changed, .own_changed = on_interface_changed, .context = u};
    int rc;

    *u = (struct underlay){.ev = ev, .env = env, .loop = loop};
    ev_timer_init(&u->wake_check, on_wake_check, WAKE_CHECK_S, WAKE_CHECK_S);
    u->wake_check.data = u;
    rc = netwatch_open(&u->watch, ev, loop->interface->name, &events, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    u->asleep_ms = clock_asleep_ms();
    ev_timer_start(ev, &u->wake_check);
    network_tell(u);
    return ERR_OK;
}

void underlay_close(struct underlay *u)
{
    if (u->ev != NULL) {
        ev_timer_stop(u->ev, &u->wake_check);
    }
    netwatch_close(u->watch);
    u->watch = NULL;
}
