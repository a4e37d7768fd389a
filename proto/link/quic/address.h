/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Endpoints in the form that ngtcp2 knows: each is a sockaddr_in6, with IPv4 in its mapped form, so
 * that comparing paths needs no case for the family.
 */
#pragma once

#include "proto/net/endpoint.h"

#include <ngtcp2/ngtcp2.h>

/** A path and the addresses that it points to. It must not be moved or copied once it is filled in.
 */
struct address_path {
    ngtcp2_sockaddr_in6 local, remote;
    ngtcp2_path path;
};

/** Fill in a path from two endpoints. */
void address_path(struct address_path *out, const struct endpoint *local,
                  const struct endpoint *remote);

/** The endpoint of an address of such a path; all zero if it has another length. */
struct endpoint address_endpoint(const ngtcp2_addr *addr);
