/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The facts are judged anew each time from what is there. */
#include "client/netcheck/found.h"

#include <string.h>

static bool has_sent(const struct netcheck_knocks *round)
{
    for (size_t i = 0; round->sent && i < round->told.lenders_count; i++) {
        if (round->told.lenders[i].result == LEND_RESULT_SENT) {
            return true;
        }
    }
    return false;
}

static enum nat_depends filtering_of(const struct netcheck *check)
{
    const struct netcheck_knocks *first = &check->rounds[0], *again = &check->rounds[1];
    bool own = (first->sent && first->told.ports_count > 0) ||
               (again->sent && again->told.ports_count > 0);
    bool lent = has_sent(first) || has_sent(again);

    if (check->lent_came) {
        return NAT_DEPENDS_ON_NOTHING;
    }
    if (check->own_port_came) {
        return lent ? NAT_DEPENDS_ON_ADDRESS : NAT_DEPENDS_NOT_ON_PORT;
    }
    if (own) {
        return NAT_DEPENDS_ON_ADDRESS_AND_PORT;
    }
    return lent ? NAT_DEPENDS_ON_SOMETHING : NAT_DEPENDS_UNKNOWN;
}

static uint16_t mtu_of(const struct netcheck *check)
{
    uint16_t most = 0;

    for (size_t i = 0; i < check->questions.count; i++) {
        const struct question *q = &check->questions.list[i];

        if (q->about == QUESTION_SIZE && q->answered && q->size > most) {
            most = q->size;
        }
    }
    if (most == 0) {
        return 0;
    }
    return (uint16_t)(most + (endpoint_is_v4(&check->cfg.relays[0]) ? NETCHECK_IP4_HEADERS
                                                                    : NETCHECK_IP6_HEADERS));
}

static void relay_find(const struct netcheck *check, const struct endpoint *address,
                       struct netcheck_relay *out)
{
    uint64_t rtt_ns = UINT64_MAX;

    *out = (struct netcheck_relay){.address = *address};
    for (size_t i = 0; i < check->questions.count; i++) {
        const struct question *q = &check->questions.list[i];

        if (q->about == QUESTION_SIZE || !endpoint_equal(&q->remote, address)) {
            continue;
        }
        out->sent += q->tries;
        out->answered += q->answers;
        rtt_ns = q->answered && q->rtt_ns < rtt_ns ? q->rtt_ns : rtt_ns;
    }
    if (out->answered > 0) {
        out->rtt_us = rtt_ns < NS_PER_US ? 1 : (uint32_t)(rtt_ns / NS_PER_US);
    }
}

/* True if two relays, at different addresses, had something to say about the NAT. */
static bool has_two_addresses(const struct nat_sample *samples, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (!endpoint_same_ip(&samples[0].remote, &samples[i].remote)) {
            return true;
        }
    }
    return false;
}

void netcheck_found_read(const struct netcheck *check, struct netcheck_found *out)
{
    struct nat_sample samples[NAT_SAMPLES_MAX];
    size_t count = netcheck_samples(check, samples);

    memset(out, 0, sizeof(*out));
    nat_facts_judge(&out->facts, &check->cfg.locals[NETCHECK_SOCKET_FILTER], samples, count);
    out->facts.filtering = filtering_of(check);
    out->facts.name = nat_facts_name(&out->facts);
    out->lent = has_sent(&check->rounds[0]) || has_sent(&check->rounds[1]);
    out->one_address = count > 0 && !has_two_addresses(samples, count);
    out->mtu = mtu_of(check);
    if (check->cfg.hairpin) {
        out->hairpin = check->hairpin_came ? NETCHECK_HAIRPIN_YES : NETCHECK_HAIRPIN_NO;
    }
    for (size_t i = 0; i < check->cfg.relays_count; i++) {
        relay_find(check, &check->cfg.relays[i], &out->relays[out->relays_count++]);
    }
}

const struct nat_facts *netcheck_result_facts(const struct netcheck_result *result)
{
    for (size_t i = 0; i < NETCHECK_FAMILIES; i++) {
        const struct netcheck_family *family = &result->families[i];

        if (family->tried && family->found.facts.name != NAT_NAME_BLOCKED) {
            return &family->found.facts;
        }
    }
    return NULL;
}

enum nat_name netcheck_result_name(const struct netcheck_result *result)
{
    const struct nat_facts *facts = netcheck_result_facts(result);

    if (result->early) {
        return NAT_NAME_UNKNOWN;
    }
    if (facts != NULL) {
        return facts->name;
    }
    return result->families[NETCHECK_IPV4].tried || result->families[NETCHECK_IPV6].tried
               ? NAT_NAME_BLOCKED
               : NAT_NAME_UNKNOWN;
}
