/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The prefix of an address as one number, by which relays are counted: somebody has many addresses,
 * but few networks. Pure.
 */
#pragma once

#include "proto/net/endpoint.h"

#include <stdint.h>

/** The network of an address: its IPv4 /24 or IPv6 /48. */
uint64_t node_prefix(const struct endpoint *address);

/** The large network of an address: its IPv4 /16 or IPv6 /32. */
uint64_t node_prefix_wide(const struct endpoint *address);
