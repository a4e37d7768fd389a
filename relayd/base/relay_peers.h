/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Relays that the operator names: with them this relay always tries to have a session, and by one
 * of them it comes to know all others.
 */
#pragma once

#include "proto/wire/url.h"

#include <stddef.h>
#include <stdint.h>

enum { RELAY_PEERS_MAX = 16 };

/** One of them, as a relay:// URL says it. */
struct relay_peer {
    uint8_t key[KEY_SIZE];
    struct url_host host;
};

struct relay_peers {
    struct relay_peer list[RELAY_PEERS_MAX];
    size_t count;
};
