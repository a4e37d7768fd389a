/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Relays that lend each other their addresses (relayd/service/lend.h), and sockets elsewhere that
 * note what comes to them. All functions run inside a cmocka test.
 */
#pragma once

#include "proto/wire/lend.h"
#include "proto/wire/stun.h"
#include "tests/support/relay_net.h"

#include <stddef.h>
#include <stdint.h>

enum { LEND_HEARD_MAX = 64, LEND_IP_HEADERS = 28 };

/** A socket somewhere: what came to it, and from where. */
struct lend_listener {
    struct relay_net_guest guest;
    struct endpoint from[LEND_HEARD_MAX]; /* of the first ones */
    struct stun_message heard[LEND_HEARD_MAX];
    struct lend_answer told; /* the last one */
    size_t count, packets;   /* of those that are kept, and of all */
    size_t bytes;            /* of all, with headers of IP and UDP */
};

/** So many relays that know each other and had 30 s for it. */
struct relay_net *lend_net_new(size_t count, uint64_t seed);

/** Port 5000 of 203.0.113.`last` listens from now on; it must not move in memory. */
void lend_net_listen(struct relay_net *net, struct lend_listener *l, uint8_t last);

/** The session of relay `from` at relay `at`. */
struct relay_client *lend_net_neighbour(struct relay_net *net, size_t at, size_t from);

/** Relay `from` wants relay `at` to send something, whoever asked for it; from_port 0: indications.
 */
void lend_net_job(struct relay_net *net, size_t at, size_t from, uint64_t id,
                  const struct endpoint *target, uint16_t from_port);
