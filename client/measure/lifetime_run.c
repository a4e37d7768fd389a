/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The core is driven over its sockets; relays that they do not reach are left out. */
#include "client/measure/lifetime_run.h"

#include "client/measure/relay_sockets.h"
#include "proto/host/os_env.h"

#include <stdlib.h>

struct lifetime_run {
    const struct env *env;
    struct endpoint relays[LIFETIME_RELAYS_MAX]; /* to which there is a way from one address */
    size_t relays_count;
    struct lifetime_turns turns;
    struct relay_sockets sockets;
};

/* ---- the core's verbs for the pump ---- */

static void core_receive(void *context, const struct dgram *in, struct outbox *out, struct mono now)
{
    struct lifetime_run *run = context;

    (void)out;
    lifetime_receive(&run->turns.lifetime, in, now);
}

static void core_transmit(void *context, struct outbox *out, struct mono now)
{
    struct lifetime_run *run = context;

    lifetime_turns_transmit(&run->turns, out, now);
}

static struct mono core_deadline(void *context)
{
    const struct lifetime_run *run = context;

    return lifetime_deadline(&run->turns.lifetime);
}

/* ---- life ---- */

static int run_begin(struct lifetime_run *run, struct ev_loop *loop, const uint8_t source[16],
                     struct fault *fault)
{
    const struct pump_core core = {.context = run,
                                   .receive = core_receive,
                                   .transmit = core_transmit,
                                   .deadline = core_deadline};
    uint16_t ports[LIFETIME_SOCKETS];
    int rc = relay_sockets_open(&run->sockets, LIFETIME_SOCKETS, source, fault);

    if (rc != ERR_OK) {
        return rc;
    }
    for (size_t i = 0; i < LIFETIME_SOCKETS; i++) {
        ports[i] = udp_batch_local(run->sockets.list[i])->port;
    }
    lifetime_turns_init(&run->turns, ports, run->relays, run->relays_count, run->env, clock_mono());
    return relay_sockets_drive(&run->sockets, loop, &core, fault);
}

int lifetime_run_open(struct lifetime_run **out, struct ev_loop *loop, const struct env *env,
                      const struct endpoint *relays, size_t count, struct fault *fault)
{
    struct lifetime_run *run = calloc(1, sizeof(*run));
    struct netway *ways = NULL;
    uint8_t source[16];
    int rc;

    *out = NULL;
    if (run == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    run->env = env;
    rc = netway_open(&ways, fault);
    if (rc == ERR_OK) {
        run->relays_count = relay_sockets_reach(ways, relays, count, run->relays, source);
        netway_close(ways);
        if (run->relays_count == 0) {
            fault_set(fault, EXIT_CODE_FAILURE, "this machine has no way to the relay");
            rc = ERR_DROP;
        }
    }
    rc = rc == ERR_OK ? run_begin(run, loop, source, fault) : rc;
    if (rc != ERR_OK) {
        lifetime_run_close(run);
        return rc;
    }
    *out = run;
    return ERR_OK;
}

void lifetime_run_close(struct lifetime_run *run)
{
    if (run == NULL) {
        return;
    }
    relay_sockets_close(&run->sockets);
    free(run);
}

bool lifetime_run_is_done(const struct lifetime_run *run)
{
    return lifetime_turns_are_done(&run->turns);
}

uint32_t lifetime_run_age_ms(const struct lifetime_run *run)
{
    return lifetime_age_ms(&run->turns.lifetime, clock_mono());
}

void lifetime_run_read(const struct lifetime_run *run, struct lifetime_found *out)
{
    lifetime_read(&run->turns.lifetime, out);
}
