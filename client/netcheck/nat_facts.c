/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples are compared in pairs: there are few of them. */
#include "client/netcheck/nat_facts.h"

#include <stdlib.h>
#include <string.h>

enum {
    STEP_MAX = 32, /* of the NAT; and others may take so many ports meanwhile: */
    STEP_TAKEN_MAX = 16,
    STEP_PAUSE_TAKEN_MAX = 64, /* in the pause of a measurement for knocks */
    RANGE_SIZE_MAX = 2048,     /* what providers give to one customer is smaller */
    ORDERED_MIN = 3,           /* so many ports must have been seen for the rest */
    LUCK_ONE_IN = 200,         /* what chance makes more often than this proves nothing */
};

/* What pairs of samples of one socket showed. */
struct pairs {
    bool other_address; /* there was a pair with different remote addresses, ... */
    bool other_port;    /* ... and one that differs in the port only, */
    bool by_address;    /* and so were their mappings */
    bool by_port;
    /* Addresses that saw what another one saw before, and ports that saw what another one of the
     * same address did. */
    unsigned agree, agree_by_port;
};

static struct pairs pairs_of(const struct nat_sample *samples, size_t count)
{
    struct pairs pairs = {.other_address = false};

    for (size_t i = 0; i < count; i++) {
        bool agrees = false, agrees_by_port = false, is_new_address = true;

        for (size_t k = 0; k < i; k++) {
            const struct nat_sample *a = &samples[k], *b = &samples[i];
            bool differ = !endpoint_equal(&a->mapped, &b->mapped);

            if (a->socket != b->socket || endpoint_equal(&a->remote, &b->remote)) {
                continue;
            }
            if (endpoint_same_ip(&a->remote, &b->remote)) {
                pairs.other_port = true;
                pairs.by_port = pairs.by_port || differ;
                agrees_by_port = agrees_by_port || !differ;
                is_new_address = false;
            } else {
                pairs.other_address = true;
                pairs.by_address = pairs.by_address || differ;
                agrees = agrees || !differ;
            }
        }
        pairs.agree += agrees && is_new_address ? 1 : 0;
        pairs.agree_by_port += agrees_by_port ? 1 : 0;
    }
    return pairs;
}

/* A NAT that keeps the port, and draws one of its addresses for each mapping, may draw the same one
 * again: then samples agree although the mapping depends on their remotes. True if it would have to
 * be too lucky for that. */
static bool is_no_luck(const struct nat_facts *facts, unsigned agree)
{
    uint32_t chance = 1;

    for (unsigned i = 0; i < agree && chance < LUCK_ONE_IN; i++) {
        chance *= facts->addresses;
    }
    return !facts->preserving || facts->addresses < 2 || chance >= LUCK_ONE_IN;
}

static enum nat_depends mapping_of(const struct pairs *pairs, const struct nat_facts *facts)
{
    if (pairs->by_port) {
        return NAT_DEPENDS_ON_ADDRESS_AND_PORT;
    }
    if (pairs->by_address) {
        return pairs->other_port && is_no_luck(facts, pairs->agree_by_port)
                   ? NAT_DEPENDS_ON_ADDRESS
                   : NAT_DEPENDS_ON_SOMETHING;
    }
    if (!is_no_luck(facts, pairs->agree)) {
        return NAT_DEPENDS_UNKNOWN;
    }
    if (pairs->other_address) {
        return NAT_DEPENDS_ON_NOTHING;
    }
    return pairs->other_port ? NAT_DEPENDS_NOT_ON_PORT : NAT_DEPENDS_UNKNOWN;
}

static int by_order(const void *a, const void *b)
{
    const struct nat_sample *one = a, *other = b;

    return one->order < other->order ? -1 : one->order > other->order ? 1 : 0;
}

/* The step of ports in the order in which they were given out; 0: there is none. Others may have
 * taken ports in between, so each difference is a small multiple of the step; one of them may be
 * larger, as a measurement pauses once (netcheck.c, SPARED_MS). */
static uint16_t step_of(const struct nat_sample *samples, size_t count)
{
    unsigned pauses = 0;
    int least = 0;

    if (count < ORDERED_MIN) {
        return 0;
    }
    for (size_t i = 1; i < count; i++) {
        int difference = samples[i].mapped.port - samples[i - 1].mapped.port;

        if (difference <= 0) {
            return 0;
        }
        least = least == 0 || difference < least ? difference : least;
    }
    for (size_t i = 1; i < count; i++) {
        int difference = samples[i].mapped.port - samples[i - 1].mapped.port;

        pauses += difference / least > STEP_TAKEN_MAX ? 1 : 0;
        if (difference % least != 0 || difference / least > STEP_PAUSE_TAKEN_MAX || pauses > 1) {
            return 0;
        }
    }
    return least <= STEP_MAX ? (uint16_t)least : 0;
}

/* The order of a mapping is not known if that of any sample of it is not: its first packet may have
 * made it. */
static uint32_t order_of(const struct nat_sample *samples, size_t count,
                         const struct nat_sample *one)
{
    uint32_t order = one->order;

    for (size_t i = 0; i < count; i++) {
        if (samples[i].order == NAT_ORDER_UNKNOWN &&
            endpoint_equal(&samples[i].mapped, &one->mapped)) {
            order = NAT_ORDER_UNKNOWN;
        }
    }
    return order;
}

