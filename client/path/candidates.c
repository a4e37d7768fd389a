/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which addresses of ours are told, and which of a peer's are near. */
#include "client/path/candidates.h"

#include <string.h>

static bool is_listed(const struct own_addresses *underlay, const struct host_local_addr *addr)
{
    for (size_t i = 0; i < underlay->count; i++) {
        if (underlay->addrs[i].prefix_bits == addr->prefix_bits &&
            memcmp(underlay->addrs[i].ip, addr->ip, sizeof(addr->ip)) == 0) {
            return true;
        }
    }
    return false;
}

bool own_addresses_set(struct own_addresses *underlay, const struct host_local_addr *addrs,
                       size_t count, uint16_t port)
{
    struct own_addresses next = {
        .port = port, .sequence = underlay->sequence, .mapped = underlay->mapped};
    bool more = port != underlay->port;

    next.count = count < OWN_ADDRESSES_MAX ? count : OWN_ADDRESSES_MAX;
    for (size_t i = 0; i < next.count; i++) {
        next.addrs[i] = addrs[i];
        more = more || !is_listed(underlay, &addrs[i]);
    }
    if (more || next.count != underlay->count) {
        next.sequence++;
    }
    *underlay = next;
    return more;
}

bool own_addresses_set_mapped(struct own_addresses *underlay, const struct endpoint *mapped)
{
    static const struct endpoint none;
    const struct endpoint *next = mapped != NULL ? mapped : &none;
    bool differs = !endpoint_equal(next, &underlay->mapped);

    underlay->mapped = *next;
    underlay->sequence += differs ? 1 : 0;
    return differs;
}

bool own_addresses_on_lan(const struct own_addresses *underlay, const struct endpoint *e)
{
    for (size_t i = 0; i < underlay->count; i++) {
        if (address_has_in_prefix(&underlay->addrs[i], e->ip)) {
            return true;
        }
    }
    return false;
}

/* Private, and not only on one link. */
static bool is_site_private(const struct endpoint *e)
{
    bool link_local = endpoint_is_v4(e) ? e->ip[12] == 169 : e->ip[0] == 0xfe;

    return endpoint_scope(e) == ENDPOINT_SCOPE_LAN && !link_local;
}

bool own_addresses_may_reach_private(const struct own_addresses *underlay, const struct endpoint *e)
{
    for (size_t i = 0; is_site_private(e) && i < underlay->count; i++) {
        struct endpoint own = endpoint_v6(underlay->addrs[i].ip, 0);

        if (endpoint_is_v4(&own) == endpoint_is_v4(e) && is_site_private(&own)) {
            return true;
        }
    }
    return false;
}

bool own_addresses_have(const struct own_addresses *underlay, const struct endpoint *e)
{
    for (size_t i = 0; i < underlay->count; i++) {
        if (e->port == underlay->port && memcmp(underlay->addrs[i].ip, e->ip, sizeof(e->ip)) == 0) {
            return true;
        }
    }
    return !endpoint_is_none(e) && endpoint_equal(e, &underlay->mapped);
}

void own_addresses_candidates(const struct own_addresses *underlay, struct intunnel_candidates *out)
{
    *out = (struct intunnel_candidates){.sequence = underlay->sequence};
    if (!endpoint_is_none(&underlay->mapped)) {
        out->list[out->count++] = underlay->mapped;
    }
    for (size_t i = 0; i < underlay->count && out->count < INTUNNEL_CANDIDATES_MAX; i++) {
        struct endpoint e = endpoint_v6(underlay->addrs[i].ip, underlay->port);

        if (endpoint_scope(&e) != ENDPOINT_SCOPE_NEVER) {
            out->list[out->count++] = e;
        }
    }
}

bool candidates_learn(struct candidates *candidates, const struct intunnel_candidates *list)
{
    if (list->sequence <= candidates->list.sequence) {
        return false;
    }
    candidates->list = *list;
    return true;
}
