/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The agent's verbs for the pump of proto/host, and what an application needs around them. */
#include "client/libstun2/loop/adapter.h"

#include "client/libstun2/agent.h"
#include "client/libstun2/api.h"
#include "client/libstun2/punch_keep.h"
#include "proto/base/fault.h"
#include "proto/host/os_env.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    GOODBYE_MS = 100,
    OPTIONS_SIZE_FIRST = offsetof(struct stun2_ev_options, locals), /* without what came later */
};

/* The ports of this process, if the application brought none. */
static struct {
    struct os_env *os;
    unsigned users;
} ports;

/* ---- the process ---- */

static void os_random(void *context, void *bytes, size_t size)
{
    (void)context;
    env_random(os_env_port(ports.os), bytes, size);
}

static uint64_t os_wall_ms(void *context)
{
    (void)context;
    return env_wall_ms(os_env_port(ports.os));
}

static void os_log(void *context, enum stun2_log_level level, const char *event, const char *text)
{
    (void)context;
    env_trace(os_env_port(ports.os), (enum trace_level)level, event, "%s", text);
}

static int ports_open(int log)
{
    const struct stun2_ports mine = {.size = sizeof(mine),
                                     .random = os_random,
                                     .wall_ms = os_wall_ms,
                                     .log = log > 0 ? os_log : NULL};
    int rc;

    if (ports.users > 0 || api_env() != NULL) {
        ports.users += ports.users > 0 ? 1 : 0;
        return STUN2_OK;
    }
    if (os_env_new(&ports.os, log > 0 ? (enum trace_level)(log - 1) : TRACE_LEVEL_ERROR) !=
        ERR_OK) {
        return STUN2_ERROR_MEMORY;
    }
    rc = stun2_init(&mine);
    if (rc != STUN2_OK) {
        os_env_free(ports.os);
        ports.os = NULL;
        return rc;
    }
    ports.users = 1;
    return STUN2_OK;
}

static void ports_close(void)
{
    if (ports.users > 0 && --ports.users == 0) {
        stun2_fini();
        os_env_free(ports.os);
        ports.os = NULL;
    }
}

/* ---- the agent's verbs for the pump ---- */

/* Hand over what is to be sent, as much as surely finds room. */
static void hand_over(struct stun2_ev *ev, struct outbox *out, struct mono now)
{
    const struct outbox *box = &ev->agent->base.box;

    while (outbox_has_room(out, LINK_PACKET_SIZE_MAX)) {
        const struct outbox_item *item = agent_transmit(ev->agent, now);

        if (item == NULL) {
            return;
        }
        outbox_put_hops(out, &item->local, &item->remote, box->bytes + item->offset, item->size,
                        item->hops);
    }
}

static void core_receive(void *context, const struct dgram *in, struct outbox *out, struct mono now)
{
    struct stun2_ev *ev = context;

    if (!agent_receive(ev->agent, in, now) && ev->options.on_data != NULL) {
        struct stun2_address from = app_address(&in->remote);

        ev->calls++;
        ev->options.on_data(ev->options.context, stun2_punch_of(ev->agent, &from), &from, in->data,
                            in->size);
        ev->calls--;
    }
    hand_over(ev, out, now);
}

static void core_expire(void *context, struct outbox *out, struct mono now)
{
    struct stun2_ev *ev = context;

    agent_expire(ev->agent, now);
    hand_over(ev, out, now);
}

static void core_transmit(void *context, struct outbox *out, struct mono now)
{
    hand_over(context, out, now);
}

static struct mono core_deadline(void *context)
{
    const struct stun2_ev *ev = context;

    return agent_deadline(ev->agent);
}

static void core_settle(void *context, struct mono now)
{
    struct stun2_ev *ev = context;
    struct stun2_event event;

    resolves_start(&ev->resolves, now);
    while (stun2_event(ev->agent, &event, sizeof(event)) == 1) {
        if (ev->options.no_report == 0) {
            measuring_look(&ev->measuring, &event);
        }
        if (ev->options.on_event != NULL) {
            ev->calls++;
            ev->options.on_event(ev->options.context, &event);
            ev->calls--;
        }
    }
}

static bool name_wanted(void *context, uint64_t *ticket, char host[HOST_TEXT_SIZE], struct mono now)
{
    struct stun2_ev *ev = context;

    return stun2_resolve_wanted(ev->agent, host, ticket, now.ns) == 1;
}

static void name_resolved(void *context, uint64_t ticket, const struct endpoint *addrs,
                          size_t count, struct mono now)
{
    struct stun2_ev *ev = context;
    const char *failed;

    (void)relay_set_resolved(&ev->agent->base.relays, ticket, addrs, count, &failed, now);
}

/* ---- life ---- */

static void on_kick(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct stun2_ev *ev = w->data;

    (void)loop;
    (void)events;
    if (ev->closing) {
        stun2_ev_free(ev);
    } else {
        pump_kick(ev->pump);
    }
}

