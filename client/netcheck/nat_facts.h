/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of the NAT between this host and the internet, for one family of addresses, in the
 * words of RFC 4787, and how STUN2 calls it (docs/protocol.md, section 13, "Kinds of NAT"). It is
 * judged from samples: which address relays saw, and what came in from where nothing was sent. What
 * cannot be known from them stays unknown. Pure.
 */
#pragma once

#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAT_ORDER_UNKNOWN UINT32_MAX

enum { NAT_SAMPLES_MAX = 32 };

/** On what of the remote address a mapping, or what is let in, depends. */
enum nat_depends {
    NAT_DEPENDS_UNKNOWN,
    NAT_DEPENDS_ON_NOTHING,          /* endpoint-independent */
    NAT_DEPENDS_ON_ADDRESS,          /* address-dependent */
    NAT_DEPENDS_ON_ADDRESS_AND_PORT, /* address- and port-dependent */
    NAT_DEPENDS_NOT_ON_PORT,         /* one of the first two, not known which */
    NAT_DEPENDS_ON_SOMETHING,        /* one of the last two, not known which */
};

/** How a NAT whose mapping depends on something chooses ports. */
enum nat_ports {
    NAT_PORTS_UNKNOWN,
    NAT_PORTS_ONE,    /* one port for a socket, whomever it sends to */
    NAT_PORTS_STEP,   /* each next one is `step` further */
    NAT_PORTS_RANGE,  /* all from a small range */
    NAT_PORTS_RANDOM, /* none of these */
};

/** STUN2's names. The numbers go over the wire as nat_kind; 0 is "not measured". */
enum nat_name {
    NAT_NAME_UNKNOWN = 0,
    NAT_NAME_PUBLIC = 1,
    NAT_NAME_PUBLIC_FW = 2, /* no NAT, but a firewall that lets in only answers */
    NAT_NAME_FULL_CONE = 3,
    NAT_NAME_RC = 4,
    NAT_NAME_P_RC = 5,
    NAT_NAME_SYM = 6,
    NAT_NAME_SYM_STEP = 7,  /* Sym, whose ports go by steps */
    NAT_NAME_SYM_RANGE = 8, /* Sym, whose ports are of a small range */
    NAT_NAME_BLOCKED = 9,   /* no UDP */
};

/** A relay saw packets of a socket come from `mapped`. */
struct nat_sample {
    uint16_t socket; /* its own port */
    struct endpoint remote, mapped;
    uint32_t order; /* of the packet that made the mapping; or NAT_ORDER_UNKNOWN */
};

struct nat_facts {
    bool answered; /* some relay answered at all */
    bool translated;
    enum nat_depends mapping, filtering;
    enum nat_ports ports;
    uint16_t step;                /* STEP */
    uint16_t port_low, port_high; /* the lowest and the highest that was seen */
    bool preserving;              /* outside each socket has its own port */
    uint32_t addresses;           /* public addresses that were seen; more than 1: not paired */
    struct endpoint local, mapped;
    enum nat_name name;
};

/** What the samples (count, at most NAT_SAMPLES_MAX) say; filtering and name are not written. local
 * is the address of the first socket, mapped of the first sample. */
void nat_facts_judge(struct nat_facts *out, const struct endpoint *local,
                     const struct nat_sample *samples, size_t count);

/** The name, from everything else. */
enum nat_name nat_facts_name(const struct nat_facts *facts);
