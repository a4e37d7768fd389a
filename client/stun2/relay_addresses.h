/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The addresses of a host's relays, of which it asks by STUN what its NAT does (client/netcheck).
 */
#pragma once

#include "client/stun2/relay_set.h"

#include <stdbool.h>
#include <stddef.h>

/** Write the addresses of one family, each relay's once, at most `capacity`: first where there is
 * an open session. Returns how many. */
size_t relay_addresses(const struct relay_set *set, bool v4, struct endpoint *out, size_t capacity);
