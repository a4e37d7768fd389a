/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/net.h"

#include "proto/base/bytes.h"
#include "tests/sim/traffic.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADERS_V4 = 28, /* IP and UDP */
    HEADERS_V6 = 48,
    REORDER_US_MAX = 20000,
};

void net_init(struct net *net, struct journal *journal, const struct rng *rng)
{
    memset(net, 0, sizeof(*net));
    net->journal = journal;
    net->rng = *rng;
}

void net_fini(struct net *net)
{
    while (net->flying != NULL) {
        net_free(net, net->flying);
    }
    heap_fini(&net->heap);
}

int net_site_add(struct net *net, const struct nat_kind *kind, const struct endpoint *outside,
                 uint8_t prefix_bits, uint64_t seed)
{
    CHECK(net->sites_count < NET_SITES_MAX);
    struct net_site *site = &net->sites[net->sites_count];
    struct rng rng = rng_stream(seed + net->sites_count, "nat");

    nat_init(&site->nat, kind, outside, &rng);
    site->prefix_bits = prefix_bits;
    return (int)net->sites_count++;
}

int net_attach(struct net *net, const struct endpoint *address, int site,
               const struct net_link *link)
{
    CHECK(net->attachments_count < NET_ATTACHMENTS_MAX);
    net->attachments[net->attachments_count] =
        (struct net_attachment){.address = *address, .site = site, .link = *link, .up = true};
    return (int)net->attachments_count++;
}

void net_free(struct net *net, struct net_flying *f)
{
    heap_remove(&net->heap, &f->timer);
    *f->link = f->next;
    if (f->next != NULL) {
        f->next->link = f->link;
    }
    net->flying_count--;
    free(f);
}

static void drop(struct net *net, struct net_flying *f, enum net_drop cause)
{
    net->dropped[cause]++;
    journal_bytes(net->journal, net_drop_name(cause), &f->from, &f->to, f->data, f->size);
    net_free(net, f);
}

/* ---- links ---- */

static struct net_flying *flying_new(struct net *net, const uint8_t *data, size_t size)
{
    struct net_flying *f = malloc(sizeof(*f) + size);

    CHECK(f != NULL);
    memset(f, 0, sizeof(*f));
    f->size = size;
    memcpy(f->data, data, size);
    f->next = net->flying;
    f->link = &net->flying;
    if (f->next != NULL) {
        f->next->link = &f->next;
    }
    net->flying = f;
    net->flying_count++;
    return f;
}

static void fly(struct net *net, struct net_flying *f, const struct net_link *link, struct mono now)
{
    uint64_t us = link->delay_us + rng_between(&net->rng, 0, link->jitter_us);

    if (rng_chance(&net->rng, link->reorder_ppm)) {
        us += rng_between(&net->rng, 0, REORDER_US_MAX);
    }
    CHECK(heap_set(&net->heap, &f->timer, mono_add_ns(now, us * NS_PER_US)) == ERR_OK);
}

/* Put it on a link: it may be lost, be too large, or come twice. */
static void cross(struct net *net, struct net_flying *f, const struct net_link *link,
                  struct mono now)
{
    size_t headers = endpoint_is_v4(&f->to) ? HEADERS_V4 : HEADERS_V6;

    if (f->size + headers > link->mtu) {
        drop(net, f, NET_DROP_MTU);
        return;
    }
    if (rng_chance(&net->rng, link->loss_ppm)) {
        drop(net, f, NET_DROP_LOSS);
        return;
    }
    if (rng_chance(&net->rng, link->duplicate_ppm)) {
        struct net_flying *twin = flying_new(net, f->data, f->size);

        twin->from = f->from;
        twin->to = f->to;
        twin->aimed = f->aimed;
        twin->origin = f->origin;
        twin->destination = f->destination;
        twin->arriving = f->arriving;
        twin->sent_at = f->sent_at;
        net->duplicated++;
        fly(net, twin, link, now);
    }
    fly(net, f, link, now);
}

