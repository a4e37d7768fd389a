/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A struct sockaddr_in6 is the larger one, so it holds the names of both families.
 */
#include "proto/host/socket_name.h"

#include <string.h>

socklen_t socket_name_of(struct sockaddr_in6 *name, const struct endpoint *e, int family)
{
    static const uint8_t zero[16];

    memset(name, 0, sizeof(*name));
    if (family == AF_INET && (endpoint_is_v4(e) || memcmp(e->ip, zero, sizeof(zero)) == 0)) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)name;

        v4->sin_family = AF_INET;
        v4->sin_port = htons(e->port);
        memcpy(&v4->sin_addr, e->ip + 12, 4);
        return sizeof(*v4);
    }
    name->sin6_family = AF_INET6;
    name->sin6_port = htons(e->port);
    memcpy(&name->sin6_addr, e->ip, 16);
    return sizeof(*name);
}

struct endpoint endpoint_of_socket_name(const struct sockaddr_in6 *name)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)name;
    uint8_t ip[16];

    if (name->sin6_family == AF_INET) {
        memcpy(ip, &v4->sin_addr, 4);
        return endpoint_v4(ip, ntohs(v4->sin_port));
    }
    memcpy(ip, &name->sin6_addr, 16);
    return endpoint_v6(ip, ntohs(name->sin6_port));
}
