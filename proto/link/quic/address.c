/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From endpoints to sockaddr_in6 and back. */
#include "proto/link/quic/address.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static void write_address(ngtcp2_sockaddr_in6 *out, const struct endpoint *e)
{
    memset(out, 0, sizeof(*out));
    out->sin6_family = AF_INET6;
    out->sin6_port = htons(e->port);
    memcpy(&out->sin6_addr, e->ip, sizeof(e->ip));
}

void address_path(struct address_path *out, const struct endpoint *local,
                  const struct endpoint *remote)
{
    write_address(&out->local, local);
    write_address(&out->remote, remote);
    out->path.local.addr = (ngtcp2_sockaddr *)&out->local;
    out->path.local.addrlen = sizeof(out->local);
    out->path.remote.addr = (ngtcp2_sockaddr *)&out->remote;
    out->path.remote.addrlen = sizeof(out->remote);
    out->path.user_data = NULL;
}

struct endpoint address_endpoint(const ngtcp2_addr *addr)
{
    struct endpoint e = {.port = 0};
    ngtcp2_sockaddr_in6 in6;

    if (addr->addrlen == sizeof(in6)) {
        memcpy(&in6, addr->addr, sizeof(in6));
        memcpy(e.ip, &in6.sin6_addr, sizeof(e.ip));
        e.port = ntohs(in6.sin6_port);
    }
    return e;
}
