/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Endpoints as the system calls of sockets take and give them.
 */
#pragma once

#include "proto/net/endpoint.h"

#include <netinet/in.h>
#include <sys/socket.h>

/** Write the endpoint as the name of a socket of this family, AF_INET or AF_INET6; *name has room
 * for both. On an IPv4 socket an IPv6 address keeps its family, so that the kernel refuses it; only
 * one of all zeros becomes 0.0.0.0. Returns the size of the name. */
socklen_t socket_name_of(struct sockaddr_in6 *name, const struct endpoint *e, int family);

/** The endpoint of a name of either family. */
struct endpoint endpoint_of_socket_name(const struct sockaddr_in6 *name);
