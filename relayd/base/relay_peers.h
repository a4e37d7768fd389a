/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Relays that the operator names: with them this relay always tries to have a session, and by one
 * of them it comes to know all others.
 */
#pragma once

#include "proto/wire/url.h"

#include <stddef.h>

enum { RELAY_PEERS_MAX = 16 };

struct relay_peers {
    struct url_relay list[RELAY_PEERS_MAX];
    size_t count;
};
