/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The other address of RFC 5780 (docs/protocol.md, section 2): stock clients that find out what
 * their NAT does want a STUN server with two addresses and two ports, the same two at both. This
 * relay has one address and borrows the other from a neighbour, which has it for the same reason.
 *
 * Neighbours tell each other the ports from which they would answer (LendPorts). One of them that
 * has two ports in common with us is asked there by STUN, from a port to which it never sent, so
 * that no client is told of an address that does not answer. What a CHANGE-REQUEST wants from that
 * address is a job for the neighbour (lend.h).
 *
 *   NONE --a neighbour has our ports--> ASKED --answers at two--> SETTLED --10 min--> ASKED
 */
#pragma once

#include "relayd/service/lend.h"
#include "relayd/service/stun_board.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OTHER_TRIES = 3, /* requests to each port, so far apart: */
    OTHER_TRY_MS = 500,
    OTHER_KEEP_MS = 600000, /* then it is asked again */
    OTHER_AGAIN_MS = 30000, /* after nothing was found */
    /* One IPv4 address or IPv6 /56 makes a neighbour answer so often: OTHER_BURST times at once,
     * then once in OTHER_COST seconds. The source of such a request may be forged. */
    OTHER_BURST = 4,
    OTHER_COST = 10,
    OTHER_ADDRESSES_MAX = 4096, /* remembered */
    OTHER_FAMILIES = STUN_FAMILIES,
    /* Clients that neighbours told of this relay: for so long they are told of no other one. */
    OTHER_CLIENTS_MAX = 64,
    OTHER_CLIENT_MS = 10000,
    OTHER_CLIENTS_PER_S = 20, /* of whom neighbours are told */
};

struct other_client {
    uint8_t ip[16];
    struct mono until;
};

enum other_state {
    OTHER_STATE_NONE,    /* due: look for one */
    OTHER_STATE_ASKED,   /* due: the next request, or the end of waiting */
    OTHER_STATE_SETTLED, /* due: ask again */
};

/** For one family of addresses, the neighbour that lends its own. */
struct other_choice {
    enum other_state state;
    bool proven;             /* it answered at two ports at least, when it was asked last */
    uint8_t key[KEY_SIZE];   /* of the neighbour */
    struct endpoint address; /* its port does not matter */
    uint8_t id[STUN_ID_SIZE];
    /* In the order of our own ports: those at which it answers now, and those that are proven. */
    bool heard[LEND_ANSWER_PORTS_MAX], answered[LEND_ANSWER_PORTS_MAX];
    uint32_t tries;
    struct mono due;
};

struct other_address {
    struct relay_base *base; /* these are borrowed */
    const struct lend_service *lend;
    struct other_choice choices[OTHER_FAMILIES];
    struct bucket_table *addresses;
    struct other_client clients[OTHER_CLIENTS_MAX]; /* a ring */
    size_t clients_next;
    struct bucket tells;
};

/** In zeroed memory; what is given is borrowed and outlives it. ERR_NOMEM; other_address_fini is
 * legal then. */
int other_address_init(struct other_address *other, struct relay_base *base,
                       const struct lend_service *lend, struct mono now) MUST_CHECK;
void other_address_fini(struct other_address *other);

/** The other address, with another port, for who asks at this one of ours. False: there is none. */
bool other_address_find(const struct other_address *other, const struct endpoint *local,
                        struct endpoint *out);

/** The same for all ports of ours. Returns until when clients are not to be told of it that a
 * neighbour told of this relay (other_address_is_told). */
struct mono other_address_all(const struct other_address *other, struct stun_others *out,
                              struct mono now);

/** A client at `remote` was told of the other address: the neighbour hears of that. Some clients
 * want from the other address no further one (turnutils_natdiscovery of coturn 4 asks whom it is
 * told of last). */
void other_address_told(struct other_address *other, const struct endpoint *local,
                        const struct endpoint *remote, struct mono now);

/** True if a neighbour told the client of this relay a moment ago. */
bool other_address_is_told(const struct other_address *other, const struct endpoint *remote,
                           struct mono now);

/** Let the neighbour answer a request that came to `local` from `remote`, from the other address;
 * from its other port if change_port. Limited for each remote address. */
void other_address_answer(struct other_address *other, const struct endpoint *local,
                          const struct endpoint *remote, const uint8_t transaction[STUN_ID_SIZE],
                          bool change_port, struct mono now);

/** A neighbour came or went: tell it our ports, or look for another one. */
void other_address_on_neighbour(struct other_address *other, const struct neighbour_event *event,
                                struct mono now);

/** What this relay lends has changed, perhaps (a new configuration): all neighbours are told. */
void other_address_changed(struct other_address *other, struct mono now);

/** A neighbour tells its ports. */
void other_address_on_ports(struct other_address *other, const struct relay_client *client,
                            const Ziglan__Control *message, struct mono now);

/** A neighbour told a client of this relay. */
void other_address_on_client(struct other_address *other, const Ziglan__Control *message,
                             struct mono now);

/** A datagram that says STUN, any content. True if it answers a question of ours. */
bool other_address_on_stun(struct other_address *other, const struct dgram *in);

/** Choose, give up, ask again; append what is to be asked; and when to call these again. */
void other_address_expire(struct other_address *other, struct mono now);
void other_address_transmit(struct other_address *other, struct outbox *out, struct mono now);
struct mono other_address_deadline(const struct other_address *other);
