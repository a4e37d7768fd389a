/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 6886 for NAT-PMP, UPnP IGD:1 and IGD:2 WANIPConnection for UPnP: only when to ask is here. */
#include "proto/portmap/portmap.h"

#include <string.h>

enum { MS_PER_S = 1000, NATPMP_NETWORK_FAILURE = 3 /* RFC 6886, section 3.5 */ };

static struct portmap_way *way_first(struct portmap *portmap)
{
    return &portmap->ways[PORTMAP_PROTOCOL_NATPMP];
}

static enum portmap_protocol protocol_of(const struct portmap *portmap,
                                         const struct portmap_way *way)
{
    return (enum portmap_protocol)(way - portmap->ways);
}

/* The way by which there is a mapping, or one is being asked for; NULL: there is none. */
static const struct portmap_way *way_in_use(const struct portmap *portmap)
{
    for (size_t i = PORTMAP_PROTOCOL_NATPMP; i < PORTMAP_PROTOCOLS; i++) {
        const struct portmap_way *way = &portmap->ways[i];

        if (way->state == PORTMAP_STATE_MAPPED || way->state == PORTMAP_STATE_MAPPING) {
            return way;
        }
    }
    return NULL;
}

static void ask_all(struct portmap *portmap, struct mono now)
{
    if (portmap->finds) {
        pcp_find_begin(&portmap->find, &portmap->place.internal, now);
    } else {
        pcp_begin(&portmap->pcp, portmap->env, &portmap->place, now);
    }
    for (size_t i = PORTMAP_PROTOCOL_NATPMP; i < PORTMAP_PROTOCOLS; i++) {
        bool busy = portmap->ways[i].busy;

        portmap->ways[i] = (struct portmap_way){.state = PORTMAP_STATE_ASKING,
                                                .busy = busy,
                                                .stale = busy,
                                                .external.port = portmap->place.internal.port,
                                                .due = now};
    }
    portmap->patience_until = mono_add_ms(now, PORTMAP_PATIENCE_MS);
    portmap->patient = true;
    portmap->again_at = MONO_NEVER;
}

static void begin(struct portmap *portmap, const struct env *env, const struct pcp_place *place,
                  struct mono now)
{
    portmap->env = env;
    portmap->on = true;
    portmap->place = *place;
    portmap->place.router.port = PCP_SERVER_PORT;
    portmap->again_ms = PORTMAP_AGAIN_MS_MIN;
    ask_all(portmap, now);
}

void portmap_begin(struct portmap *portmap, const struct env *env, const struct pcp_place *place,
                   struct mono now)
{
    portmap->finds = false;
    begin(portmap, env, place, now);
}

void portmap_find(struct portmap *portmap, const struct env *env, const struct pcp_place *place,
                  struct mono now)
{
    portmap->finds = true;
    portmap->pcp = (struct pcp_mapping){.state = PCP_STATE_OFF};
    begin(portmap, env, place, now);
}

void portmap_stop(struct portmap *portmap)
{
    uint8_t out[PCP_MAP_SIZE];

    if (portmap->on) {
        (void)pcp_end(&portmap->pcp, out);
    }
    portmap->on = false;
    for (size_t i = PORTMAP_PROTOCOL_NATPMP; i < PORTMAP_PROTOCOLS; i++) {
        portmap->ways[i].state = PORTMAP_STATE_OFF;
        portmap->ways[i].stale = portmap->ways[i].busy;
    }
}

/* PCP may still be granted, and goes before the others. */
static bool is_pcp_hopeful(const struct portmap *portmap)
{
    return portmap->pcp.state == PCP_STATE_ASKING && portmap->patient;
}

/* Use the next protocol, if there is no mapping and nothing better to wait for. */
static void choose(struct portmap *portmap, struct mono now)
{
    struct portmap_way *way = way_first(portmap);
    uint8_t out[PCP_MAP_SIZE];

    if (portmap->finds) {
        return;
    }
    if (pcp_external(&portmap->pcp) != NULL || way_in_use(portmap) != NULL) {
        portmap->again_at = MONO_NEVER;
        return;
    }
    if (is_pcp_hopeful(portmap)) {
        return;
    }
    for (size_t i = PORTMAP_PROTOCOL_NATPMP; i < PORTMAP_PROTOCOLS; i++, way++) {
        if (way->state == PORTMAP_STATE_ASKING) {
            return;
        }
        if (way->state == PORTMAP_STATE_FOUND) {
            (void)pcp_end(&portmap->pcp, out); /* its answer, if it still comes, has no use */
            way->state = PORTMAP_STATE_MAPPING;
            way->due = now;
            return;
        }
    }
    if (!mono_before(portmap->again_at, MONO_NEVER)) {
        portmap->again_at = mono_add_ms(now, portmap->again_ms);
        portmap->again_ms = portmap->again_ms < PORTMAP_AGAIN_MS_MAX / 2
                                ? portmap->again_ms * 2
                                : (uint64_t)PORTMAP_AGAIN_MS_MAX;
    }
}

