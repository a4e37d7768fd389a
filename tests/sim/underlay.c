/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Carries datagrams over links and through the sites' gateways. */
#include "tests/sim/underlay.h"

#include "proto/base/bytes.h"
#include "tests/sim/traffic.h"

#include <string.h>

enum {
    HEADERS_V4 = 28, /* IP and UDP */
    HEADERS_V6 = 48,
    REORDER_US_MAX = 20000,
};

void underlay_init(struct underlay *net, struct journal *journal, const struct rng *rng)
{
    memset(net, 0, sizeof(*net));
    net->journal = journal;
    net->rng = *rng;
    wire_init(&net->wire, &net->rng);
}

void underlay_fini(struct underlay *net)
{
    wire_fini(&net->wire);
}

int underlay_site_add(struct underlay *net, const struct nat_kind *kind,
                      const struct endpoint *outside, uint8_t prefix_bits, uint64_t seed)
{
    CHECK(net->sites_count < UNDERLAY_SITES_MAX);
    struct underlay_site *site = &net->sites[net->sites_count];
    struct rng rng = rng_stream(seed + net->sites_count, "nat");

    nat_init(&site->nat, kind, outside, &rng);
    site->prefix_bits = prefix_bits;
    return (int)net->sites_count++;
}

int underlay_attach(struct underlay *net, const struct endpoint *address, int site,
                    const struct underlay_link *link)
{
    CHECK(net->attachments_count < UNDERLAY_ATTACHMENTS_MAX);
    net->attachments[net->attachments_count] =
        (struct underlay_attachment){.address = *address, .site = site, .link = *link, .up = true};
    return (int)net->attachments_count++;
}

static void cut_one(struct underlay_attachment *attachment, int from, bool cut)
{
    uint32_t bit = 1U << from;

    attachment->cut_from = cut ? attachment->cut_from | bit : attachment->cut_from & ~bit;
}

void underlay_cut(struct underlay *net, int a, int b, bool cut)
{
    cut_one(&net->attachments[a], b, cut);
    cut_one(&net->attachments[b], a, cut);
}

bool underlay_is_cut(const struct underlay *net, int a, int b)
{
    return (net->attachments[a].cut_from & 1U << b) != 0;
}

void underlay_free(struct underlay *net, struct underlay_flying *f)
{
    wire_packet_free(&net->wire, &f->packet);
}

static void drop(struct underlay *net, struct underlay_flying *f, enum underlay_drop cause)
{
    net->dropped[cause]++;
    journal_bytes(net->journal, underlay_drop_name(cause), &f->packet.from, &f->packet.to,
                  f->packet.data, f->packet.size);
    underlay_free(net, f);
}

/* ---- links ---- */

static struct underlay_flying *flying_new(struct underlay *net, const struct endpoint *from,
                                          const struct endpoint *to, const uint8_t *data,
                                          size_t size)
{
    struct wire_packet *packet =
        wire_packet_new(&net->wire, sizeof(struct underlay_flying), from, to, data, size);

    return HEAP_OWNER(packet, struct underlay_flying, packet);
}

static void fly(struct underlay *net, struct underlay_flying *f, const struct underlay_link *link,
                struct mono now)
{
    uint64_t us = link->delay_us + rng_between(&net->rng, 0, link->jitter_us);

    if (rng_chance(&net->rng, link->reorder_ppm)) {
        us += rng_between(&net->rng, 0, REORDER_US_MAX);
    }
    wire_put(&net->wire, &f->packet, mono_add_ns(now, us * NS_PER_US));
}

static size_t ip_size(const struct underlay_flying *f)
{
    return f->packet.size + (endpoint_is_v4(&f->packet.to) ? HEADERS_V4 : HEADERS_V6);
}

/* Puts a datagram on a link. The link drops it if it is too large, and may lose or duplicate it. */
static void cross(struct underlay *net, struct underlay_flying *f, const struct underlay_link *link,
                  struct mono now)
{
    if (ip_size(f) > link->mtu) {
        drop(net, f, UNDERLAY_DROP_MTU);
        return;
    }
    if (rng_chance(&net->rng, link->loss_ppm)) {
        drop(net, f, UNDERLAY_DROP_LOSS);
        return;
    }
    if (rng_chance(&net->rng, link->duplicate_ppm)) {
        struct underlay_flying *twin =
            flying_new(net, &f->packet.from, &f->packet.to, f->packet.data, f->packet.size);

        twin->aimed = f->aimed;
        twin->origin = f->origin;
        twin->destination = f->destination;
        twin->arriving = f->arriving;
        twin->hops = f->hops;
        twin->sent_at = f->sent_at;
        net->duplicated++;
        fly(net, twin, link, now);
    }
    fly(net, f, link, now);
}

