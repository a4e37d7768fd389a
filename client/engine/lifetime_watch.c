/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A timer looks whether a measurement is wanted, or over. */
#include "client/engine/lifetime_watch.h"

#include "client/core/lifetimes.h"
#include "client/core/nat.h"
#include "proto/host/os_env.h"
#include "proto/host/pump.h"

static const double look_s = 2.0, running_s = 0.25;

/* Look soon while something runs. */
static void timer_set(struct lifetime_watch *watch)
{
    watch->look.repeat = watch->running != NULL ? running_s : look_s;
    ev_timer_again(watch->loop, &watch->look);
}

static size_t relays_of(const struct host_core *core, struct endpoint out[LIFETIME_RELAYS_MAX])
{
    struct endpoint list[NETCHECK_RELAYS_MAX];
    size_t count = 0;

    for (int v4 = 1; v4 >= 0; v4--) {
        size_t found = host_core_nat_relays(core, v4 == 1, list);

        for (size_t i = 0; i < found && count < LIFETIME_RELAYS_MAX; i++) {
            out[count++] = list[i];
        }
    }
    return count;
}

int lifetime_watch_begin(struct lifetime_watch *watch, struct fault *fault)
{
    struct endpoint relays[LIFETIME_RELAYS_MAX];
    size_t count = relays_of(watch->core, relays);
    int rc;

    if (watch->running != NULL) {
        return ERR_OK;
    }
    if (count == 0) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "this host knows no relay that it could ask; join a ziglan, or name one: ziglan "
                  "netcheck --lifetime HOST");
        return ERR_DROP;
    }
    host_core_lifetime_begins(watch->core, clock_mono());
    watch->place = host_core_nat_place(watch->core, clock_mono());
    rc = lifetime_run_open(&watch->running, watch->loop, watch->env, relays, count, fault);
    timer_set(watch);
    return rc;
}

static void finish(struct lifetime_watch *watch, bool moved)
{
    lifetime_run_read(watch->running, &watch->result);
    lifetime_run_close(watch->running);
    watch->running = NULL;
    watch->has_result = true;
    watch->result.unable = watch->result.unable || moved;
    host_core_lifetime_measured(watch->core, &watch->result, clock_mono());
    pump_kick(watch->pump); /* what holds now is sooner than what the core waits for */
    timer_set(watch);
}

/* Nobody is to wait for a packet because of a measurement. */
static bool is_calm(struct lifetime_watch *watch)
{
    uint64_t packets = host_core_packets_count(watch->core);

    watch->calm = packets - watch->packets <= LIFETIME_CALM_PACKETS ? watch->calm + 1 : 0;
    watch->packets = packets;
    return watch->calm >= LIFETIME_CALM_LOOKS;
}

static void on_look(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct lifetime_watch *watch = w->data;
    uint64_t place = host_core_nat_place(watch->core, clock_mono());
    bool moved = place != 0 && watch->place != 0 && place != watch->place;
    struct fault fault = {0};

    (void)loop;
    (void)events;
    if (watch->running != NULL) {
        watch->place = watch->place == 0 ? place : watch->place; /* it may be known late */
        if (moved || lifetime_run_is_done(watch->running)) {
            finish(watch, moved);
        }
        return;
    }
    if (is_calm(watch) && host_core_lifetime_wanted(watch->core, clock_mono()) &&
        lifetime_watch_begin(watch, &fault) != ERR_OK) {
        env_trace(watch->env, TRACE_LEVEL_DEBUG, "nat.unknown", "%s", fault.text);
    }
}

void lifetime_watch_open(struct lifetime_watch *watch, struct ev_loop *loop, const struct env *env,
                         struct host_core *core, struct pump *pump)
{
    *watch = (struct lifetime_watch){.loop = loop, .env = env, .core = core, .pump = pump};
    ev_timer_init(&watch->look, on_look, look_s, look_s);
    watch->look.data = watch;
    ev_timer_start(loop, &watch->look);
}

void lifetime_watch_close(struct lifetime_watch *watch)
{
    if (watch->loop != NULL) {
        ev_timer_stop(watch->loop, &watch->look);
    }
    lifetime_run_close(watch->running);
    watch->running = NULL;
}

bool lifetime_watch_read(const struct lifetime_watch *watch, struct lifetime_found *out,
                         uint32_t *age_ms)
{
    *age_ms = 0;
    *out = watch->result;
    if (watch->running != NULL) {
        *age_ms = lifetime_run_age_ms(watch->running) + 1;
        lifetime_run_read(watch->running, out);
    }
    return watch->running != NULL || watch->has_result;
}
