/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets made and checked in the plainest way. Only strip_one, rebuild_copy and the carry
 * functions call the code under test; the rest shares nothing with it. */
#include "tests/support/tunnel_packets.h"

#include <stdlib.h>
#include <string.h>

struct two_hosts two_hosts_make(void)
{
    struct two_hosts two = {0};
    struct tunnel_host a = {
        .v6 = {0xfd, 0xd9, 0xf8, 0, 0xaa, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
        .fixed = {{2, 0, 0, 0xff, 0xfe, 0, 0, 1}, {2, 0, 0, 0xff, 0xfe, 0, 0, 2}},
        .fixed_count = 2};
    struct tunnel_host b = {.v6 = {0xfd, 0xd9, 0xf8, 0, 0xbb, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 255},
                            .fixed = {{2, 0, 0, 0xff, 0xfe, 0, 0, 3}},
                            .fixed_count = 1};

    two.a.own = a;
    two.a.peer = b;
    two.b.own = b;
    two.b.peer = a;
    memcpy(two.a.own.v4, (uint8_t[]){100, 64, 17, 1}, 4);
    memcpy(two.a.peer.v4, (uint8_t[]){100, 64, 201, 77}, 4);
    memcpy(two.b.own.v4, (uint8_t[]){192, 168, 211, 9}, 4);
    memcpy(two.b.peer.v4, (uint8_t[]){192, 168, 223, 254}, 4);
    return two;
}

static void spec_address(uint8_t *out, const struct spec *spec, const struct tunnel_pair *see,
                         bool a_sees, bool source)
{
    /* The sender is A unless the packet goes back. */
    bool is_a = source != spec->back;
    const struct tunnel_host *host = is_a == a_sees ? &see->own : &see->peer;
    enum spec_kind kind = source ? spec->source : spec->destination;
    static const uint8_t prefix_4in6[12] = {0xfd, 0xd9, 0xf8, 0xf4};
    static const uint8_t prefix_fixed[8] = {0xfd, 0xd9, 0xf8, 0xff, 0xde, 0xad, 0, 7};

    switch (kind) {
    case SPEC_OWN:
        memcpy(out, spec->v6 ? host->v6 : host->v4, spec->v6 ? 16 : 4);
        break;
    case SPEC_4IN6:
        memcpy(out, prefix_4in6, 12);
        memcpy(out + 12, host->v4, 4);
        break;
    case SPEC_FIXED:
    case SPEC_FIXED_SECOND:
        memcpy(out, prefix_fixed, 8);
        memcpy(out + 8, host->fixed[kind == SPEC_FIXED ? 0 : 1], 8);
        break;
    case SPEC_REAL:
        memcpy(out, source ? spec->source_real : spec->destination_real, spec->v6 ? 16 : 4);
        break;
    }
}

int checksum_place(bool v6, uint8_t protocol)
{
    switch (protocol) {
    case 6:
        return 16;
    case 17:
    case 33:
    case 136:
        return 6;
    case 1:
        return v6 ? -1 : 2;
    case 58:
        return v6 ? 2 : -1;
    default:
        return -1;
    }
}

void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* The transport with its checksum right (or spoilt) for these addresses. */
static void spec_transport(uint8_t *out, const struct spec *spec, const uint8_t *source,
                           const uint8_t *destination)
{
    int place = checksum_place(spec->v6, spec->protocol);

    memcpy(out, spec->payload, spec->payload_size);
    if (place < 0) {
        return;
    }
    put16(out + place, 0);
    if (spec->udp_zero) {
        return;
    }
    uint32_t sum = naive_pseudo(spec->v6, source, destination, spec->protocol, spec->payload_size);
    uint16_t checksum = (uint16_t)~naive_sum(sum, out, spec->payload_size);

    if (spec->spoil != 0) {
        sum = (uint32_t)checksum + spec->spoil;
        checksum = (uint16_t)((sum & 0xffff) + (sum >> 16));
    }
    if (checksum == 0 && spec->protocol == 17) {
        checksum = 0xffff;
    }
    put16(out + place, checksum);
}

size_t spec_build(uint8_t *out, const struct spec *spec, const struct two_hosts *two, bool a_sees)
{
    const struct tunnel_pair *see = a_sees ? &two->a : &two->b;
    static uint8_t transport[SPEC_PAYLOAD_MAX];
    size_t part_at = spec->fragment ? spec->part_at : 0;
    size_t part_size = spec->fragment ? spec->part_size : spec->payload_size;
    bool more = spec->fragment && part_at + part_size < spec->payload_size;
    size_t header = spec->v6 ? 40 : 20;
    size_t size = header + spec->extra_size + part_size;
    uint8_t *source = out + (spec->v6 ? 8 : 12);
    uint8_t *destination = out + (spec->v6 ? 24 : 16);

    memset(out, 0, header);
    spec_address(source, spec, see, a_sees, true);
    spec_address(destination, spec, see, a_sees, false);
    spec_transport(transport, spec, source, destination);
    memcpy(out + header, spec->extra, spec->extra_size);
    memcpy(out + header + spec->extra_size, transport + part_at, part_size);
    if (spec->v6) {
        out[0] = (uint8_t)(0x60 | spec->traffic_class >> 4);
        out[1] = (uint8_t)((unsigned)spec->traffic_class << 4 | ((spec->flow >> 16) & 0x0f));
        put16(out + 2, spec->flow & 0xffff);
        put16(out + 4, (unsigned)(size - 40));
        out[6] = spec->extra_size > 0 ? spec->extra_first : spec->protocol;
        out[7] = spec->hop_limit;
        return size;
    }
    out[0] = (uint8_t)(0x40 | (20 + spec->extra_size) / 4);
    out[1] = spec->traffic_class;
    put16(out + 2, (unsigned)size);
    put16(out + 4, spec->id);
    put16(out + 6, (spec->df ? 0x4000u : 0u) | (more ? 0x2000u : 0u) | (unsigned)(part_at / 8));
    out[8] = spec->hop_limit;
    out[9] = spec->protocol;
    put16(out + 10, (uint16_t)~naive_sum(0, out, 20 + spec->extra_size));
    return size;
}

void spec_random(struct spec *spec, struct rng *rng)
{
    static const uint8_t protocols[] = {6, 17, 1};

    memset(spec, 0, offsetof(struct spec, payload));
    spec->v6 = rng_below(rng, 2) == 0;
    spec->protocol = protocols[rng_below(rng, 3)];
    if (spec->v6) {
        spec->protocol = spec->protocol == 1 ? 58 : spec->protocol;
        spec->source = (enum spec_kind)rng_below(rng, 3);
        spec->destination = (enum spec_kind)rng_below(rng, 3);
    }
    spec->back = rng_below(rng, 2) == 0;
    spec->traffic_class = (uint8_t)rng_u64(rng);
    spec->hop_limit = (uint8_t)(1 + rng_below(rng, 255));
    spec->df = !spec->v6;
    spec->payload_size = 20 + rng_below(rng, rng_below(rng, 8) == 0 ? 8900 : 1400);
    rng_fill(rng, spec->payload, spec->payload_size);
    if (spec->protocol == 6) {
        spec->payload[12] = 0x50;
    } else if (spec->protocol == 17) {
        put16(spec->payload + 4, (unsigned)spec->payload_size);
    } else {
        spec->payload[0] = spec->protocol == 1 ? 8 : 128;
        spec->payload[1] = 0;
    }
}

void spec_random_of(struct spec *spec, struct rng *rng, uint8_t protocol)
{
    do {
        spec_random(spec, rng);
    } while (spec->protocol != protocol);
}

void set_options(struct spec *spec, struct rng *rng)
{
    static const uint8_t router_alert[8] = {148, 4, 0, 0, 1, 1, 1, 0};
    /* hop-by-hop with router alert, then destination options of two words */
    static const uint8_t extensions[24] = {60, 0, 5, 2, 0, 0, 1, 0, 0, 1, 1, 4};

    if (spec->v6) {
        spec->extra_first = 0;
        spec->extra_size = sizeof(extensions);
        memcpy(spec->extra, extensions, sizeof(extensions));
        spec->extra[8] = spec->protocol;
        spec->flow = rng_below(rng, 1 << 20);
    } else {
        spec->extra_size = sizeof(router_alert);
        memcpy(spec->extra, router_alert, sizeof(router_alert));
        spec->id = (uint16_t)rng_u64(rng);
        spec->df = rng_below(rng, 2) == 0;
    }
}

void set_fragment(struct spec *spec, struct rng *rng, size_t at, size_t size)
{
    spec->fragment = true;
    spec->part_at = at;
    spec->part_size = size;
    spec->df = false;
    spec->id = (uint16_t)rng_u64(rng);
    if (spec->v6) {
        bool more = at + size < spec->payload_size;

        spec->extra_first = 44;
        spec->extra_size = 8;
        rng_fill(rng, spec->extra, 8);
        spec->extra[0] = spec->protocol;
        spec->extra[1] = 0;
        put16(spec->extra + 2, (unsigned)at | (more ? 1u : 0u));
    }
}

bool of_host(const struct tunnel_host *host, bool v6, const uint8_t *ip)
{
    static const uint8_t prefix_4in6[12] = {0xfd, 0xd9, 0xf8, 0xf4};
    static const uint8_t prefix_fixed[4] = {0xfd, 0xd9, 0xf8, 0xff};

    if (!v6) {
        return memcmp(ip, host->v4, 4) == 0;
    }
    if (memcmp(ip, host->v6, 16) == 0 ||
        (memcmp(ip, prefix_4in6, 12) == 0 && memcmp(ip + 12, host->v4, 4) == 0)) {
        return true;
    }
    for (size_t i = 0; i < host->fixed_count; i++) {
        if (memcmp(ip, prefix_fixed, 4) == 0 && memcmp(ip + 8, host->fixed[i], 8) == 0) {
            return true;
        }
    }
    return false;
}

int strip_one(uint8_t *out, size_t capacity, size_t *size, const struct tunnel_pair *pair,
              const struct packet *packet)
{
    struct packet copy = *packet;
    const uint8_t *plain = NULL;
    struct tunnel_cut cut;

    copy.data = malloc(packet->size + 1);
    memcpy(copy.data, packet->data, packet->size);
    int rc = tunnel_open(&cut, &copy);

    if (rc == ERR_OK) {
        rc = tunnel_next(&cut, pair, out, capacity, &plain, size);
    }
    if (rc == ERR_OK && plain != out) {
        memcpy(out, plain, *size);
    }
    free(copy.data);
    return rc;
}

int rebuild_copy(struct packet *out, uint8_t **memory, const struct tunnel_pair *to,
                 const uint8_t *plain, size_t size, uint16_t *next_id)
{
    *memory = malloc(PACKET_BOX_HEADROOM + size);
    memcpy(*memory + PACKET_BOX_HEADROOM, plain, size);
    return tunnel_rebuild(out, to, *memory + PACKET_BOX_HEADROOM, size, next_id);
}

int carry_next(struct packet *out, uint8_t **memory, const struct tunnel_pair *from,
               const struct tunnel_pair *to, struct tunnel_cut *cut, uint16_t *next_id)
{
    uint8_t *room = malloc(cut->room);
    const uint8_t *plain = NULL;
    size_t size = 0;
    int rc = tunnel_next(cut, from, room, cut->room, &plain, &size);

    *memory = NULL;
    if (rc == ERR_OK) {
        rc = rebuild_copy(out, memory, to, plain, size, next_id);
    }
    free(room);
    return rc;
}

int carry(struct packet *out, uint8_t **memory, const struct tunnel_pair *from,
          const struct tunnel_pair *to, const struct packet *packet, uint16_t *next_id)
{
    struct tunnel_cut cut;
    int rc = tunnel_open(&cut, packet);

    *memory = NULL;
    return rc == ERR_OK ? carry_next(out, memory, from, to, &cut, next_id) : rc;
}
