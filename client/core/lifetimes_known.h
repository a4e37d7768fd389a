/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a host knows of lifetimes of mappings (lifetimes.h), by network. Values in the core.
 */
#pragma once

#include "client/netcheck/lifetime.h"
#include "proto/base/mono.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LIFETIMES_MAX = 16, /* networks remembered */
    LIFETIMES_NETWORK_SIZE = 8,
    /* Measurements that nobody asked for: so long after this host came somewhere, between two
     * anywhere, and between two in one network. */
    LIFETIMES_SETTLE_MS = 30 * 1000,
    LIFETIMES_EVERY_MS = 10 * 60 * 1000,
    LIFETIMES_AGAIN_MS = 60 * 60 * 1000,
    LIFETIMES_CHANGE_MS = 5000, /* beyond the former keepalive, until a new one is in force */
    LIFETIMES_SILENCES = 2,     /* the first packet after so many got lost: that is no accident */
};

struct lifetimes_known {
    uint8_t network[LIFETIMES_NETWORK_SIZE]; /* a hash */
    struct lifetime_found found;
    uint64_t measured_ms;      /* by the wall clock */
    uint32_t keepalive_ms_max; /* since mappings died early; 0: none did */
};

struct lifetimes {
    bool loaded;
    struct lifetimes_known list[LIFETIMES_MAX]; /* the one that was written last comes first */
    size_t count;
    uint8_t network[LIFETIMES_NETWORK_SIZE]; /* where this host is */
    bool somewhere;                          /* that is known */
    bool doubted;                            /* a mapping died early here */
    uint32_t keepalive_ms_max;               /* for that reason; 0: none */
    struct mono judged_from;           /* mappings that die before were kept as before a change */
    uint64_t silences_lost;            /* as many count already (host_counters.h) */
    struct mono next_at, spared_until; /* no measurement begins before that nobody asked for */
};
