/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IP packets between the hosts: UDP, ICMP echo and TCP segments of both families with a marked
 * payload. They are made and judged here. A ledger holds the packets that were sent, so that those
 * that arrive can be compared byte by byte, apart from the addresses, which differ in the view of
 * each host.
 */
#pragma once

#include "client/tunnel/packet.h"
#include "proto/base/mono.h"
#include "tests/support/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRAFFIC_PACKET_SIZE_MAX = 2048, TRAFFIC_HOSTS = 2 };

/** The addresses of both hosts, as one of them knows them. */
struct traffic_view {
    uint8_t own_v4[4], own_v6[16];
    uint8_t peer_v4[4], peer_v6[16];
};

/** One packet that a host sent. */
struct traffic_sent {
    size_t from;                       /* index of the host */
    struct mono sent_at, delivered_at; /* delivered_at is NEVER while it has not arrived */
    size_t size;
    uint8_t *bytes;
};

struct traffic {
    struct traffic_sent *sent;
    size_t count, capacity;
    uint64_t delivered;
};

/** Free the ledger; it may be used again. */
void traffic_fini(struct traffic *traffic);

/** Make a packet that host `from` sends to its peer, write it to bytes and note it in the ledger.
 * Protocol, family, size (at most mtu) and payload are drawn. Returns its size. Aborts if memory is
 * short. */
size_t traffic_make(struct traffic *traffic, uint8_t bytes[TRAFFIC_PACKET_SIZE_MAX], size_t from,
                    const struct traffic_view *view, size_t mtu, struct rng *rng, struct mono now);

/** Judge a packet that host `to` received; view is that of this host. Returns NULL, and notes that
 * it arrived, if the peer sent exactly this packet and it arrives for the first time; otherwise a
 * sentence that says what is wrong. */
const char *traffic_arrived(struct traffic *traffic, size_t to, const struct traffic_view *view,
                            const struct packet *packet, struct mono now);

/** True if the packet is the ICMP error by which a host tells itself that its peer cannot be
 * reached. */
bool traffic_is_refusal(const struct packet *packet, const struct traffic_view *view);

/** True if the packet is the ICMP error by which a host tells itself that a packet of its peer's is
 * larger than what fits, with a size that makes sense. */
bool traffic_is_too_big(const struct packet *packet, const struct traffic_view *view);

/** True if these bytes hold the marker of a payload. */
bool traffic_has_marker(const uint8_t *data, size_t size);

/** When the first packet that `from` sent at `since` or later arrived; NEVER if none did. */
struct mono traffic_first(const struct traffic *traffic, size_t from, struct mono since);

/** The same for packets of `size` bytes or more. */
struct mono traffic_first_of_size(const struct traffic *traffic, size_t from, size_t size,
                                  struct mono since);

/** The longest time in [since, until] in which nothing from this host arrived, in ms. */
uint64_t traffic_gap_ms(const struct traffic *traffic, size_t from, struct mono since,
                        struct mono until);
