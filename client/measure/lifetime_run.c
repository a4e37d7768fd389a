/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pump drives the core over its sockets, which are bound to the address that packets to the relay
 * leave from. */
#include "client/measure/lifetime_run.h"

#include "proto/host/netway.h"
#include "proto/host/os_env.h"
#include "proto/host/pump.h"
#include "proto/host/udp_batch.h"

#include <stdlib.h>
#include <string.h>

struct lifetime_run {
    const struct env *env;
    struct endpoint relays[LIFETIME_RELAYS_MAX]; /* to which there is a way from one address */
    size_t relays_count;
    uint8_t source[16];
    struct lifetime_turns turns;
    struct udp_batch *sockets[LIFETIME_SOCKETS];
    uint16_t ports[LIFETIME_SOCKETS]; /* theirs */
    size_t sockets_count;
    struct pump *pump;
};

/* ---- the core's verbs for the pump ---- */

static void core_receive(void *context, const struct dgram *in, struct outbox *out, struct mono now)
{
    struct lifetime_run *run = context;

    (void)out;
    lifetime_receive(&run->turns.lifetime, in, now);
}

static void core_expire(void *context, struct outbox *out, struct mono now)
{
    (void)context;
    (void)out;
    (void)now;
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

/* Relays to which there is no way from the address that the first of them sees are left out. */
static void relays_find(struct lifetime_run *run, struct netway *ways,
                        const struct endpoint *relays, size_t count)
{
    static const uint8_t any[16];
    struct netway_found found;

    for (size_t i = 0; i < count; i++) {
        if (!netway_find(ways, any, relays[i].ip, &found) || found.interface == 0) {
            continue;
        }
        if (run->relays_count == 0) {
            memcpy(run->source, found.source, sizeof(run->source));
        }
        if (memcmp(run->source, found.source, sizeof(run->source)) == 0) {
            run->relays[run->relays_count++] = relays[i];
        }
    }
}

static int sockets_open(struct lifetime_run *run, struct fault *fault)
{
    struct udp_options options = {.no_offload = true};
    int rc = ERR_OK;

    memcpy(options.local.ip, run->source, sizeof(run->source));
    while (rc == ERR_OK && run->sockets_count < LIFETIME_SOCKETS) {
        struct udp_batch **socket = &run->sockets[run->sockets_count];

        rc = udp_batch_open(socket, &options, fault);
        if (rc == ERR_OK) {
            options.room_of = run->sockets[0];
            run->ports[run->sockets_count++] = udp_batch_local(*socket)->port;
        }
    }
    return rc;
}

static int run_begin(struct lifetime_run *run, struct ev_loop *loop, struct fault *fault)
{
    const struct pump_core core = {.context = run,
                                   .receive = core_receive,
                                   .expire = core_expire,
                                   .transmit = core_transmit,
                                   .deadline = core_deadline};
    int rc = sockets_open(run, fault);

    if (rc != ERR_OK) {
        return rc;
    }
    lifetime_turns_init(&run->turns, run->ports, run->relays, run->relays_count, run->env,
                        clock_mono());
    rc = pump_new(&run->pump, loop, &core, run->sockets, run->sockets_count);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return rc;
    }
    pump_kick(run->pump);
    return ERR_OK;
}

int lifetime_run_open(struct lifetime_run **out, struct ev_loop *loop, const struct env *env,
                      const struct endpoint *relays, size_t count, struct fault *fault)
{
    struct lifetime_run *run = calloc(1, sizeof(*run));
    struct netway *ways = NULL;
    int rc;

    *out = NULL;
    if (run == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    run->env = env;
    rc = netway_open(&ways, fault);
    if (rc == ERR_OK) {
        relays_find(run, ways, relays, count);
        netway_close(ways);
        if (run->relays_count == 0) {
            fault_set(fault, EXIT_CODE_FAILURE, "this machine has no way to the relay");
            rc = ERR_DROP;
        }
    }
    rc = rc == ERR_OK ? run_begin(run, loop, fault) : rc;
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
    pump_free(run->pump);
    while (run->sockets_count > 0) { /* the first one has the room of all */
        udp_batch_close(run->sockets[--run->sockets_count]);
    }
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