void underlay_send(struct underlay *net, int attachment, const struct endpoint *from,
                   const struct endpoint *to, const uint8_t *data, size_t size, struct mono now)
{
    underlay_send_hops(net, attachment, from, to, data, size, 0, now);
}

void underlay_send_hops(struct underlay *net, int attachment, const struct endpoint *from,
                        const struct endpoint *to, const uint8_t *data, size_t size, uint8_t hops,
                        struct mono now)
{
    struct underlay_flying *f = flying_new(net, from, to, data, size);

    f->aimed = *to;
    f->origin = attachment;
    f->hops = hops;
    f->sent_at = now;
    net->sent++;
    net->plaintext_seen += traffic_has_marker(data, size) ? 1 : 0;
    journal_bytes(net->journal, "send", from, to, data, size);
    cross(net, f, &net->attachments[attachment].link, now);
}

/* ---- gateways ---- */

static bool same_prefix(const struct endpoint *a, const struct endpoint *b, uint8_t bits)
{
    return memcmp(a->ip, b->ip, bits / 8) == 0;
}

static int find_attachment(const struct underlay *net, const struct endpoint *to, int site)
{
    for (size_t i = 0; i < net->attachments_count; i++) {
        if (net->attachments[i].site == site &&
            endpoint_same_ip(&net->attachments[i].address, to)) {
            return (int)i;
        }
    }
    return -1;
}

/* A router passes a datagram on. False, and it is gone, if it has travelled as far as it may. */
static bool pass_on(struct underlay *net, struct underlay_flying *f)
{
    if (f->hops == 1) {
        drop(net, f, UNDERLAY_DROP_HOPS);
        return false;
    }
    if (f->hops > 0) {
        f->hops--;
    }
    return true;
}

static void descend(struct underlay *net, struct underlay_flying *f, int attachment,
                    struct mono now)
{
    if (underlay_is_cut(net, f->origin, attachment)) {
        drop(net, f, UNDERLAY_DROP_CUT);
        return;
    }
    f->arriving = true;
    f->destination = attachment;
    cross(net, f, &net->attachments[attachment].link, now);
}

static enum underlay_drop cause_of(enum nat_verdict verdict)
{
    switch (verdict) {
    case NAT_FILTERED:
        return UNDERLAY_DROP_FILTERED;
    case NAT_FULL:
        return UNDERLAY_DROP_NAT_FULL;
    case NAT_PASSED:
    case NAT_UNMAPPED:
        break;
    }
    return UNDERLAY_DROP_UNMAPPED;
}

/* A datagram has come from the internet to the gateway of a site. */
static void enter_site(struct underlay *net, struct underlay_flying *f, int site, struct mono now)
{
    struct endpoint inside;
    enum nat_verdict verdict =
        nat_inbound(&net->sites[site].nat, &f->packet.to, &f->packet.from, &inside, now);

    if (verdict != NAT_PASSED) {
        drop(net, f, cause_of(verdict));
        return;
    }
    if (!pass_on(net, f)) {
        return;
    }
    f->packet.to = inside;
    int attachment = find_attachment(net, &f->packet.to, site);
    if (attachment < 0) {
        drop(net, f, UNDERLAY_DROP_NO_ROUTE);
        return;
    }
    descend(net, f, attachment, now);
}

static void cross_internet(struct underlay *net, struct underlay_flying *f, struct mono now)
{
    int attachment = find_attachment(net, &f->packet.to, UNDERLAY_PUBLIC);

    if (!pass_on(net, f)) {
        return;
    }
    if (attachment >= 0) {
        descend(net, f, attachment, now);
        return;
    }
    for (size_t i = 0; i < net->sites_count; i++) {
        const struct nat *nat = &net->sites[i].nat;
        bool ours = nat->kind.translates ? nat_owns(nat, &f->packet.to)
                                         : find_attachment(net, &f->packet.to, (int)i) >= 0;

        if (ours) {
            enter_site(net, f, (int)i, now);
            return;
        }
    }
    drop(net, f, UNDERLAY_DROP_NO_ROUTE);
}

