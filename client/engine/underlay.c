/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the core is told of the machine's network, and when. The core compares: only what changed
 * the way to an address in use counts. After a sleep all ways count as changed.
 */
#include "client/engine/underlay.h"
#include "client/core/network.h"
#include "client/measure/kernel_way.h"
#include "client/measure/local_list.h"

#include "proto/host/os_env.h"

enum {
    LOOK_S = 2,          /* how soon the end of a sleep, a new way or a doubt is noticed */
    SLEEP_MS_MIN = 2000, /* a pause longer than this was a sleep */
};

static bool way_find(void *context, const struct endpoint *local, const struct endpoint *remote,
                     struct way *out)
{
    const struct underlay *u = context;

    return kernel_way(u->ways, local, remote, out);
}

static void network_tell(struct underlay *u, const struct way_finder *ways)
{
    struct host_local_addr addrs[LOCAL_LIST_MAX];
    size_t count = local_list(u->ways, addrs);

    lan_link_use(&u->loop->lan, addrs, count);
    host_core_network(u->loop->core, addrs, count, udp_batch_local(u->loop->udp)->port, ways,
                      clock_mono());
    pump_kick(u->loop->pump);
}

static void network_look(struct underlay *u, bool doubtful)
{
    struct way_finder ways = {.find = way_find, .context = u, .doubtful = doubtful};

    network_tell(u, &ways);
}

static void on_network_begins(void *context)
{
    struct underlay *u = context;
    struct way_finder ways = {.find = way_find, .context = u};

    host_core_network_begins(u->loop->core, &ways);
}

static void on_network_changed(void *context, bool default_route)
{
    struct underlay *u = context;

    u->doubtful = u->doubtful || default_route;
    pool_watch_changed(u->pool, clock_mono()); /* first: it may open the way for the rest */
    rule_watch_look(u->rules);
    network_look(u, false);
}

static void on_interface_changed(void *context)
{
    struct underlay *u = context;

    interface_restore(u->loop->interface, clock_mono());
}

/* libev's timers stand still while the machine sleeps, but the core's clock goes on. So a timer
 * looks from time to time whether the machine slept. A default route that was written as it is may
 * lead through another NAT all the same: then those in use are asked for an answer, but no oftener
 * than this timer runs. */
static void on_look(struct ev_loop *ev, struct ev_timer *w, int events)
{
    struct underlay *u = w->data;
    struct way_finder ways = {.find = way_find, .context = u};
    uint64_t asleep_ms = clock_asleep_ms();
    bool slept = asleep_ms > u->asleep_ms + SLEEP_MS_MIN;

    (void)ev;
    (void)events;
    if (slept) {
        env_trace(u->env, TRACE_LEVEL_INFO, "host.resumed", "asleep_ms=%llu",
                  (unsigned long long)(asleep_ms - u->asleep_ms));
        network_tell(u, NULL);
    } else if (u->doubtful) {
        network_look(u, true);
    }
    u->asleep_ms = asleep_ms;
    u->doubtful = false;
    host_core_learn_ways(u->loop->core, &ways);
    pool_watch_look(u->pool, clock_mono());
    rule_watch_look(u->rules);
}

int underlay_open(struct underlay *u, struct ev_loop *ev, const struct env *env, struct loop *loop,
                  struct pool_watch *pool, struct rule_watch *rules, struct fault *fault)
{
    struct netwatch_events events = {.begins = on_network_begins,
                                     .changed = on_network_changed,
                                     .own_changed = on_interface_changed,
                                     .context = u};
    int rc;

    *u = (struct underlay){.ev = ev, .env = env, .loop = loop, .pool = pool, .rules = rules};
    ev_timer_init(&u->look, on_look, LOOK_S, LOOK_S);
    u->look.data = u;
    rc = netway_open(&u->ways, fault);
    if (rc == ERR_OK) {
        rc = netwatch_open(&u->watch, ev, loop->interface->name, &events, fault);
    }
    if (rc != ERR_OK) {
        return rc;
    }
    u->asleep_ms = clock_asleep_ms();
    ev_timer_start(ev, &u->look);
    network_look(u, false);
    pool_watch_look(pool, clock_mono());
    rule_watch_look(rules);
    return ERR_OK;
}

void underlay_close(struct underlay *u)
{
    if (u->ev != NULL) {
        ev_timer_stop(u->ev, &u->look);
    }
    netwatch_close(u->watch);
    u->watch = NULL;
    netway_close(u->ways);
    u->ways = NULL;
}