/* The router was restarted or has another address, or somebody says so: it is asked soon. By PCP,
 * too: its epoch tells nothing if it had only just begun before. */
static void ask_soon(struct portmap *portmap, struct mono now)
{
    struct portmap_way *way = way_first(portmap);

    if (mono_before(now, portmap->broadcast_at)) {
        return;
    }
    portmap->broadcast_at = mono_add_ms(now, PORTMAP_BROADCAST_MS);
    pcp_doubt(&portmap->pcp, now);
    if (mono_before(portmap->again_at, MONO_NEVER)) {
        portmap->again_at = now;
    }
    for (size_t i = PORTMAP_PROTOCOL_NATPMP; i < PORTMAP_PROTOCOLS; i++, way++) {
        if (way->state == PORTMAP_STATE_MAPPED) {
            way->due = mono_min(way->due, mono_add_ms(now, env_random_below(portmap->env, 500)));
        }
    }
}

void portmap_on_datagram(struct portmap *portmap, const struct endpoint *from, const uint8_t *data,
                         size_t size, struct mono now)
{
    if (portmap->on && endpoint_equal(from, &portmap->place.router)) {
        if (portmap->finds) {
            pcp_find_on_datagram(&portmap->find, data, size);
            return;
        }
        (void)pcp_on_datagram(&portmap->pcp, from, data, size, now);
        choose(portmap, now);
    }
}

void portmap_on_broadcast(struct portmap *portmap, const struct endpoint *from, const uint8_t *data,
                          size_t size, struct mono now)
{
    struct pcp_answer answer;

    if (portmap->on && !portmap->finds && endpoint_equal(from, &portmap->place.router) &&
        (pcp_is_natpmp_broadcast(data, size) || (pcp_answer_decode(&answer, data, size) == ERR_OK &&
                                                 answer.opcode == PCP_OPCODE_ANNOUNCE))) {
        ask_soon(portmap, now);
    }
}

size_t portmap_expire(struct portmap *portmap, uint8_t out[PCP_MAP_SIZE], struct mono now)
{
    struct portmap_way *way = way_first(portmap);

    if (!portmap->on) {
        return 0;
    }
    if (mono_due(portmap->again_at, now)) {
        ask_all(portmap, now);
    }
    for (size_t i = PORTMAP_PROTOCOL_NATPMP; i < PORTMAP_PROTOCOLS; i++, way++) {
        if (way->state == PORTMAP_STATE_MAPPED && mono_due(way->expires_at, now)) {
            way->state = PORTMAP_STATE_SILENT;
            way->due = MONO_NEVER;
        }
    }
    if (mono_due(portmap->patience_until, now)) {
        portmap->patience_until = MONO_NEVER;
        portmap->patient = false;
    }
    choose(portmap, now);
    return portmap->finds ? pcp_find_expire(&portmap->find, out, now)
                          : pcp_expire(&portmap->pcp, out, now);
}

static void job_fill(const struct portmap *portmap, const struct portmap_way *way,
                     enum portmap_verb verb, struct portmap_job *job)
{
    *job = (struct portmap_job){
        .protocol = protocol_of(portmap, way),
        .verb = verb,
        .router = portmap->place.router,
        .internal = portmap->place.internal,
        .external_port = way->external.port,
        .lifetime_s = PORTMAP_LIFETIME_S,
    };
}

bool portmap_job(struct portmap *portmap, struct portmap_job *job, struct mono now)
{
    struct portmap_way *way = way_first(portmap);

    for (size_t i = PORTMAP_PROTOCOL_NATPMP; portmap->on && i < PORTMAP_PROTOCOLS; i++, way++) {
        if (!way->busy && mono_due(way->due, now)) {
            way->busy = true;
            job_fill(portmap, way,
                     way->state == PORTMAP_STATE_ASKING ? PORTMAP_VERB_FIND : PORTMAP_VERB_MAP,
                     job);
            return true;
        }
    }
    return false;
}

