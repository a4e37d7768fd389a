/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Builds packets and judges them with code that shares nothing with client/tunnel, so that a
 * mistake there cannot hide itself here.
 */
#include "tests/sim/traffic.h"

#include "proto/base/bytes.h"
#include "tests/support/naive_sum.h"

#include <stdlib.h>
#include <string.h>

enum {
    IP4_SIZE = 20,
    IP6_SIZE = 40,
    UDP_SIZE = 8,
    ICMP_SIZE = 8,
    TCP_SIZE = 20,
    MARKER_SIZE = 16,
    PROTOCOL_ICMP = 1,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_ICMP6 = 58,
};

static const uint8_t marker[MARKER_SIZE] = "PLAINTEXT MARKER";

/* Where things are in a packet of ours. */
struct layout {
    bool v6;
    uint8_t protocol;
    size_t ip_size, transport_size;
    size_t checksum_at; /* of the transport, from the packet's first byte */
};

static struct layout layout_of(bool v6, uint8_t protocol)
{
    struct layout l = {.v6 = v6, .protocol = protocol, .ip_size = v6 ? IP6_SIZE : IP4_SIZE};
    size_t in_transport = 2; /* ICMP of both families */

    l.transport_size = ICMP_SIZE;
    if (protocol == PROTOCOL_UDP) {
        l.transport_size = UDP_SIZE;
        in_transport = 6;
    } else if (protocol == PROTOCOL_TCP) {
        l.transport_size = TCP_SIZE;
        in_transport = 16;
    }
    l.checksum_at = l.ip_size + in_transport;
    return l;
}

void traffic_fini(struct traffic *traffic)
{
    for (size_t i = 0; i < traffic->count; i++) {
        free(traffic->sent[i].bytes);
    }
    free(traffic->sent);
    memset(traffic, 0, sizeof(*traffic));
}

bool traffic_has_marker(const uint8_t *data, size_t size)
{
    return memmem(data, size, marker, sizeof(marker)) != NULL;
}

/* ---- checksums ---- */

/* The sum over the transport and, if there is one, its pseudo-header. It is 0xffff if the checksum
 * in the packet is right. */
static uint32_t transport_sum(const struct layout *l, const uint8_t *bytes, size_t size)
{
    const uint8_t *addresses = bytes + (l->v6 ? 8 : 12);
    size_t length = size - l->ip_size;
    uint32_t sum =
        naive_pseudo(l->v6, addresses, addresses + (l->v6 ? 16 : 4), l->protocol, length);

    return naive_sum(sum, bytes + l->ip_size, length);
}

/* ---- making ---- */

static void write_ip(const struct layout *l, uint8_t *bytes, size_t size,
                     const struct traffic_view *view, struct rng *rng)
{
    uint8_t traffic_class = (uint8_t)(rng_between(rng, 0, 63) << 2);
    uint8_t hop_limit = (uint8_t)rng_between(rng, 2, 255);

    if (l->v6) {
        be32_write(bytes, 0x60000000U | (uint32_t)traffic_class << 20);
        be16_write(bytes + 4, u16_of(size - IP6_SIZE));
        bytes[6] = l->protocol;
        bytes[7] = hop_limit;
        memcpy(bytes + 8, view->own_v6, 16);
        memcpy(bytes + 24, view->peer_v6, 16);
        return;
    }
    bytes[0] = 0x45;
    bytes[1] = traffic_class;
    be16_write(bytes + 2, u16_of(size));
    be16_write(bytes + 4, (uint16_t)rng_u64(rng));
    be16_write(bytes + 6, rng_chance(rng, 700000) ? 0x4000 : 0); /* don't fragment */
    bytes[8] = hop_limit;
    bytes[9] = l->protocol;
    memcpy(bytes + 12, view->own_v4, 4);
    memcpy(bytes + 16, view->peer_v4, 4);
    be16_write(bytes + 10, 0);
    be16_write(bytes + 10, naive_checksum(bytes, IP4_SIZE));
}

static void write_transport(const struct layout *l, uint8_t *bytes, size_t size, struct rng *rng)
{
    uint8_t *at = bytes + l->ip_size;

    rng_fill(rng, at, l->transport_size);
    if (l->protocol == PROTOCOL_UDP) {
        be16_write(at + 4, u16_of(size - l->ip_size));
    } else if (l->protocol == PROTOCOL_TCP) {
        at[12] = 0x50; /* five words of header */
        at[13] = 0x18; /* PSH ACK */
    } else {
        at[0] = l->protocol == PROTOCOL_ICMP ? 8 : 128; /* echo request */
        at[1] = 0;
    }
}