/* One sample for each mapping, in their order; those of which it is not known come last. */
static size_t mappings_of(struct nat_sample out[NAT_SAMPLES_MAX], const struct nat_sample *samples,
                          size_t count)
{
    struct nat_sample sorted[NAT_SAMPLES_MAX];
    size_t kept = 0;

    memcpy(sorted, samples, count * sizeof(sorted[0]));
    for (size_t i = 0; i < count; i++) {
        sorted[i].order = order_of(samples, count, &samples[i]);
    }
    qsort(sorted, count, sizeof(sorted[0]), by_order);
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;

        while (k < kept && !endpoint_equal(&out[k].mapped, &sorted[i].mapped)) {
            k++;
        }
        if (k == kept) {
            out[kept++] = sorted[i];
        }
    }
    return kept;
}

static void ports_judge(struct nat_facts *out, const struct nat_sample *samples, size_t count)
{
    struct nat_sample mappings[NAT_SAMPLES_MAX];
    size_t mappings_count = mappings_of(mappings, samples, count), ordered = 0;

    while (ordered < mappings_count && mappings[ordered].order != NAT_ORDER_UNKNOWN) {
        ordered++;
    }
    out->port_low = UINT16_MAX;
    for (size_t i = 0; i < count; i++) {
        uint16_t port = samples[i].mapped.port;

        out->port_low = port < out->port_low ? port : out->port_low;
        out->port_high = port > out->port_high ? port : out->port_high;
    }
    if (out->mapping == NAT_DEPENDS_UNKNOWN) {
        return;
    }
    if (out->mapping == NAT_DEPENDS_ON_NOTHING || out->mapping == NAT_DEPENDS_NOT_ON_PORT ||
        out->preserving) { /* the address changes, the port does not */
        out->ports = NAT_PORTS_ONE;
    } else if (mappings_count >= ORDERED_MIN) {
        out->step = step_of(mappings, ordered);
        if (out->step > 0) {
            out->ports = NAT_PORTS_STEP;
        } else if (out->port_high - out->port_low < RANGE_SIZE_MAX) {
            out->ports = NAT_PORTS_RANGE;
        } else {
            out->ports = NAT_PORTS_RANDOM;
        }
    }
}

static uint32_t addresses_of(const struct nat_sample *samples, size_t count)
{
    uint32_t addresses = 0;

    for (size_t i = 0; i < count; i++) {
        bool seen = false;

        for (size_t k = 0; k < i && !seen; k++) {
            seen = endpoint_same_ip(&samples[k].mapped, &samples[i].mapped);
        }
        addresses += seen ? 0 : 1;
    }
    return addresses;
}

void nat_facts_judge(struct nat_facts *out, const struct endpoint *local,
                     const struct nat_sample *samples, size_t count)
{
    struct pairs pairs = pairs_of(samples, count);

    *out = (struct nat_facts){.answered = count > 0, .local = *local};
    if (count == 0) {
        return;
    }
    out->mapped = samples[0].mapped;
    out->preserving = true;
    for (size_t i = 0; i < count; i++) {
        bool same_port = samples[i].mapped.port == samples[i].socket;

        out->preserving = out->preserving && same_port;
        out->translated =
            out->translated || !same_port || !endpoint_same_ip(&samples[i].mapped, local);
    }
    out->addresses = addresses_of(samples, count);
    out->mapping = mapping_of(&pairs, out);
    ports_judge(out, samples, count);
}

enum nat_name nat_facts_name(const struct nat_facts *facts)
{
    static const enum nat_name by_filter[][2] = {
        [NAT_DEPENDS_UNKNOWN] = {NAT_NAME_UNKNOWN, NAT_NAME_UNKNOWN},
        [NAT_DEPENDS_ON_NOTHING] = {NAT_NAME_PUBLIC, NAT_NAME_FULL_CONE},
        [NAT_DEPENDS_ON_ADDRESS] = {NAT_NAME_PUBLIC_FW, NAT_NAME_RC},
        [NAT_DEPENDS_ON_ADDRESS_AND_PORT] = {NAT_NAME_PUBLIC_FW, NAT_NAME_P_RC},
        [NAT_DEPENDS_NOT_ON_PORT] = {NAT_NAME_UNKNOWN, NAT_NAME_UNKNOWN},
        [NAT_DEPENDS_ON_SOMETHING] = {NAT_NAME_PUBLIC_FW, NAT_NAME_UNKNOWN},
    };

    if (!facts->answered) {
        return NAT_NAME_BLOCKED;
    }
    if (!facts->translated) {
        return by_filter[facts->filtering][0];
    }
    switch (facts->mapping) {
    case NAT_DEPENDS_ON_NOTHING:
        return by_filter[facts->filtering][1];
    case NAT_DEPENDS_ON_ADDRESS:
    case NAT_DEPENDS_ON_ADDRESS_AND_PORT:
    case NAT_DEPENDS_ON_SOMETHING:
        return facts->ports == NAT_PORTS_STEP    ? NAT_NAME_SYM_STEP
               : facts->ports == NAT_PORTS_RANGE ? NAT_NAME_SYM_RANGE
                                                 : NAT_NAME_SYM;
    case NAT_DEPENDS_UNKNOWN:
    case NAT_DEPENDS_NOT_ON_PORT:
        break;
    }
    return NAT_NAME_UNKNOWN;
}
