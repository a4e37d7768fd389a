/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A NAT in the words of RFC 4787: how it maps, what it lets in, how it chooses ports, how long a
 * mapping lives, and whether it hairpins. A stateful firewall (IPv6) is a NAT whose mappings change
 * nothing. Time is a parameter.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "tests/support/rng.h"

#include <stdbool.h>
#include <stdint.h>

/** Which part of the remote endpoint a mapping, or the filtering, depends on. */
enum nat_rule {
    NAT_ENDPOINT_INDEPENDENT,
    NAT_ADDRESS_DEPENDENT,
    NAT_ADDRESS_AND_PORT_DEPENDENT,
};

/* As many as a host makes that guesses ports: hundreds of sockets, thousands of remotes. */
enum {
    NAT_MAPPINGS_MAX = 4096,
    NAT_CONTACTS_MAX = 8192, /* of all mappings */
    NAT_OWN_MAX = 2048,
    NAT_OWN_MS = 30000,
    NAT_KEPT_MS = 2000,
};

struct nat_kind {
    bool translates;       /* false: a firewall */
    enum nat_rule mapping; /* endpoint-independent if it is a firewall */
    enum nat_rule filtering;
    bool port_preserving; /* else random ports, or: */
    bool hairpin;
    uint32_t lifetime_s;   /* of a mapping without outbound packets (RFC 4787, REQ-6) */
    bool answers_itself;   /* as Linux does without an input hook that drops: see struct nat_own */
    uint16_t step;         /* each next port is so much further; 0: no */
    uint16_t range_size;   /* all are of so many from 20,000 on; 0: no */
    uint8_t addresses;     /* it has so many, of which each mapping gets a random one; 0: one */
    bool paired;           /* or all mappings of one address inside get the same one */
    uint16_t others_per_s; /* ports that other users take meanwhile, at random instants */
    bool prohibits;        /* what it refuses it answers by ICMP, as administratively prohibited */
    uint32_t quiet_lifetime_s; /* of a mapping that was not used both ways after NAT_KEPT_MS, as
                                  Linux does; 0: as all others */
    bool answered_is_kept;     /* ... or that was never answered, as pf does */
    bool inbound_refreshes;    /* packets from outside keep a mapping, too */
};

/** A remote endpoint to which a mapping has sent. */
struct nat_contact {
    uint32_t mapping_id;
    struct endpoint remote;
    struct mono last_at; /* when the last packet to it left */
};

/** A packet from outside that no mapping let in has become a connection of the router itself. While
 * it is remembered, no mapping to that remote gets its port. */
struct nat_own {
    struct endpoint remote;
    uint16_t port;
    struct mono last_at;
};

struct nat_mapping {
    uint32_t id;
    struct endpoint inside, external;
    struct endpoint remote; /* of the first packet; the mapping rule may look at parts of it only */
    struct mono born_at;
    struct mono last_at; /* when the last packet to any remote left */
    bool answered, kept; /* see quiet_lifetime_s */
};

struct nat {
    struct nat_kind kind;
    struct endpoint address; /* outside, the first one; port 0 */
    uint16_t port_next;      /* of steps */
    struct mono others_at;   /* when somebody else takes the next port; NEVER: not known yet */
    struct rng rng;
    struct nat_mapping mappings[NAT_MAPPINGS_MAX];
    size_t mappings_count, mappings_most; /* now, and at most so far */
    uint32_t mapping_id_last;
    struct nat_contact contacts[NAT_CONTACTS_MAX];
    size_t contacts_count;
    struct nat_own own[NAT_OWN_MAX];
    size_t own_count;
};

enum nat_verdict {
    NAT_PASSED,
    NAT_UNMAPPED, /* no mapping has this external endpoint */
    NAT_FILTERED, /* its filtering does not let this remote in */
    NAT_FULL,     /* no room for a mapping, or no free port */
};

/** Make a NAT without any mapping; rng is copied. */
void nat_init(struct nat *nat, const struct nat_kind *kind, const struct endpoint *address,
              const struct rng *rng);

/** A packet goes from inside to remote. On NAT_PASSED *external is its source outside. */
enum nat_verdict nat_outbound(struct nat *nat, const struct endpoint *inside,
                              const struct endpoint *remote, struct endpoint *external,
                              struct mono now);

/** A packet comes from remote to external. On NAT_PASSED *inside is its destination inside. */
enum nat_verdict nat_inbound(struct nat *nat, const struct endpoint *external,
                             const struct endpoint *remote, struct endpoint *inside,
                             struct mono now);

/** The endpoint outside of what goes from inside to remote, if there is one; nothing changes. */
bool nat_external_of(const struct nat *nat, const struct endpoint *inside,
                     const struct endpoint *remote, struct endpoint *external);

/** The endpoint inside to which an external one belongs that has sent to remote; nothing changes.
 */
bool nat_inside_of(const struct nat *nat, const struct endpoint *external,
                   const struct endpoint *remote, struct endpoint *inside);

/** Whether this address is one of the NAT's own outside; the port is not looked at. Never, if it is
 * a firewall. */
bool nat_owns(const struct nat *nat, const struct endpoint *address);

/** Forget all mappings, as a NAT does that was switched off and on. */
void nat_reboot(struct nat *nat);