static struct traffic_sent *ledger_add(struct traffic *traffic)
{
    if (traffic->count == traffic->capacity) {
        traffic->capacity = traffic->capacity == 0 ? 1024 : traffic->capacity * 2;
        traffic->sent = realloc(traffic->sent, traffic->capacity * sizeof(*traffic->sent));
        CHECK(traffic->sent != NULL);
    }
    return &traffic->sent[traffic->count++];
}

size_t traffic_make(struct traffic *traffic, uint8_t bytes[TRAFFIC_PACKET_SIZE_MAX], size_t from,
                    const struct traffic_view *view, size_t mtu, struct rng *rng, struct mono now)
{
    static const uint8_t protocols[] = {PROTOCOL_UDP, PROTOCOL_TCP, PROTOCOL_ICMP};
    bool v6 = rng_chance(rng, 500000);
    uint8_t protocol = protocols[rng_between(rng, 0, 2)];
    struct layout l = layout_of(v6, v6 && protocol == PROTOCOL_ICMP ? PROTOCOL_ICMP6 : protocol);
    size_t least = l.ip_size + l.transport_size + MARKER_SIZE + 4;
    size_t size = rng_chance(rng, 200000) ? mtu : rng_between(rng, least, mtu);
    uint8_t *payload = bytes + l.ip_size + l.transport_size;
    struct traffic_sent *sent = ledger_add(traffic);
    uint16_t checksum;

    write_ip(&l, bytes, size, view, rng);
    write_transport(&l, bytes, size, rng);
    rng_fill(rng, payload, size - l.ip_size - l.transport_size);
    memcpy(payload, marker, MARKER_SIZE);
    be32_write(payload + MARKER_SIZE, u32_of(traffic->count - 1));
    be16_write(bytes + l.checksum_at, 0);
    checksum = (uint16_t)~transport_sum(&l, bytes, size);
    if (checksum == 0 && l.protocol == PROTOCOL_UDP) {
        checksum = 0xffff;
    }
    be16_write(bytes + l.checksum_at, checksum);
    *sent = (struct traffic_sent){
        .from = from, .sent_at = now, .delivered_at = MONO_NEVER, .size = size};
    sent->bytes = malloc(size);
    CHECK(sent->bytes != NULL);
    memcpy(sent->bytes, bytes, size);
    return size;
}

/* ---- judging ---- */

bool traffic_is_refusal(const struct packet *packet, const struct traffic_view *view)
{
    const uint8_t *b = packet->data;

    if (packet->size < IP6_SIZE + ICMP_SIZE) {
        return false;
    }
    if (b[0] >> 4 == 6) {
        return b[6] == PROTOCOL_ICMP6 && b[IP6_SIZE] == 1 && b[IP6_SIZE + 1] == 3 &&
               memcmp(b + 8, view->peer_v6, 16) == 0 && memcmp(b + 24, view->own_v6, 16) == 0;
    }
    return b[0] == 0x45 && b[9] == PROTOCOL_ICMP && b[IP4_SIZE] == 3 && b[IP4_SIZE + 1] == 1 &&
           memcmp(b + 12, view->peer_v4, 4) == 0 && memcmp(b + 16, view->own_v4, 4) == 0;
}

bool traffic_is_too_big(const struct packet *packet, const struct traffic_view *view)
{
    const uint8_t *b = packet->data;
    bool v6 = packet->size > IP6_SIZE && b[0] >> 4 == 6;
    size_t icmp = v6 ? IP6_SIZE : IP4_SIZE;
    size_t total_at = icmp + ICMP_SIZE + (v6 ? 4 : 2);

    if (packet->size < icmp + ICMP_SIZE + icmp) {
        return false;
    }
    bool is_it = v6 ? b[6] == PROTOCOL_ICMP6 && b[icmp] == 2 && b[icmp + 1] == 0 &&
                          memcmp(b + 8, view->peer_v6, 16) == 0
                    : b[9] == PROTOCOL_ICMP && b[icmp] == 3 && b[icmp + 1] == 4 &&
                          memcmp(b + 12, view->peer_v4, 4) == 0;
    size_t told = be16_read(b + icmp + 6);
    size_t size = (size_t)be16_read(b + total_at) + (v6 ? IP6_SIZE : 0U);

    return is_it && told >= 1280 && told < size;
}

static bool addresses_fit(const struct layout *l, const uint8_t *bytes,
                          const struct traffic_view *view)
{
    if (l->v6) {
        return memcmp(bytes + 8, view->peer_v6, 16) == 0 &&
               memcmp(bytes + 24, view->own_v6, 16) == 0;
    }
    return memcmp(bytes + 12, view->peer_v4, 4) == 0 && memcmp(bytes + 16, view->own_v4, 4) == 0;
}

