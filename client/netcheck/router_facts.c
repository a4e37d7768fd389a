/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two addresses are compared: what the router says, and what relays see. */
#include "client/netcheck/router_facts.h"

#include <string.h>

void router_facts_read(struct router_facts *out, const struct portmap *portmap)
{
    enum portmap_protocol protocol;

    *out = (struct router_facts){.asked = portmap->on};
    if (!portmap->on) {
        return;
    }
    out->router = portmap->place.router;
    out->router.port = 0;
    out->outside = portmap_outside(portmap);
    out->lacks_outside = portmap_lacks_outside(portmap);
    out->mapped = portmap_external(portmap, &protocol) != NULL;
    for (int i = 0; i < PORTMAP_PROTOCOLS; i++) {
        out->states[i] = portmap_state(portmap, (enum portmap_protocol)i);
    }
}

enum router_nats router_facts_nats(const struct router_facts *router, const struct nat_facts *ipv4)
{
    if (ipv4->answered && router->lacks_outside) {
        return ROUTER_NATS_TWO; /* and yet packets come to the internet by it */
    }
    if (!ipv4->answered || endpoint_is_none(&router->outside)) {
        return ROUTER_NATS_UNKNOWN;
    }
    if (endpoint_same_ip(&router->outside, &ipv4->mapped)) {
        return ROUTER_NATS_ONE;
    }
    /* A router with several addresses of the internet tells only one of them. */
    return ipv4->addresses > 1 && endpoint_scope(&router->outside) == ENDPOINT_SCOPE_GLOBAL
               ? ROUTER_NATS_UNKNOWN
               : ROUTER_NATS_TWO;
}

enum portmap_protocol router_facts_speaks(const struct router_facts *router)
{
    for (int i = 0; i < PORTMAP_PROTOCOLS; i++) {
        enum portmap_state state = router->states[i];

        if (state == PORTMAP_STATE_FOUND || state == PORTMAP_STATE_MAPPING ||
            state == PORTMAP_STATE_MAPPED || state == PORTMAP_STATE_REFUSED) {
            return (enum portmap_protocol)i;
        }
    }
    return PORTMAP_PROTOCOLS;
}
