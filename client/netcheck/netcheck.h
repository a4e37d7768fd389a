/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measures the NAT, or firewall, between this host and the internet, for one family of addresses.
 * It needs a few sockets that nobody used before, and the addresses of relays; no session, no key,
 * no privilege. Time, randomness and packets are parameters.
 *
 * One socket (FILTER) asks one relay only, and lets it and others knock at it (docs/protocol.md,
 * section 2, "Lent addresses"): what comes in shows what the NAT lets in. From another (MAPPING)
 * the relays see which addresses the NAT gives it, and from a third one (SECOND) where those are
 * few for what they tell. But nobody who may knock is sent anything from anywhere before it had the
 * time to, since some NATs let in whoever was sent something by any socket.
 *
 *   0 s        1.4 s                      3 s
 *   +-----------+--------------------------+
 *   | all tests | a first verdict is there | done; what was silent was asked twice
 */
#pragma once

#include "client/netcheck/nat_facts.h"
#include "client/netcheck/questions.h"
#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/net/dgram.h"
#include "proto/wire/lend.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NETCHECK_RELAYS_MAX = 8,
    NETCHECK_FIRST_MS = 1400,
    NETCHECK_DONE_MS = 3000,
    NETCHECK_KNOCKS_MS = 650,  /* the last knock has come, but for a round trip */
    NETCHECK_AGAIN_MS = 150,   /* between two questions whether lenders sent */
    NETCHECK_IP4_HEADERS = 28, /* with that of UDP */
    NETCHECK_IP6_HEADERS = 48,
};

enum netcheck_socket {
    NETCHECK_SOCKET_FILTER,
    NETCHECK_SOCKET_MAPPING,
    NETCHECK_SOCKET_SECOND, /* for hairpinning, and where more samples are needed */
    NETCHECK_SOCKETS,
};

struct netcheck_config {
    struct endpoint relays[NETCHECK_RELAYS_MAX]; /* of the family; where they answer STUN */
    size_t relays_count;                         /* 1 or more */
    struct endpoint locals[NETCHECK_SOCKETS];    /* of the sockets: the address that packets leave
                                                    from, and the port */
    bool hairpin;
};

/** Letting relays knock. */
struct netcheck_knocks {
    size_t relay;       /* that is asked */
    bool asked, silent; /* ... and answered nothing; then the next relay is asked */
    bool unable;        /* it does not lend, or is too busy */
    bool proved;        /* the cookie is there */
    bool sent;          /* it says that it is being sent; then: */
    uint8_t id[STUN_ID_SIZE];
    uint8_t cookie[LEND_COOKIE_SIZE];
    struct lend_answer told;
    struct mono asked_at, sent_at; /* the last question; when `sent` became true */
    uint32_t questions;
    struct mono due;
};

struct netcheck {
    struct netcheck_config cfg;
    const struct env *env; /* borrowed */
    struct mono began_at;
    struct questions questions;
    struct netcheck_knocks rounds[2]; /* the second one repeats what was silent in the first */
    size_t round;                     /* the one that runs */
    bool rounds_over;
    bool others_asked; /* MAPPING asked other addresses than the first relay's */
    bool told_asked;   /* ... and whom the relay told of, but for those that are spared */
    bool rest_asked;   /* ... and those that were spared, because more samples are needed */
    bool own_port_came, lent_came;
    uint64_t rtt_ns;                /* to the first relay that answered; 0: none so far */
    struct nat_sample first_sample; /* of FILTER */
    bool first_sampled;
    uint8_t hairpin_id[STUN_ID_SIZE];
    struct mono hairpin_due, look_at;
    uint32_t hairpin_sent;
    bool hairpin_came;
};

/** Begin, in memory of any content. env is borrowed, cfg is copied. */
void netcheck_init(struct netcheck *check, const struct netcheck_config *cfg, const struct env *env,
                   struct mono now);

/** A datagram of any content came to one of the sockets; in->local.port says to which. */
void netcheck_receive(struct netcheck *check, const struct dgram *in, struct mono now);

/** Append what is due. The local port of each says from which socket it leaves. */
void netcheck_transmit(struct netcheck *check, struct outbox *out, struct mono now);

/** When to call transmit again. */
struct mono netcheck_deadline(const struct netcheck *check);

/** True when there is a first verdict; when nothing more is measured; and how much of it is done,
 * in percent. */
bool netcheck_has_verdict(const struct netcheck *check, struct mono now);
bool netcheck_is_done(const struct netcheck *check, struct mono now);
unsigned netcheck_progress(const struct netcheck *check, struct mono now);

/** The samples so far; returns how many. */
size_t netcheck_samples(const struct netcheck *check, struct nat_sample out[NAT_SAMPLES_MAX]);