/* A datagram has come over its sender's link to the gateway of the sender's site. */
static void leave_site(struct underlay *net, struct underlay_flying *f, int site, struct mono now)
{
    struct underlay_site *s = &net->sites[site];
    struct endpoint external;

    if (same_prefix(&net->attachments[f->origin].address, &f->packet.to, s->prefix_bits)) {
        int attachment = find_attachment(net, &f->packet.to, site);

        if (attachment < 0) {
            drop(net, f, UNDERLAY_DROP_NO_ROUTE);
        } else {
            descend(net, f, attachment, now);
        }
        return;
    }
    if (endpoint_scope(&f->packet.to) != ENDPOINT_SCOPE_GLOBAL) {
        drop(net, f, UNDERLAY_DROP_NO_ROUTE);
        return;
    }
    if (!pass_on(net, f)) {
        return;
    }
    enum nat_verdict verdict =
        nat_outbound(&s->nat, &f->packet.from, &f->packet.to, &external, now);
    if (verdict != NAT_PASSED) {
        drop(net, f, cause_of(verdict));
        return;
    }
    f->packet.from = external;
    if (nat_owns(&s->nat, &f->packet.to) && !s->nat.kind.hairpin) {
        drop(net, f, UNDERLAY_DROP_HAIRPIN);
        return;
    }
    cross_internet(net, f, now);
}

struct mono underlay_deadline(const struct underlay *net)
{
    return wire_deadline(&net->wire);
}

static bool is_relay(const struct underlay *net, const struct endpoint *to)
{
    int attachment = find_attachment(net, to, UNDERLAY_PUBLIC);

    return attachment >= 0 && net->attachments[attachment].relay;
}

struct underlay_flying *underlay_step(struct underlay *net, struct mono now)
{
    struct wire_packet *packet = wire_take(&net->wire, now);

    if (packet == NULL) {
        return NULL;
    }
    struct underlay_flying *f = HEAP_OWNER(packet, struct underlay_flying, packet);

    if (f->arriving) {
        if (!net->attachments[f->destination].up) {
            drop(net, f, UNDERLAY_DROP_DOWN);
            return NULL;
        }
        net->delivered++;
        journal_bytes(net->journal, "deliver", &f->packet.from, &f->packet.to, f->packet.data,
                      f->packet.size);
        return f;
    }
    int site = net->attachments[f->origin].site;
    bool direct = !net->attachments[f->origin].relay && !is_relay(net, &f->packet.to);
    if (direct && net->cut_direct) {
        drop(net, f, UNDERLAY_DROP_CUT);
    } else if (direct && net->direct_mtu != 0 && ip_size(f) > net->direct_mtu) {
        drop(net, f, UNDERLAY_DROP_MTU);
    } else if (site == UNDERLAY_PUBLIC) {
        cross_internet(net, f, now);
    } else {
        leave_site(net, f, site, now);
    }
    return NULL;
}

bool underlay_is_conserved(const struct underlay *net)
{
    uint64_t accounted = net->delivered + net->wire.packets_count;

    for (int i = 0; i < UNDERLAY_DROP_COUNT; i++) {
        accounted += net->dropped[i];
    }
    return net->sent + net->duplicated == accounted;
}

const char *underlay_drop_name(enum underlay_drop cause)
{
    static const char *const names[UNDERLAY_DROP_COUNT] = {
        [UNDERLAY_DROP_LOSS] = "drop loss",         [UNDERLAY_DROP_MTU] = "drop mtu",
        [UNDERLAY_DROP_CUT] = "drop cut",           [UNDERLAY_DROP_NO_ROUTE] = "drop no route",
        [UNDERLAY_DROP_UNMAPPED] = "drop unmapped", [UNDERLAY_DROP_FILTERED] = "drop filtered",
        [UNDERLAY_DROP_NAT_FULL] = "drop nat full", [UNDERLAY_DROP_HAIRPIN] = "drop hairpin",
        [UNDERLAY_DROP_DOWN] = "drop down",         [UNDERLAY_DROP_HOPS] = "drop hops",
    };

    return names[cause];
}
