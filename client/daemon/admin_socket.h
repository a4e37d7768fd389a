/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's control socket. "down" ends the loop; every other request is answered by
 * client/admin, and the answer to "status" is completed with what the core cannot know.
 */
#pragma once

#include "client/daemon/host.h"
#include "client/daemon/magic_dns.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"

struct control_server;

struct admin_socket {
    struct host *host;
    const struct magic_dns *dns;
    struct control_server *server;
};

/** Serve at place->socket of the host, and make its directory. Members of the group `operator` of
 * the configuration, or of the group ziglan if there is one, may look. host and dns are borrowed
 * and outlive it. ERR_LIMIT if another daemon answers there, ERR_SYSTEM, ERR_NOMEM, all with fault;
 * admin_socket_close is legal then, too. */
int admin_socket_open(struct admin_socket *admin, struct host *host, const struct magic_dns *dns,
                      struct fault *fault) MUST_CHECK;

/** Close it, and remove the socket file. One of zeros is fine. */
void admin_socket_close(struct admin_socket *admin);
