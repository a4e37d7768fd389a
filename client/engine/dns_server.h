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
    DNS_TCP_CLIENTS_MAX = 16,
    DNS_TCP_IDLE_MS = 5000,
};

/** Bind `listen_at` (port 53) on both transports. config is copied; what its lookup points to is
 * borrowed. ERR_SYSTEM (address missing, port taken, no permission), ERR_NOMEM. */
int dns_server_open(struct dns_server **out, struct ev_loop *loop, const struct endpoint *listen_at,
                    const struct dns_config *config, struct fault *fault) MUST_CHECK;
void dns_server_close(struct dns_server *server);
