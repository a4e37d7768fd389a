/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For each family a core is driven over a few sockets. */
#include "client/measure/nat_sockets.h"

#include "client/measure/relay_sockets.h"
#include "client/netcheck/netcheck.h"
#include "proto/host/os_env.h"

#include <stdlib.h>

struct family {
    bool tried;
    struct netcheck_config cfg;
    struct netcheck check;
    struct relay_sockets sockets;
};

struct nat_sockets {
    struct family families[NETCHECK_FAMILIES];
};

/* ---- the core's verbs for the pump ---- */

static void core_receive(void *context, const struct dgram *in, struct outbox *out, struct mono now)
{
    struct family *family = context;

    (void)out;
    netcheck_receive(&family->check, in, now);
}

static void core_transmit(void *context, struct outbox *out, struct mono now)
{
    struct family *family = context;

    netcheck_transmit(&family->check, out, now);
}

static struct mono core_deadline(void *context)
{
    const struct family *family = context;

    return netcheck_deadline(&family->check);
}

/* ---- life ---- */

static int family_open(struct family *family, struct ev_loop *loop, const struct env *env,
                       const uint8_t source[16], struct fault *fault)
{
    const struct pump_core core = {.context = family,
                                   .receive = core_receive,
                                   .transmit = core_transmit,
                                   .deadline = core_deadline};
    int rc = relay_sockets_open(&family->sockets, NETCHECK_SOCKETS, source, fault);

    if (rc != ERR_OK) {
        return rc;
    }
    for (size_t i = 0; i < NETCHECK_SOCKETS; i++) {
        family->cfg.locals[i] = *udp_batch_local(family->sockets.list[i]);
    }
    netcheck_init(&family->check, &family->cfg, env, clock_mono());
    family->tried = true;
    return relay_sockets_drive(&family->sockets, loop, &core, fault);
}

int nat_sockets_open(struct nat_sockets **out, struct ev_loop *loop, const struct env *env,
                     const struct nat_sockets_relays *relays, bool hairpin, struct fault *fault)
{
    struct nat_sockets *sockets = calloc(1, sizeof(*sockets));
    struct netway *ways = NULL;
    int rc;

    *out = NULL;
    if (sockets == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    rc = netway_open(&ways, fault);
    for (size_t i = 0; rc == ERR_OK && i < NETCHECK_FAMILIES; i++) {
        struct family *family = &sockets->families[i];
        uint8_t source[16];

        family->cfg.hairpin = hairpin;
        family->cfg.relays_count = relay_sockets_reach(ways, relays->list[i], relays->count[i],
                                                       family->cfg.relays, source);
        if (family->cfg.relays_count > 0) {
            rc = family_open(family, loop, env, source, fault);
        }
    }
    netway_close(ways);
    if (rc != ERR_OK) {
        nat_sockets_close(sockets);
        return rc;
    }
    *out = sockets;
    return ERR_OK;
}

void nat_sockets_close(struct nat_sockets *sockets)
{
    if (sockets == NULL) {
        return;
    }
    for (size_t i = 0; i < NETCHECK_FAMILIES; i++) {
        relay_sockets_close(&sockets->families[i].sockets);
    }
    free(sockets);
}

bool nat_sockets_has_verdict(const struct nat_sockets *sockets)
{
    struct mono now = clock_mono();

    for (size_t i = 0; i < NETCHECK_FAMILIES; i++) {
        const struct family *family = &sockets->families[i];

        if (family->tried && !netcheck_has_verdict(&family->check, now)) {
            return false;
        }
    }
    return true;
}

bool nat_sockets_is_done(const struct nat_sockets *sockets)
{
    struct mono now = clock_mono();

    for (size_t i = 0; i < NETCHECK_FAMILIES; i++) {
        const struct family *family = &sockets->families[i];

        if (family->tried && !netcheck_is_done(&family->check, now)) {
            return false;
        }
    }
    return true;
}

unsigned nat_sockets_progress(const struct nat_sockets *sockets)
{
    struct mono now = clock_mono();
    unsigned least = 100;

    for (size_t i = 0; i < NETCHECK_FAMILIES; i++) {
        const struct family *family = &sockets->families[i];
        unsigned done = family->tried ? netcheck_progress(&family->check, now) : 100;

        least = done < least ? done : least;
    }
    return least;
}

void nat_sockets_read(const struct nat_sockets *sockets, struct netcheck_result *out)
{
    for (size_t i = 0; i < NETCHECK_FAMILIES; i++) {
        const struct family *family = &sockets->families[i];

        out->families[i].tried = family->tried;
        if (family->tried) {
            netcheck_found_read(&family->check, &out->families[i].found);
        }
    }
}
