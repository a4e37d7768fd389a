/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The agent compares: only what changed the way to an address in use counts. */
#include "client/libstun2/loop/network.h"

#include "client/libstun2/agent.h"
#include "client/libstun2/api.h"
#include "client/measure/kernel_way.h"
#include "client/measure/local_list.h"
#include "proto/base/fault.h"
#include "proto/host/os_env.h"

#include <string.h>

static const double look_s = 2.0; /* how soon the end of a sleep, or a new way, is noticed */

enum { SLEEP_MS_MIN = 2000 /* a pause longer than this was a sleep */ };

static bool way_find(void *context, const struct endpoint *local, const struct endpoint *remote,
                     struct way *out)
{
    const struct network *n = context;

    return kernel_way(n->ways, local, remote, out);
}

/* Those by which this machine reaches others. Bridges of containers have the same addresses on many
 * machines; who is behind one is reached by the address that it tells itself. */
static void locals_tell(struct network *n)
{
    struct host_local_addr all[LOCAL_LIST_MAX], chosen[STUN2_LOCALS_MAX];
    struct stun2_local list[STUN2_LOCALS_MAX];
    size_t count = local_list(n->ways, all);

    for (size_t i = 0; i < count; i++) {
        all[i].use = all[i].use == ADDRESS_USE_INNER ? ADDRESS_USE_NEVER : all[i].use;
    }
    count = address_choose(chosen, STUN2_LOCALS_MAX, all, NULL, count);
    for (size_t i = 0; i < count; i++) {
        memcpy(list[i].ip, chosen[i].ip, sizeof(list[i].ip));
        list[i].prefix_bits = chosen[i].prefix_bits;
    }
    (void)stun2_set_locals(n->agent, n->port, list, count, clock_mono().ns);
}

/* What the application says now would leave another way already. */
static void on_begins(void *context)
{
    struct network *n = context;
    const struct way_finder ways = {.find = way_find, .context = n};

    agent_network_begins(n->agent, &ways);
}

static void on_changed(void *context, bool default_route)
{
    struct network *n = context;
    const struct way_finder ways = {.find = way_find, .context = n, .doubtful = default_route};

    if (n->tells) {
        locals_tell(n);
    }
    agent_network_changed(n->agent, &ways, clock_mono());
    pump_kick(n->pump);
}

/* Timers of the loop stand still while the machine sleeps, but the agent's clock goes on. */
static void on_look(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct network *n = w->data;
    const struct way_finder ways = {.find = way_find, .context = n};
    uint64_t asleep_ms = clock_asleep_ms();

    (void)loop;
    (void)events;
    if (asleep_ms > n->asleep_ms + SLEEP_MS_MIN) {
        on_changed(n, true);
    }
    n->asleep_ms = asleep_ms;
    agent_learn_ways(n->agent, &ways);
}

void network_open(struct network *n, struct ev_loop *loop, struct stun2 *agent, struct pump *pump,
                  uint16_t port, bool tells)
{
    const struct netwatch_events events = {
        .begins = on_begins, .changed = on_changed, .context = n};
    struct fault fault = {0};

    *n = (struct network){.loop = loop, .agent = agent, .pump = pump, .port = port, .tells = tells};
    ev_timer_init(&n->look, on_look, look_s, look_s);
    n->look.data = n;
    if (netway_open(&n->ways, &fault) != ERR_OK ||
        netwatch_open(&n->watch, loop, "", &events, &fault) != ERR_OK) {
        env_trace(api_env(), TRACE_LEVEL_WARN, "network.unknown",
                  "changes of the network are not noticed at once: %s", fault.text);
        network_close(n);
        return;
    }
    n->asleep_ms = clock_asleep_ms();
    ev_timer_start(loop, &n->look);
    if (tells) {
        locals_tell(n);
    }
}

void network_close(struct network *n)
{
    if (n->loop != NULL) {
        ev_timer_stop(n->loop, &n->look);
    }
    netwatch_close(n->watch);
    n->watch = NULL;
    netway_close(n->ways);
    n->ways = NULL;
}
