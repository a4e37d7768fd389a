/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A timer looks whether a measurement is wanted, or over. */
#include "client/engine/nat_watch.h"

#include "client/core/mapping.h"
#include "client/core/nat.h"
#include "proto/host/os_env.h"
#include "proto/router/mapper.h"

static const double idle_s = 2.0, moving_s = 0.5, running_s = 0.05;

/* Look soon while something runs, or the host is on its way. */
static void timer_set(struct nat_watch *watch)
{
    watch->look.repeat = watch->running != NULL       ? running_s
                         : watch->seen != watch->here ? moving_s
                                                      : idle_s;
    ev_timer_again(watch->loop, &watch->look);
}

int nat_watch_begin(struct nat_watch *watch, bool hairpin, struct fault *fault)
{
    struct nat_sockets_relays relays = {.count = {0}};

    for (size_t i = 0; i < NETCHECK_FAMILIES; i++) {
        relays.count[i] = host_core_nat_relays(watch->core, i == NETCHECK_IPV4, relays.list[i]);
    }
    if (relays.count[NETCHECK_IPV4] + relays.count[NETCHECK_IPV6] == 0) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "this host knows no relay that it could ask; join a ziglan, or name one: ziglan "
                  "netcheck HOST");
        return ERR_DROP;
    }
    measure_close(watch->running);
    watch->running = NULL;
    watch->place = host_core_nat_place(watch->core, clock_mono());
    watch->next_at = mono_add_ms(clock_mono(), NAT_WATCH_EVERY_MS);
    int rc = measure_open(&watch->running, watch->loop, watch->env, &relays, watch->mapper, hairpin,
                          fault);

    timer_set(watch);
    return rc;
}

/* What was measured counts from now on, and whenever the host is here. */
static void keep(const struct nat_watch *watch)
{
    const struct nat_facts *facts = netcheck_result_facts(&watch->result);
    struct guess_ports ports = {0};

    if (facts != NULL) {
        ports = (struct guess_ports){
            .step = facts->step, .low = facts->port_low, .high = facts->port_high};
    }
    host_core_nat_measured(watch->core, netcheck_result_name(&watch->result), &ports, clock_mono());
}

/* What was measured while the host went elsewhere is of neither network. */
static void finish(struct nat_watch *watch)
{
    measure_read(watch->running, &watch->result);
    measure_close(watch->running);
    watch->running = NULL;
    watch->has_result = true;
    env_trace(watch->env, TRACE_LEVEL_INFO, "nat.measured", "nat_kind=%d",
              (int)netcheck_result_name(&watch->result));
    if (watch->here == watch->place) {
        keep(watch);
    }
    timer_set(watch);
}

/* What was true elsewhere is not told here, but what was true here is. */
static void arrive(struct nat_watch *watch)
{
    const struct network_nat *known = host_core_nat_known(watch->core);

    watch->has_result = watch->has_result && watch->place == watch->here;
    host_core_set_nat(watch->core, known != NULL ? known->name : NAT_NAME_UNKNOWN,
                      known != NULL ? &known->ports : NULL, clock_mono());
}

/* True if a relay asks what the last measurement here did not tell. */
static bool is_wanted(struct nat_watch *watch)
{
    struct mono again = mono_add_ms(watch->next_at, NAT_WATCH_WANTED_MS - NAT_WATCH_EVERY_MS);

    return host_core_nat_wanted(watch->core) && mono_due(again, clock_mono());
}

/* Where the host is, once two looks agree: on its way a relay may still tell its former address
 * while packets leave from the new one already, which is neither network. */
static void here_note(struct nat_watch *watch, uint64_t place)
{
    bool agrees = watch->here == 0 || watch->seen == place;
    bool moved = agrees && place != 0 && place != watch->here;

    watch->seen = place != 0 ? place : watch->seen;
    if (moved) {
        watch->here = place;
        arrive(watch);
    }
}

static void on_look(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct nat_watch *watch = w->data;
    uint64_t place = host_core_nat_place(watch->core, clock_mono());
    struct fault fault = {0};

    (void)loop;
    (void)events;
    here_note(watch, place);
    if (watch->running != NULL && measure_is_done(watch->running)) {
        finish(watch);
    }
    if (watch->running == NULL) {
        timer_set(watch);
    }
    if (watch->running != NULL || place == 0 || place != watch->here ||
        (place == watch->place && !is_wanted(watch))) {
        return;
    }
    if (mono_due(watch->next_at, clock_mono()) && nat_watch_begin(watch, false, &fault) != ERR_OK) {
        env_trace(watch->env, TRACE_LEVEL_DEBUG, "nat.unknown", "%s", fault.text);
    }
}

void nat_watch_open(struct nat_watch *watch, struct ev_loop *loop, const struct env *env,
                    struct host_core *core)
{
    *watch = (struct nat_watch){.loop = loop, .env = env, .core = core};
    ev_timer_init(&watch->look, on_look, idle_s, idle_s);
    watch->look.data = watch;
    ev_timer_start(loop, &watch->look);
}

void nat_watch_use_mapper(struct nat_watch *watch, const struct mapper *mapper, bool is_off)
{
    watch->mapper = mapper;
    watch->mapper_is_off = is_off;
}

void nat_watch_close(struct nat_watch *watch)
{
    if (watch->loop != NULL) {
        ev_timer_stop(watch->loop, &watch->look);
    }
    measure_close(watch->running);
    watch->running = NULL;
}

bool nat_watch_runs(const struct nat_watch *watch, unsigned *progress)
{
    *progress = watch->running == NULL ? 100 : measure_progress(watch->running);
    return watch->running != NULL;
}

/* Of the router what is known now: it may have answered, or been proven, only after the end. */
static void router_add(const struct nat_watch *watch, struct netcheck_result *out)
{
    if (watch->mapper != NULL) {
        router_facts_read(&out->router, mapper_portmap(watch->mapper));
        out->router.proven = host_core_mapped_is_proven(watch->core);
        out->router.unwanted = watch->mapper_is_off;
    }
}

bool nat_watch_read(const struct nat_watch *watch, struct netcheck_result *out)
{
    if (watch->running != NULL) {
        measure_read(watch->running, out);
    } else if (watch->has_result) {
        *out = watch->result;
    } else {
        return false;
    }
    router_add(watch, out);
    return true;
}

struct nat_state nat_watch_state(const struct nat_watch *watch)
{
    const struct network_nat *known = host_core_nat_known(watch->core);
    struct nat_state state = {.measured = known != NULL,
                              .networks_count = host_core_networks_count(watch->core)};
    uint64_t now_ms = env_wall_ms(watch->env);

    if (known != NULL) {
        state.name = known->name;
        state.age_ms = now_ms > known->measured_ms ? now_ms - known->measured_ms : 0;
    }
    return state;
}
