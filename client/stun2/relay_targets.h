/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The addresses at which a relay may be: the one that answered last, those that its newest node
 * record says (found), and those of the hosts of its URL. They are dialled in this order, one soon
 * after the other (relay_session.h).
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "proto/wire/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RELAY_TARGETS_PER_HOST_MAX = 32,
    RELAY_TARGETS_FOUND_MAX = 32,
    /* Each address with two ports, those found, and the one that answered last. */
    RELAY_TARGETS_MAX =
        2 * RELAY_TARGETS_PER_HOST_MAX * URL_HOSTS_MAX + RELAY_TARGETS_FOUND_MAX + 1,
    RELAY_TARGETS_PORT_FIRST = 4433, /* both are dialled where the URL names no port */
    RELAY_TARGETS_PORT_SECOND = 443,
    RELAY_TARGETS_FOUND = 0,     /* whose an address is: of no host of the URL, but found */
    RELAY_TARGETS_URL = 1,       /* of the first host of the URL, and so on */
    RELAY_TARGETS_NOBODYS = 255, /* it answered once, and nobody says any more that it would */
};

struct relay_targets {
    struct endpoint list[RELAY_TARGETS_MAX];
    uint8_t whose[RELAY_TARGETS_MAX];
    struct endpoint good; /* answered last, and is list[0]; or none */
    size_t count, next;
    struct mono resolve_at[URL_HOSTS_MAX]; /* when a name is to be resolved; NEVER: it is none */
};

/** Only the hosts of a URL: numeric ones are targets at once, names are to be resolved now. */
void relay_targets_begin(struct relay_targets *targets, const struct url *url, struct mono now);

/** The hosts of another URL in place of those of the former one; what was found, and where the
 * relay answered last, stays. */
void relay_targets_rehost(struct relay_targets *targets, const struct url *url, struct mono now);

/** An address of which it is known that the relay answered there once: it goes first. */
void relay_targets_know(struct relay_targets *targets, const struct endpoint *good);

/** The addresses of a host of the URL, count of them and at least one, in place of those known
 * before; ports are the URL's. The families take turns, and what is new is dialled next. */
void relay_targets_resolved(struct relay_targets *targets, const struct url *url, size_t host,
                            const struct endpoint *addrs, size_t count);

/** The addresses that were found, in place of those found before, at most RELAY_TARGETS_FOUND_MAX.
 * They are dialled next, the first of all if one of them is new. */
void relay_targets_found(struct relay_targets *targets, const struct endpoint *addrs, size_t count);

/** The DNS name of the next one, for TLS, borrowed from url; NULL if it has none. */
const char *relay_targets_next_name(const struct relay_targets *targets, const struct url *url);
