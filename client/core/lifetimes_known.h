/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a host does about lifetimes of mappings (lifetimes.h) where it is. Values in the core.
 */
#pragma once

#include "client/core/networks_known.h"
#include "proto/base/mono.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Measurements that nobody asked for: so long after this host came somewhere, between two
     * anywhere, and between two in one network. */
    LIFETIMES_SETTLE_MS = 30 * 1000,
    LIFETIMES_EVERY_MS = 10 * 60 * 1000,
    LIFETIMES_AGAIN_MS = 60 * 60 * 1000,
    LIFETIMES_CHANGE_MS = 5000, /* beyond the former keepalive, until a new one is in force */
    LIFETIMES_SILENCES = 2,     /* the first packet after so many got lost: that is no accident */
};

struct lifetimes {
    uint8_t network[NETWORKS_ID_SIZE]; /* where this host is */
    bool somewhere;                    /* that is known */
    bool doubted;                      /* a mapping died early here */
    uint32_t keepalive_ms_max;         /* for that reason; 0: none */
    struct mono judged_from;           /* mappings that die before were kept as before a change */
    uint64_t silences_lost;            /* as many count already (host_counters.h) */
    struct mono next_at, spared_until; /* no measurement begins before that nobody asked for */
};