static void on_found(struct portmap_way *way, const struct portmap_result *result)
{
    static const enum portmap_state states[] = {
        [PORTMAP_OUTCOME_SILENT] = PORTMAP_STATE_SILENT,
        [PORTMAP_OUTCOME_DONE] = PORTMAP_STATE_FOUND,
        [PORTMAP_OUTCOME_REFUSED] = PORTMAP_STATE_REFUSED,
    };

    way->state = states[result->outcome];
    memcpy(way->external.ip, result->external.ip, sizeof(way->external.ip));
    way->code = result->code;
    way->due = MONO_NEVER;
}

static void on_mapped(struct portmap *portmap, struct portmap_way *way,
                      const struct portmap_result *result, struct mono now)
{
    uint64_t most_ms = protocol_of(portmap, way) == PORTMAP_PROTOCOL_NATPMP
                           ? PORTMAP_NATPMP_RENEW_MS
                           : PORTMAP_UPNP_RENEW_MS;
    uint64_t lifetime_s = result->lifetime_s != 0 && result->lifetime_s < PORTMAP_LIFETIME_S
                              ? result->lifetime_s
                              : (uint64_t)PORTMAP_LIFETIME_S;
    uint64_t lifetime_ms =
        MS_PER_S * (lifetime_s > PORTMAP_LIFETIME_S_MIN ? lifetime_s : PORTMAP_LIFETIME_S_MIN);

    way->state = PORTMAP_STATE_MAPPED;
    way->external = result->external;
    way->refused = 0;
    way->expires_at = mono_add_ms(now, lifetime_ms);
    way->due = mono_add_ms(now, lifetime_ms / 2 < most_ms ? lifetime_ms / 2 : most_ms);
    portmap->again_ms = PORTMAP_AGAIN_MS_MIN;
}

/* A mapping was not made or not renewed. */
static void on_unmapped(struct portmap *portmap, struct portmap_way *way,
                        const struct portmap_result *result, struct mono now)
{
    if (result->outcome == PORTMAP_OUTCOME_SILENT) {
        bool keeps = way->state == PORTMAP_STATE_MAPPED;

        way->state = keeps ? PORTMAP_STATE_MAPPED : PORTMAP_STATE_SILENT;
        way->due = keeps ? mono_add_ms(now, PORTMAP_RETRY_MS) : MONO_NEVER;
        return;
    }
    way->refused++;
    way->code = result->code;
    if (way->refused < PORTMAP_PORTS_MAX) {
        way->external = (struct endpoint){.port = pcp_port_other(portmap->env)};
        way->state = PORTMAP_STATE_MAPPING;
        way->due = now;
    } else {
        way->state = PORTMAP_STATE_REFUSED;
        way->due = MONO_NEVER;
    }
}

void portmap_done(struct portmap *portmap, const struct portmap_job *job,
                  const struct portmap_result *result, struct mono now)
{
    struct portmap_way *way = &portmap->ways[job->protocol];
    bool stale = way->stale;

    way->busy = way->stale = false;
    if (!portmap->on || stale) {
        return;
    }
    if (job->verb == PORTMAP_VERB_FIND) {
        on_found(way, result);
    } else if (result->outcome == PORTMAP_OUTCOME_DONE && result->external.port != 0) {
        on_mapped(portmap, way, result, now);
    } else {
        on_unmapped(portmap, way, result, now);
    }
    choose(portmap, now);
}

struct mono portmap_deadline(const struct portmap *portmap)
{
    struct mono at;

    if (!portmap->on) {
        return MONO_NEVER;
    }
    at = portmap->finds ? pcp_find_deadline(&portmap->find) : pcp_deadline(&portmap->pcp);
    at = mono_min(at, portmap->again_at);
    at = mono_min(at, portmap->patience_until);
    for (size_t i = PORTMAP_PROTOCOL_NATPMP; i < PORTMAP_PROTOCOLS; i++) {
        const struct portmap_way *way = &portmap->ways[i];

        if (!way->busy) {
            at = mono_min(at, way->due);
        }
        if (way->state == PORTMAP_STATE_MAPPED) {
            at = mono_min(at, way->expires_at);
        }
    }
    return at;
}

const struct endpoint *portmap_external(const struct portmap *portmap,
                                        enum portmap_protocol *protocol)
{
    const struct portmap_way *way = way_in_use(portmap);

    if (!portmap->on) {
        return NULL;
    }
    *protocol = PORTMAP_PROTOCOL_PCP;
    if (way != NULL) {
        *protocol = protocol_of(portmap, way);
        return way->state == PORTMAP_STATE_MAPPED ? &way->external : NULL;
    }
    return pcp_external(&portmap->pcp);
}

