/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IP packets between the hosts, made and judged here with code of its own: UDP, ICMP echo and TCP
 * segments of both families with a marked payload. A ledger holds what was sent, so that what
 * arrives can be compared byte by byte, apart from the addresses, which belong to each view.
 */
#pragma once

#include "client/tunnel/packet.h"
#include "proto/base/mono.h"
#include "tests/support/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRAFFIC_PACKET_SIZE_MAX = 2048, TRAFFIC_HOSTS = 2 };

/** The two ends in one host's view. */
struct traffic_view {
    uint8_t own_v4[4], own_v6[16];
    uint8_t peer_v4[4], peer_v6[16];
};

/** One packet that a host sent. */
struct traffic_sent {
    size_t from;                       /* index of the host */
    struct mono sent_at, delivered_at; /* delivered_at NEVER: not yet */
    size_t size;
    uint8_t *bytes;
};

struct traffic {
    struct traffic_sent *sent;
    size_t count, capacity;
    uint64_t delivered;
};

void traffic_fini(struct traffic *traffic);

/** Make a packet that host `from` sends to its peer, note it in the ledger, and write it to bytes.
 * Kind, family, size (at most mtu) and payload are drawn. Returns its size. */
size_t traffic_make(struct traffic *traffic, uint8_t bytes[TRAFFIC_PACKET_SIZE_MAX], size_t from,
                    const struct traffic_view *view, size_t mtu, struct rng *rng, struct mono now);

/** Judge a packet that host `to` received; view is its own. Returns NULL if it is exactly what the
 * peer sent, and for the first time, else what is wrong. */
const char *traffic_arrived(struct traffic *traffic, size_t to, const struct traffic_view *view,
                            const struct packet *packet, struct mono now);

/** True if a payload of ours shows in these bytes. */
bool traffic_has_marker(const uint8_t *data, size_t size);

/** When the first packet that `from` sent at `since` or later arrived; NEVER if none did. */
struct mono traffic_first(const struct traffic *traffic, size_t from, struct mono since);

/** The longest time in [since, until] in which nothing from this host arrived, in ms. */
uint64_t traffic_gap_ms(const struct traffic *traffic, size_t from, struct mono since,
                        struct mono until);