/* Compares the IP headers, apart from addresses, checksum and identification. (RFC 6864: the
 * identification means nothing in a packet that is not a fragment, so the tunnel makes a new one.)
 */
static bool header_equal(const struct layout *l, const uint8_t *a, const uint8_t *b)
{
    if (l->v6) {
        return memcmp(a, b, 8) == 0;
    }
    return memcmp(a, b, 4) == 0 && memcmp(a + 6, b + 6, 4) == 0;
}

static bool transport_equal(const struct layout *l, const uint8_t *a, const uint8_t *b, size_t size)
{
    return memcmp(a + l->ip_size, b + l->ip_size, l->checksum_at - l->ip_size) == 0 &&
           memcmp(a + l->checksum_at + 2, b + l->checksum_at + 2, size - l->checksum_at - 2) == 0;
}

static const char *layout_read(struct layout *l, const struct packet *packet)
{
    const uint8_t *bytes = packet->data;
    bool v6 = packet->size >= IP6_SIZE && bytes[0] >> 4 == 6;

    if (packet->size < IP4_SIZE || (!v6 && bytes[0] != 0x45)) {
        return "the packet has no IP header of ours";
    }
    *l = layout_of(v6, v6 ? bytes[6] : bytes[9]);
    if (packet->size < l->ip_size + l->transport_size + MARKER_SIZE + 4) {
        return "the packet is shorter than any that was sent";
    }
    if (packet->checksum_partial || packet->gso != PACKET_GSO_NONE) {
        return "the packet wants an offload that the device does not have";
    }
    return NULL;
}

const char *traffic_arrived(struct traffic *traffic, size_t to, const struct traffic_view *view,
                            const struct packet *packet, struct mono now)
{
    struct layout l;
    const char *wrong = layout_read(&l, packet);
    const uint8_t *payload;
    uint32_t id;

    if (wrong != NULL) {
        return wrong;
    }
    payload = packet->data + l.ip_size + l.transport_size;
    id = be32_read(payload + MARKER_SIZE);
    if (memcmp(payload, marker, MARKER_SIZE) != 0 || id >= traffic->count) {
        return "nobody sent this packet";
    }
    struct traffic_sent *sent = &traffic->sent[id];
    if (sent->from == to) {
        return "the packet came back to its sender";
    }
    if (sent->delivered_at.ns != MONO_NEVER.ns) {
        return "the packet was delivered twice";
    }
    if (!addresses_fit(&l, packet->data, view)) {
        return "the packet's addresses are not those of its sender and of its receiver";
    }
    if (sent->size != packet->size || !header_equal(&l, packet->data, sent->bytes) ||
        !transport_equal(&l, packet->data, sent->bytes, sent->size)) {
        return "the packet is not what was sent";
    }
    if (!l.v6 && naive_sum(0, packet->data, IP4_SIZE) != 0xffff) {
        return "the IPv4 header's checksum is wrong";
    }
    if (transport_sum(&l, packet->data, packet->size) != 0xffff) {
        return "the transport's checksum is wrong";
    }
    sent->delivered_at = now;
    traffic->delivered++;
    return NULL;
}

/* ---- looking back ---- */

struct mono traffic_first(const struct traffic *traffic, size_t from, struct mono since)
{
    return traffic_first_of_size(traffic, from, 0, since);
}

struct mono traffic_first_of_size(const struct traffic *traffic, size_t from, size_t size,
                                  struct mono since)
{
    struct mono first = MONO_NEVER;

    for (size_t i = 0; i < traffic->count; i++) {
        const struct traffic_sent *s = &traffic->sent[i];

        if (s->from == from && s->size >= size && !mono_before(s->sent_at, since)) {
            first = mono_min(first, s->delivered_at);
        }
    }
    return first;
}

static int compare_instants(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

uint64_t traffic_gap_ms(const struct traffic *traffic, size_t from, struct mono since,
                        struct mono until)
{
    uint64_t *at = malloc((traffic->count + 2) * sizeof(*at));
    size_t count = 0;
    uint64_t longest = 0;

    CHECK(at != NULL);
    at[count++] = since.ns;
    for (size_t i = 0; i < traffic->count; i++) {
        const struct traffic_sent *s = &traffic->sent[i];

        if (s->from == from && mono_before(since, s->delivered_at) &&
            mono_before(s->delivered_at, until)) {
            at[count++] = s->delivered_at.ns;
        }
    }
    at[count++] = until.ns;
    qsort(at, count, sizeof(*at), compare_instants);
    for (size_t i = 1; i < count; i++) {
        longest = at[i] - at[i - 1] > longest ? at[i] - at[i - 1] : longest;
    }
    free(at);
    return longest / NS_PER_MS;
}
