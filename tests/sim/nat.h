/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A NAT in the words of RFC 4787: how it maps, what it lets in, how it chooses ports, how long a
 * mapping lives, whether it hairpins. A stateful firewall without translation (IPv6) is the same
 * thing with mappings that change nothing. Time is a parameter.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "tests/support/rng.h"

#include <stdbool.h>
#include <stdint.h>

enum nat_rule {
    NAT_ENDPOINT_INDEPENDENT,
    NAT_ADDRESS_DEPENDENT,
    NAT_ADDRESS_AND_PORT_DEPENDENT,
};

enum {
    NAT_MAPPINGS_MAX = 256,
    NAT_CONTACTS_MAX = 32, /* per mapping */
};

struct nat_kind {
    bool translates;       /* false: a firewall */
    enum nat_rule mapping; /* a firewall's is endpoint-independent */
    enum nat_rule filtering;
    bool port_preserving; /* else random ports */
    bool hairpin;
    uint32_t lifetime_s; /* of a mapping without outbound packets (RFC 4787, REQ-6) */
};

struct nat_contact {
    struct endpoint remote;
    struct mono last_at; /* of an outbound packet */
};

struct nat_mapping {
    struct endpoint inside, external;
    struct endpoint remote; /* whom it is for: as much of it as the mapping rule looks at */
    struct mono last_at;
    struct nat_contact contacts[NAT_CONTACTS_MAX];
    size_t contacts_count;
};

struct nat {
    struct nat_kind kind;
    struct endpoint address; /* outside; port 0 */
    struct rng rng;
    struct nat_mapping mappings[NAT_MAPPINGS_MAX];
    size_t mappings_count, mappings_most;
};

enum nat_verdict {
    NAT_PASSED,
    NAT_UNMAPPED, /* no mapping has this outside port */
    NAT_FILTERED,
    NAT_FULL,
};

/** A NAT without any mapping; rng is copied. */
void nat_init(struct nat *nat, const struct nat_kind *kind, const struct endpoint *address,
              const struct rng *rng);

/** A packet goes from inside to remote: *external is its source from now on. */
enum nat_verdict nat_outbound(struct nat *nat, const struct endpoint *inside,
                              const struct endpoint *remote, struct endpoint *external,
                              struct mono now);

/** A packet comes from remote to external: *inside is its destination from now on. */
enum nat_verdict nat_inbound(struct nat *nat, const struct endpoint *external,
                             const struct endpoint *remote, struct endpoint *inside,
                             struct mono now);

/** It was switched off and on: all mappings are lost. */
void nat_reboot(struct nat *nat);

/** "map=AD filter=APD random 60s", for logs. Returns text. */
const char *nat_kind_text(const struct nat_kind *kind, char text[80]);
