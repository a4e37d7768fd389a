/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a host knows of a network (networks.h). Values in the core.
 */
#pragma once

#include "client/netcheck/lifetime.h"
#include "client/netcheck/nat_facts.h"
#include "client/stun2/guess.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NETWORKS_MAX = 16, NETWORKS_ID_SIZE = 8 };

/** What the NAT is (nat.h). */
struct network_nat {
    enum nat_name name;       /* UNKNOWN: it was not measured */
    struct guess_ports ports; /* that it gives */
    uint64_t measured_ms;     /* by the wall clock */
};

/** For how long it remembers mappings (lifetimes.h). */
struct network_lifetime {
    struct lifetime_found found;
    uint64_t measured_ms;      /* by the wall clock; 0: it was not measured */
    uint32_t keepalive_ms_max; /* since mappings died early; 0: none did */
};

struct network_known {
    uint8_t id[NETWORKS_ID_SIZE]; /* a hash */
    struct network_nat nat;
    struct network_lifetime lifetime;
};

struct networks {
    bool loaded;
    struct network_known list[NETWORKS_MAX]; /* the one that was entered last comes first */
    size_t count;
};
