/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Endpoints as ngtcp2 sees them: always a sockaddr_in6, IPv4 in its mapped form, so that paths
 * compare without a case for the family.
 */
#pragma once

#include "proto/net/endpoint.h"

#include <ngtcp2/ngtcp2.h>

/** A path with its own memory; it must not move after address_path. */
struct address_path {
    ngtcp2_sockaddr_in6 local, remote;
    ngtcp2_path path;
};

/** Fill in a path from two endpoints. */
void address_path(struct address_path *out, const struct endpoint *local,
                  const struct endpoint *remote);

/** The endpoint of an address that address_path made; all zero if it is none. */
struct endpoint address_endpoint(const ngtcp2_addr *addr);
