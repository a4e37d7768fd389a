/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Refusals carry the numbers of the router, which its manual or log explains. */
#include "proto/portmap/portmap_text.h"

#include <stdio.h>
#include <string.h>

static int code_of(const struct portmap *portmap, enum portmap_protocol protocol)
{
    if (protocol == PORTMAP_PROTOCOL_PCP) {
        return portmap->finds ? portmap->find.result : portmap->pcp.result;
    }
    return portmap->ways[protocol].code;
}

const char *portmap_refusals(const struct portmap *portmap, char text[PORTMAP_REFUSALS_SIZE])
{
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < PORTMAP_PROTOCOLS; i++) {
        enum portmap_protocol protocol = (enum portmap_protocol)i;

        if (portmap_state(portmap, protocol) == PORTMAP_STATE_REFUSED &&
            used < PORTMAP_REFUSALS_SIZE) {
            int size = snprintf(text + used, PORTMAP_REFUSALS_SIZE - used, "%s%s error %d",
                                used > 0 ? ", " : "", portmap_protocol_name(protocol),
                                code_of(portmap, protocol));

            used += size > 0 ? (size_t)size : 0;
        }
    }
    return text;
}

const char *portmap_text(const struct portmap *portmap, char text[PORTMAP_TEXT_SIZE])
{
    static const uint8_t no_ip[16];
    enum portmap_protocol protocol;
    const struct endpoint *external = portmap_external(portmap, &protocol);
    char router[ENDPOINT_TEXT_SIZE], address[ENDPOINT_TEXT_SIZE], refused[PORTMAP_REFUSALS_SIZE];
    unsigned port = portmap->place.internal.port;

    (void)endpoint_ip_text(&portmap->place.router, router);
    if (external != NULL && memcmp(external->ip, no_ip, sizeof(no_ip)) == 0) {
        (void)snprintf(text, PORTMAP_TEXT_SIZE, "port %u by %s of the router at %s",
                       (unsigned)external->port, portmap_protocol_name(protocol), router);
    } else if (external != NULL) {
        bool is_double = endpoint_scope(external) != ENDPOINT_SCOPE_GLOBAL;

        (void)snprintf(text, PORTMAP_TEXT_SIZE, "%s by %s of the router at %s%s",
                       endpoint_text(external, address), portmap_protocol_name(protocol), router,
                       is_double ? "; that is a private address, so another router is before it"
                                 : "");
    } else if (portmap_is_asking(portmap)) {
        (void)snprintf(text, PORTMAP_TEXT_SIZE, "none yet: the router at %s is being asked",
                       router);
    } else if (portmap_refusals(portmap, refused)[0] != '\0') {
        (void)snprintf(
            text, PORTMAP_TEXT_SIZE,
            "none: the router at %s refuses (%s); let it, or forward UDP port %u to this "
            "machine there",
            router, refused, port);
    } else {
        (void)snprintf(
            text, PORTMAP_TEXT_SIZE,
            "none: the router at %s answers neither PCP, NAT-PMP nor UPnP; switch one of "
            "them on, or forward UDP port %u to this machine there",
            router, port);
    }
    return text;
}