void net_send(struct net *net, int attachment, const struct endpoint *from,
              const struct endpoint *to, const uint8_t *data, size_t size, struct mono now)
{
    struct net_flying *f = flying_new(net, data, size);

    f->from = *from;
    f->to = *to;
    f->aimed = *to;
    f->origin = attachment;
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

static int find_attachment(const struct net *net, const struct endpoint *to, int site)
{
    for (size_t i = 0; i < net->attachments_count; i++) {
        if (net->attachments[i].site == site &&
            endpoint_same_ip(&net->attachments[i].address, to)) {
            return (int)i;
        }
    }
    return -1;
}

static void descend(struct net *net, struct net_flying *f, int attachment, struct mono now)
{
    f->arriving = true;
    f->destination = attachment;
    cross(net, f, &net->attachments[attachment].link, now);
}

static enum net_drop cause_of(enum nat_verdict verdict)
{
    switch (verdict) {
    case NAT_FILTERED:
        return NET_DROP_FILTERED;
    case NAT_FULL:
        return NET_DROP_NAT_FULL;
    case NAT_PASSED:
    case NAT_UNMAPPED:
        break;
    }
    return NET_DROP_UNMAPPED;
}

/* It stands before the gateway of a site, from outside. */
static void enter_site(struct net *net, struct net_flying *f, int site, struct mono now)
{
    struct endpoint inside;
    enum nat_verdict verdict = nat_inbound(&net->sites[site].nat, &f->to, &f->from, &inside, now);

    if (verdict != NAT_PASSED) {
        drop(net, f, cause_of(verdict));
        return;
    }
    f->to = inside;
    int attachment = find_attachment(net, &f->to, site);
    if (attachment < 0) {
        drop(net, f, NET_DROP_NO_ROUTE);
        return;
    }
    descend(net, f, attachment, now);
}

static void cross_internet(struct net *net, struct net_flying *f, struct mono now)
{
    int attachment = find_attachment(net, &f->to, NET_PUBLIC);

    if (attachment >= 0) {
        descend(net, f, attachment, now);
        return;
    }
    for (size_t i = 0; i < net->sites_count; i++) {
        const struct nat *nat = &net->sites[i].nat;
        bool ours = nat->kind.translates ? endpoint_same_ip(&nat->address, &f->to)
                                         : find_attachment(net, &f->to, (int)i) >= 0;

        if (ours) {
            enter_site(net, f, (int)i, now);
            return;
        }
    }
    drop(net, f, NET_DROP_NO_ROUTE);
}

/* It has come over its sender's link to the gateway. */
static void leave_site(struct net *net, struct net_flying *f, int site, struct mono now)
{
    struct net_site *s = &net->sites[site];
    struct endpoint external;

    if (same_prefix(&net->attachments[f->origin].address, &f->to, s->prefix_bits)) {
        int attachment = find_attachment(net, &f->to, site);

        if (attachment < 0) {
            drop(net, f, NET_DROP_NO_ROUTE);
        } else {
            descend(net, f, attachment, now);
        }
        return;
    }
    if (endpoint_scope(&f->to) != ENDPOINT_SCOPE_GLOBAL) {
        drop(net, f, NET_DROP_NO_ROUTE);
        return;
    }
    enum nat_verdict verdict = nat_outbound(&s->nat, &f->from, &f->to, &external, now);
    if (verdict != NAT_PASSED) {
        drop(net, f, cause_of(verdict));
        return;
    }
    f->from = external;
    if (s->nat.kind.translates && endpoint_same_ip(&s->nat.address, &f->to) &&
        !s->nat.kind.hairpin) {
        drop(net, f, NET_DROP_HAIRPIN);
        return;
    }
    cross_internet(net, f, now);
}

struct mono net_deadline(const struct net *net)
{
    return heap_deadline(&net->heap);
}

struct net_flying *net_step(struct net *net, struct mono now)
{
    struct heap_entry *entry = heap_pop_due(&net->heap, now);
    struct net_flying *f = entry == NULL ? NULL : HEAP_OWNER(entry, struct net_flying, timer);

    if (f == NULL) {
        return NULL;
    }
    if (f->arriving) {
        if (!net->attachments[f->destination].up) {
            drop(net, f, NET_DROP_DOWN);
            return NULL;
        }
        net->delivered++;
        journal_bytes(net->journal, "deliver", &f->from, &f->to, f->data, f->size);
        return f;
    }
    int site = net->attachments[f->origin].site;
    if (net->cut_direct && f->origin != net->relay &&
        !endpoint_same_ip(&f->to, &net->attachments[net->relay].address)) {
        drop(net, f, NET_DROP_CUT);
    } else if (site == NET_PUBLIC) {
        cross_internet(net, f, now);
    } else {
        leave_site(net, f, site, now);
    }
    return NULL;
}

bool net_is_conserved(const struct net *net)
{
    uint64_t accounted = net->delivered + net->flying_count;

    for (int i = 0; i < NET_DROP_COUNT; i++) {
        accounted += net->dropped[i];
    }
    return net->sent + net->duplicated == accounted;
}

const char *net_drop_name(enum net_drop cause)
{
    static const char *const names[NET_DROP_COUNT] = {
        [NET_DROP_LOSS] = "drop loss",         [NET_DROP_MTU] = "drop mtu",
        [NET_DROP_CUT] = "drop cut",           [NET_DROP_NO_ROUTE] = "drop no route",
        [NET_DROP_UNMAPPED] = "drop unmapped", [NET_DROP_FILTERED] = "drop filtered",
        [NET_DROP_NAT_FULL] = "drop nat full", [NET_DROP_HAIRPIN] = "drop hairpin",
        [NET_DROP_DOWN] = "drop down",
    };

    return names[cause];
}
