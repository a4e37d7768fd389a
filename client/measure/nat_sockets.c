/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pump for each family drives the core over a few sockets, which are bound to the address that
 * packets to the relays leave from: what is compared with what relays see must be exact. */
#include "client/measure/nat_sockets.h"

#include "client/netcheck/netcheck.h"
#include "proto/host/netway.h"
#include "proto/host/os_env.h"
#include "proto/host/pump.h"
#include "proto/host/udp_batch.h"

#include <stdlib.h>
#include <string.h>

struct family {
    bool tried;
    struct netcheck_config cfg;
    struct netcheck check;
    struct udp_batch *sockets[NETCHECK_SOCKETS];
    size_t sockets_count;
    struct pump *pump;
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

static void core_expire(void *context, struct outbox *out, struct mono now)
{
    (void)context;
    (void)out;
    (void)now;
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

/* Where packets to the first relay leave from; relays to which there is no way are left out. */
static bool source_find(struct family *family, struct netway *ways, const struct endpoint *relays,
                        size_t count, uint8_t source[16])
{
    static const uint8_t any[16];
    struct netway_found found;

    for (size_t i = 0; i < count; i++) {
        if (!netway_find(ways, any, relays[i].ip, &found) || found.interface == 0) {
            continue;
        }
        if (family->cfg.relays_count == 0) {
            memcpy(source, found.source, 16);
        }
        if (memcmp(source, found.source, 16) == 0) {
            family->cfg.relays[family->cfg.relays_count++] = relays[i];
        }
    }
    return family->cfg.relays_count > 0;
}

static int sockets_open(struct family *family, const uint8_t source[16], struct fault *fault)
{
    struct udp_options options = {.no_offload = true};
    int rc = ERR_OK;

    memcpy(options.local.ip, source, 16);
    while (rc == ERR_OK && family->sockets_count < NETCHECK_SOCKETS) {
        struct udp_batch **socket = &family->sockets[family->sockets_count];

        rc = udp_batch_open(socket, &options, fault);
        if (rc == ERR_OK) {
            family->cfg.locals[family->sockets_count++] = *udp_batch_local(*socket);
        }
    }
    return rc;
}

static int family_open(struct family *family, struct ev_loop *loop, const struct env *env,
                       const uint8_t source[16], struct fault *fault)
{
    const struct pump_core core = {.context = family,
                                   .receive = core_receive,
                                   .expire = core_expire,
                                   .transmit = core_transmit,
                                   .deadline = core_deadline};
    int rc = sockets_open(family, source, fault);

    if (rc != ERR_OK) {
        return rc;
    }
    netcheck_init(&family->check, &family->cfg, env, clock_mono());
    family->tried = true;
    rc = pump_new(&family->pump, loop, &core, family->sockets, family->sockets_count);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return rc;
    }
    pump_kick(family->pump);
    return ERR_OK;
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
        if (source_find(family, ways, relays->list[i], relays->count[i], source)) {
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
        struct family *family = &sockets->families[i];

        pump_free(family->pump);
        for (size_t k = 0; k < family->sockets_count; k++) {
            udp_batch_close(family->sockets[k]);
        }
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