static int shell_open(struct stun2_ev *ev, struct fault *fault)
{
    const struct udp_options udp = {.local = {.port = ev->options.port}};
    const struct pump_core verbs = {.context = ev,
                                    .receive = core_receive,
                                    .expire = core_expire,
                                    .transmit = core_transmit,
                                    .deadline = core_deadline,
                                    .settle = core_settle};
    const struct resolve_core names = {
        .context = ev, .wanted = name_wanted, .resolved = name_resolved};
    int rc = udp_batch_open(&ev->udp, &udp, fault);

    if (rc == ERR_OK) {
        rc = pump_new(&ev->pump, ev->loop, &verbs, &ev->udp, 1);
    }
    if (rc == ERR_OK) {
        measuring_init(&ev->measuring, ev->loop, ev->agent, ev->pump);
        network_open(&ev->network, ev->loop, ev->agent, ev->pump, udp_batch_local(ev->udp)->port,
                     ev->options.locals != 0);
        rc = resolves_init(&ev->resolves, ev->loop, &names, ev->pump);
    }
    return rc == ERR_OK ? STUN2_OK : rc == ERR_NOMEM ? STUN2_ERROR_MEMORY : STUN2_ERROR_SYSTEM;
}

static int parts_open(struct stun2_ev *ev, struct fault *fault)
{
    struct stun2_options options = {.size = sizeof(options),
                                    .seed = ev->options.seed,
                                    .keepalive_ms = ev->options.keepalive_ms};
    uint8_t seed[STUN2_SEED_SIZE];
    int rc;

    if (options.seed == NULL) {
        env_random(api_env(), seed, sizeof(seed));
        options.seed = seed;
    }
    rc = stun2_new(&ev->agent, &options, stun2_ev_now());
    explicit_bzero(seed, sizeof(seed));
    return rc == STUN2_OK ? shell_open(ev, fault) : rc;
}

static void parts_close(struct stun2_ev *ev)
{
    measuring_fini(&ev->measuring);
    network_close(&ev->network);
    ev_timer_stop(ev->loop, &ev->kick);
    resolves_fini(&ev->resolves);
    pump_free(ev->pump);
    udp_batch_close(ev->udp);
    stun2_free(ev->agent);
    free(ev);
    ports_close();
}

int stun2_ev_new(struct stun2_ev **out, const struct stun2_ev_options *options,
                 char problem[STUN2_TEXT_SIZE])
{
    struct fault fault = {0};
    struct stun2_ev *ev = NULL;
    int rc = STUN2_ERROR_ARGUMENT;

    if (out != NULL) {
        *out = NULL;
    }
    if (out != NULL && options != NULL && options->size >= OPTIONS_SIZE_FIRST &&
        options->loop != NULL) {
        rc = ports_open(options->log);
    }
    if (rc == STUN2_OK) {
        ev = calloc(1, sizeof(*ev));
        if (ev == NULL) {
            ports_close();
            rc = STUN2_ERROR_MEMORY;
        }
    }
    if (rc == STUN2_OK) {
        memcpy(&ev->options, options,
               options->size < sizeof(ev->options) ? options->size : sizeof(ev->options));
        ev->loop = options->loop;
        ev_timer_init(&ev->kick, on_kick, 0., 0.);
        ev->kick.data = ev;
        rc = parts_open(ev, &fault);
        ev->options.seed = NULL; /* borrowed for the call */
    }
    if (problem != NULL) {
        app_text(problem, STUN2_TEXT_SIZE,
                 fault.text[0] != '\0' ? fault.text : stun2_error_text(rc));
    }
    if (rc == STUN2_OK) {
        *out = ev;
        stun2_ev_kick(ev);
    } else if (ev != NULL) {
        parts_close(ev);
    }
    return rc;
}

void stun2_ev_free(struct stun2_ev *ev)
{
    if (ev == NULL) {
        return;
    }
    ev->options.on_event = NULL;
    ev->options.on_data = NULL;
    ev->closing = ev->calls > 0;
    if (ev->closing) {
        stun2_ev_kick(ev);
    } else {
        stun2_shutdown(ev->agent, stun2_ev_now());
        pump_drain(ev->pump, GOODBYE_MS);
        parts_close(ev);
    }
}

struct stun2 *stun2_ev_agent(struct stun2_ev *ev)
{
    return ev->agent;
}

uint64_t stun2_ev_now(void)
{
    return clock_mono().ns;
}

void stun2_ev_kick(struct stun2_ev *ev)
{
    ev_timer_start(ev->loop, &ev->kick);
}

int stun2_ev_report(struct stun2_ev *ev, int hairpin)
{
    return measuring_report(&ev->measuring, hairpin != 0);
}

int stun2_ev_lifetime(struct stun2_ev *ev)
{
    return measuring_lifetime(&ev->measuring);
}

int stun2_ev_send(struct stun2_ev *ev, uint64_t punch, const void *data, size_t size)
{
    static const struct endpoint any;
    struct outbox *out = pump_outbox(ev->pump);
    struct stun2_address to;
    struct endpoint remote;

    if (stun2_punch_address(ev->agent, punch, &to) == 0) {
        return STUN2_ERROR_STATE;
    }
    stun2_ev_kick(ev);
    if (data == NULL && size > 0) {
        return STUN2_ERROR_ARGUMENT;
    }
    if (size > DGRAM_SIZE_MAX || !outbox_has_room(out, size)) {
        return STUN2_ERROR_LIMIT;
    }
    punch_keep_on_sent(punch_table_find(&ev->agent->punches.table, punch), clock_mono());
    remote = app_endpoint(&to);
    outbox_put(out, &any, &remote, data, size);
    return STUN2_OK;
}

int stun2_ev_fd(const struct stun2_ev *ev)
{
    return udp_batch_fd(ev->udp);
}