/* An address of the internet or of a provider's network, as the router has it outside. */
static bool is_outside(const struct endpoint *e)
{
    return endpoint_is_v4(e) && !endpoint_is_none(e) && endpoint_scope(e) != ENDPOINT_SCOPE_NEVER;
}

struct endpoint portmap_outside(const struct portmap *portmap)
{
    enum portmap_protocol protocol;
    const struct endpoint *external = portmap_external(portmap, &protocol);
    struct endpoint out = {.port = 0};

    if (external != NULL && is_outside(external)) {
        out = *external;
    }
    for (size_t i = PORTMAP_PROTOCOL_NATPMP; portmap->on && i < PORTMAP_PROTOCOLS; i++) {
        const struct portmap_way *way = &portmap->ways[i];

        if (endpoint_is_none(&out) && way->state == PORTMAP_STATE_FOUND &&
            is_outside(&way->external)) {
            out = way->external;
        }
    }
    out.port = 0;
    return out;
}

bool portmap_lacks_outside(const struct portmap *portmap)
{
    static const uint8_t zero[4];
    const struct portmap_way *natpmp = &portmap->ways[PORTMAP_PROTOCOL_NATPMP];
    const struct portmap_way *upnp = &portmap->ways[PORTMAP_PROTOCOL_UPNP];
    const struct endpoint outside = portmap_outside(portmap);

    if (!portmap->on || !endpoint_is_none(&outside)) {
        return false;
    }
    return (natpmp->state == PORTMAP_STATE_REFUSED && natpmp->code == NATPMP_NETWORK_FAILURE) ||
           (upnp->state == PORTMAP_STATE_FOUND && endpoint_is_v4(&upnp->external) &&
            memcmp(upnp->external.ip + 12, zero, sizeof(zero)) == 0);
}

static enum portmap_state found_state(const struct pcp_find *find)
{
    static const enum portmap_state states[] = {
        [PCP_FIND_STATE_OFF] = PORTMAP_STATE_OFF,
        [PCP_FIND_STATE_ASKING] = PORTMAP_STATE_ASKING,
        [PCP_FIND_STATE_FOUND] = PORTMAP_STATE_FOUND,
        [PCP_FIND_STATE_REFUSED] = PORTMAP_STATE_REFUSED,
        [PCP_FIND_STATE_SILENT] = PORTMAP_STATE_SILENT,
    };

    return states[find->state];
}

enum portmap_state portmap_state(const struct portmap *portmap, enum portmap_protocol protocol)
{
    const struct pcp_mapping *pcp = &portmap->pcp;

    if (!portmap->on || protocol != PORTMAP_PROTOCOL_PCP) {
        return portmap->on ? portmap->ways[protocol].state : PORTMAP_STATE_OFF;
    }
    if (portmap->finds) {
        return found_state(&portmap->find);
    }
    if (pcp_external(pcp) != NULL) {
        return PORTMAP_STATE_MAPPED;
    }
    if (pcp->state == PCP_STATE_ASKING) {
        return PORTMAP_STATE_ASKING;
    }
    return pcp->result == PCP_RESULT_SUCCESS || pcp->natpmp ? PORTMAP_STATE_SILENT
                                                            : PORTMAP_STATE_REFUSED;
}

bool portmap_is_asking(const struct portmap *portmap)
{
    for (int i = 0; i < PORTMAP_PROTOCOLS; i++) {
        enum portmap_state state = portmap_state(portmap, (enum portmap_protocol)i);

        if (state == PORTMAP_STATE_MAPPING ||
            (state == PORTMAP_STATE_ASKING &&
             (i != PORTMAP_PROTOCOL_PCP || portmap->patient || portmap->finds))) {
            return true;
        }
    }
    return false;
}

size_t portmap_end(struct portmap *portmap, uint8_t out[PCP_MAP_SIZE], struct portmap_job *job,
                   bool *is_job)
{
    const struct portmap_way *way = way_in_use(portmap);
    size_t size = 0;

    *is_job = false;
    if (portmap->on && way != NULL) {
        job_fill(portmap, way, PORTMAP_VERB_END, job);
        *is_job = true;
    } else if (portmap->on && pcp_end(&portmap->pcp, out)) {
        size = PCP_MAP_SIZE;
    }
    portmap_stop(portmap);
    return size;
}

const char *portmap_protocol_name(enum portmap_protocol protocol)
{
    static const char *const names[] = {"PCP", "NAT-PMP", "UPnP"};

    return names[protocol];
}

const char *portmap_protocol_label(enum portmap_protocol protocol)
{
    static const char *const labels[] = {"pcp", "natpmp", "upnp"};

    return labels[protocol];
}
