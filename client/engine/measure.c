/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The NAT is measured by client/measure, the router is asked beside that. */
#include "client/engine/measure.h"

#include "proto/host/os_env.h"
#include "proto/router/mapper.h"

#include <stdlib.h>
#include <string.h>

struct measure {
    struct mono began_at;
    struct nat_sockets *sockets;
    const struct mapper *router; /* what is known of it; NULL: nothing */
    struct mapper *finder;       /* that of this measurement alone; NULL: none */
};

/* Without it is fine, too. */
static void finder_open(struct measure *measure, struct ev_loop *loop, const struct env *env)
{
    const struct mapper_options options = {
        .loop = loop, .env = env, .mode = PORTMAP_MODE_AUTO, .find_only = true};

    if (mapper_open(&measure->finder, &options) == ERR_OK) {
        measure->router = measure->finder;
    }
}

int measure_open(struct measure **out, struct ev_loop *loop, const struct env *env,
                 const struct nat_sockets_relays *relays, const struct mapper *mapper, bool hairpin,
                 struct fault *fault)
{
    struct measure *measure = calloc(1, sizeof(*measure));
    int rc;

    *out = NULL;
    if (measure == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    rc = nat_sockets_open(&measure->sockets, loop, env, relays, hairpin, fault);
    if (rc != ERR_OK) {
        measure_close(measure);
        return rc;
    }
    measure->began_at = clock_mono();
    measure->router = mapper;
    if (mapper == NULL) {
        finder_open(measure, loop, env);
    }
    *out = measure;
    return ERR_OK;
}

void measure_close(struct measure *measure)
{
    if (measure != NULL) {
        nat_sockets_close(measure->sockets);
        mapper_close(measure->finder);
        free(measure);
    }
}

bool measure_is_done(const struct measure *measure)
{
    if (measure->router != NULL && portmap_is_asking(mapper_portmap(measure->router)) &&
        !mono_due(mono_add_ms(measure->began_at, NETCHECK_DONE_MS), clock_mono())) {
        return false;
    }
    return nat_sockets_is_done(measure->sockets);
}

unsigned measure_progress(const struct measure *measure)
{
    return nat_sockets_progress(measure->sockets);
}

void measure_read(const struct measure *measure, struct netcheck_result *out)
{
    memset(out, 0, sizeof(*out));
    out->early = !nat_sockets_has_verdict(measure->sockets);
    if (measure->router != NULL) {
        router_facts_read(&out->router, mapper_portmap(measure->router));
    }
    nat_sockets_read(measure->sockets, out);
}
