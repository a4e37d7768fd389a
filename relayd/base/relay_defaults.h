/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a relay does where its owner says nothing: for the core, where a setting is 0, and for the
 * reader of the configuration file.
 */
#pragma once

enum {
    RELAY_SESSION_MAX_DEFAULT = 10000,
    RELAY_WATCH_MAX_DEFAULT = 10000,
    RELAY_POOL_MAX_DEFAULT = 500,
    RELAY_STUN_PER_ADDR_PER_S_DEFAULT = 10,
    RELAY_STUN_PER_S_DEFAULT = 20000,
    RELAY_WORKERS_MAX = 16, /* no default, but what both hold to */
};
