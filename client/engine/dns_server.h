/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Serves Magic DNS on UDP and TCP at one local address, from the loop.
 */
#pragma once

#include "client/names/dns.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/net/endpoint.h"

struct ev_loop;
struct dns_server;

enum {
    DNS_TCP_CLIENTS_MAX = 16, /* at a time; more are closed at once */
    DNS_TCP_CLIENT_MS = 5000, /* a TCP client is closed after so long, whatever it does */
};

/** Bind `listen_at` on both transports and serve. config is copied; what its lookup points to is
 * borrowed and outlives the server. *out is NULL on error, with fault: ERR_SYSTEM (address missing,
 * port taken, no permission), ERR_NOMEM. */
int dns_server_open(struct dns_server **out, struct ev_loop *loop, const struct endpoint *listen_at,
                    const struct dns_config *config, struct fault *fault) MUST_CHECK;

/** Close both sockets and all clients. NULL is fine. */
void dns_server_close(struct dns_server *server);
