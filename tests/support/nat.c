/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A NAT whose mappings stand in a table that is searched from end to end. A home has few of them,
 * and simple code here is easier to believe.
 */
#include "tests/support/nat.h"

#include <string.h>

enum { PORT_FIRST = 1024, PORT_LAST = 65535, PORT_TRIES = 1000, RANGE_FIRST = 20000 };

void nat_init(struct nat *nat, const struct nat_kind *kind, const struct endpoint *address,
              const struct rng *rng)
{
    memset(nat, 0, sizeof(*nat));
    nat->kind = *kind;
    nat->address = *address;
    nat->rng = *rng;
    nat->port_next = (uint16_t)rng_between(&nat->rng, 5000, 50000);
    nat->others_at = MONO_NEVER;
}

/* Whether two remotes count as one under this rule. */
static bool same_by_rule(enum nat_rule rule, const struct endpoint *a, const struct endpoint *b)
{
    switch (rule) {
    case NAT_ENDPOINT_INDEPENDENT:
        return true;
    case NAT_ADDRESS_DEPENDENT:
        return endpoint_same_ip(a, b);
    case NAT_ADDRESS_AND_PORT_DEPENDENT:
        break;
    }
    return endpoint_equal(a, b);
}

static bool lives(const struct nat *nat, const struct nat_mapping *m, struct mono last_at,
                  struct mono now)
{
    uint64_t s = nat->kind.quiet_lifetime_s != 0 && !m->kept ? nat->kind.quiet_lifetime_s
                                                             : nat->kind.lifetime_s;

    return mono_before(now, mono_add_ms(last_at, s * 1000));
}

/* A packet passes a mapping: it may count as used both ways from now on. */
static void use_note(const struct nat *nat, struct nat_mapping *m, bool inbound, struct mono now)
{
    bool early = mono_before(now, mono_add_ms(m->born_at, NAT_KEPT_MS));

    m->kept = m->kept || (m->answered && !early) || (inbound && nat->kind.answered_is_kept);
    m->answered = m->answered || inbound;
}

static void forget_expired(struct nat *nat, struct mono now)
{
    size_t kept = 0;

    for (size_t i = 0; i < nat->mappings_count; i++) {
        if (lives(nat, &nat->mappings[i], nat->mappings[i].last_at, now)) {
            if (kept != i) {
                nat->mappings[kept] = nat->mappings[i];
            }
            kept++;
        }
    }
    nat->mappings_count = kept;
    kept = 0;
    for (size_t i = 0; i < nat->contacts_count; i++) {
        struct mono last_at = nat->contacts[i].last_at; /* no mapping lives longer than this */

        if (mono_before(now, mono_add_ms(last_at, (uint64_t)nat->kind.lifetime_s * 1000))) {
            nat->contacts[kept++] = nat->contacts[i];
        }
    }
    nat->contacts_count = kept;
}

/* Whether this inside endpoint may get the port. Mappings of one inside endpoint to different
 * remotes may share a port, as in port-preserving NATs; different inside endpoints never share one.
 */
static bool port_is_free(const struct nat *nat, uint16_t port, const struct endpoint *inside,
                         bool may_share)
{
    for (size_t i = 0; i < nat->mappings_count; i++) {
        const struct nat_mapping *m = &nat->mappings[i];

        if (m->external.port == port && !(may_share && endpoint_equal(&m->inside, inside))) {
            return false;
        }
    }
    return true;
}

/* ---- routers that take early packets for their own ---- */

static bool own_lives(const struct nat_own *own, struct mono now)
{
    return mono_before(now, mono_add_ms(own->last_at, NAT_OWN_MS));
}

static void own_remember(struct nat *nat, const struct endpoint *remote, uint16_t port,
                         struct mono now)
{
    struct nat_own *slot = &nat->own[0];

    for (size_t i = 0; i < nat->own_count; i++) {
        if (endpoint_equal(&nat->own[i].remote, remote) && nat->own[i].port == port) {
            nat->own[i].last_at = now;
            return;
        }
        slot = mono_before(nat->own[i].last_at, slot->last_at) ? &nat->own[i] : slot;
    }
    if (nat->own_count < NAT_OWN_MAX) {
        slot = &nat->own[nat->own_count++];
    }
    *slot = (struct nat_own){*remote, port, now};
}

static bool own_has(const struct nat *nat, const struct endpoint *remote, uint16_t port,
                    struct mono now)
{
    for (size_t i = 0; i < nat->own_count; i++) {
        if (endpoint_equal(&nat->own[i].remote, remote) && nat->own[i].port == port &&
            own_lives(&nat->own[i], now)) {
            return true;
        }
    }
    return false;
}

/* Such a router copies the newest mapping of an inside endpoint; 0: there is none. */
static uint16_t newest_port(const struct nat *nat, const struct endpoint *inside)
{
    for (size_t i = nat->mappings_count; i > 0; i--) {
        if (endpoint_equal(&nat->mappings[i - 1].inside, inside)) {
            return nat->mappings[i - 1].external.port;
        }
    }
    return 0;
}

/* ---- mappings ---- */

static uint16_t port_step(struct nat *nat)
{
    uint32_t next = (uint32_t)nat->port_next + nat->kind.step;

    nat->port_next = (uint16_t)(next > PORT_LAST ? next - PORT_LAST + PORT_FIRST : next);
    return nat->port_next;
}

/* Other users of the NAT open flows, with random times between them. */
static void others_take(struct nat *nat, struct mono now)
{
    uint64_t mean_us = nat->kind.others_per_s == 0 ? 0 : UINT64_C(1000000) / nat->kind.others_per_s;

    if (mean_us == 0) {
        return;
    }
    if (nat->others_at.ns == MONO_NEVER.ns) {
        nat->others_at = now;
    }
    while (mono_due(nat->others_at, now)) {
        (void)port_step(nat);
        nat->others_at =
            mono_add_ns(nat->others_at, rng_between(&nat->rng, 0, 2 * mean_us) * NS_PER_US);
    }
}

static uint16_t port_draw(struct nat *nat)
{
    if (nat->kind.step > 0) {
        return port_step(nat);
    }
    if (nat->kind.range_size > 0) {
        return (uint16_t)(RANGE_FIRST + rng_below(&nat->rng, nat->kind.range_size));
    }
    return (uint16_t)rng_between(&nat->rng, PORT_FIRST, PORT_LAST);
}

static uint16_t choose_port(struct nat *nat, const struct endpoint *inside,
                            const struct endpoint *remote, struct mono now)
{
    uint16_t wanted = nat->kind.answers_itself ? newest_port(nat, inside) : 0;

    wanted = wanted == 0 ? inside->port : wanted;
    if (nat->kind.port_preserving && port_is_free(nat, wanted, inside, true) &&
        !own_has(nat, remote, wanted, now)) {
        return wanted;
    }
    for (int i = 0; i < PORT_TRIES; i++) {
        uint16_t port = port_draw(nat);

        if (port_is_free(nat, port, inside, false)) {
            return port;
        }
    }
    return 0;
}

static const struct nat_mapping *mapping_find(const struct nat *nat, const struct endpoint *inside,
                                              const struct endpoint *remote)
{
    for (size_t i = 0; i < nat->mappings_count; i++) {
        const struct nat_mapping *m = &nat->mappings[i];

        if (endpoint_equal(&m->inside, inside) &&
            same_by_rule(nat->kind.mapping, &m->remote, remote)) {
            return m;
        }
    }
    return NULL;
}

static struct endpoint choose_address(struct nat *nat, const struct endpoint *inside)
{
    struct endpoint address = nat->address;
    uint32_t number = 0;

    if (nat->kind.addresses > 1 && nat->kind.paired) {
        number = inside->ip[15] % (uint32_t)nat->kind.addresses;
    } else if (nat->kind.addresses > 1) {
        number = rng_below(&nat->rng, nat->kind.addresses);
    }
    address.ip[15] = (uint8_t)(address.ip[15] + number);
    return address;
}

static struct nat_mapping *mapping_for(struct nat *nat, const struct endpoint *inside,
                                       const struct endpoint *remote, struct mono now)
{
    const struct nat_mapping *known = mapping_find(nat, inside, remote);

    if (known != NULL) {
        return &nat->mappings[known - nat->mappings];
    }
    if (nat->mappings_count == NAT_MAPPINGS_MAX) {
        return NULL;
    }
    struct nat_mapping *m = &nat->mappings[nat->mappings_count];
    *m = (struct nat_mapping){
        .inside = *inside, .external = *inside, .remote = *remote, .born_at = now};
    m->id = ++nat->mapping_id_last;
    if (nat->kind.translates) {
        m->external = choose_address(nat, inside);
        others_take(nat, now);
        m->external.port = choose_port(nat, inside, remote, now);
        if (m->external.port == 0) {
            return NULL;
        }
    }
    nat->mappings_count++;
    if (nat->mappings_count > nat->mappings_most) {
        nat->mappings_most = nat->mappings_count;
    }
    return m;
}

static void contact(struct nat *nat, struct nat_mapping *m, const struct endpoint *remote,
                    struct mono now)
{
    size_t slot = 0;

    m->last_at = now;
    for (size_t i = 0; i < nat->contacts_count; i++) {
        struct nat_contact *c = &nat->contacts[i];

        if (c->mapping_id == m->id && endpoint_equal(&c->remote, remote)) {
            c->last_at = now;
            return;
        }
        slot = mono_before(c->last_at, nat->contacts[slot].last_at) ? i : slot;
    }
    if (nat->contacts_count < NAT_CONTACTS_MAX) {
        slot = nat->contacts_count++;
    }
    nat->contacts[slot] = (struct nat_contact){m->id, *remote, now};
}

enum nat_verdict nat_outbound(struct nat *nat, const struct endpoint *inside,
                              const struct endpoint *remote, struct endpoint *external,
                              struct mono now)
{
    forget_expired(nat, now);
    struct nat_mapping *m = mapping_for(nat, inside, remote, now);
    if (m == NULL) {
        return NAT_FULL;
    }
    use_note(nat, m, false, now);
    contact(nat, m, remote, now);
    *external = m->external;
    return NAT_PASSED;
}

static bool lets_in(const struct nat *nat, const struct nat_mapping *m,
                    const struct endpoint *remote, struct mono now)
{
    if (nat->kind.filtering == NAT_ENDPOINT_INDEPENDENT) {
        return true;
    }
    for (size_t i = 0; i < nat->contacts_count; i++) {
        const struct nat_contact *c = &nat->contacts[i];

        if (c->mapping_id == m->id && same_by_rule(nat->kind.filtering, &c->remote, remote) &&
            lives(nat, m, c->last_at, now)) {
            return true;
        }
    }
    return false;
}

enum nat_verdict nat_inbound(struct nat *nat, const struct endpoint *external,
                             const struct endpoint *remote, struct endpoint *inside,
                             struct mono now)
{
    enum nat_verdict verdict = NAT_UNMAPPED;

    forget_expired(nat, now);
    for (size_t i = 0; i < nat->mappings_count; i++) {
        struct nat_mapping *m = &nat->mappings[i];

        if (!endpoint_equal(&m->external, external)) {
            continue;
        }
        if (lets_in(nat, m, remote, now)) {
            use_note(nat, m, true, now);
            if (nat->kind.inbound_refreshes) {
                contact(nat, m, remote, now);
            }
            *inside = m->inside;
            return NAT_PASSED;
        }
        verdict = NAT_FILTERED;
    }
    if (nat->kind.answers_itself) {
        own_remember(nat, remote, external->port, now);
    }
    return verdict;
}

bool nat_external_of(const struct nat *nat, const struct endpoint *inside,
                     const struct endpoint *remote, struct endpoint *external)
{
    const struct nat_mapping *m = mapping_find(nat, inside, remote);

    if (m != NULL) {
        *external = m->external;
    }
    return m != NULL;
}

bool nat_inside_of(const struct nat *nat, const struct endpoint *external,
                   const struct endpoint *remote, struct endpoint *inside)
{
    for (size_t i = 0; i < nat->mappings_count; i++) {
        const struct nat_mapping *m = &nat->mappings[i];

        if (endpoint_equal(&m->external, external) &&
            same_by_rule(nat->kind.mapping, &m->remote, remote)) {
            *inside = m->inside;
            return true;
        }
    }
    return false;
}

bool nat_owns(const struct nat *nat, const struct endpoint *address)
{
    struct endpoint own = nat->address;

    for (unsigned i = 0; nat->kind.translates && (i == 0 || i < nat->kind.addresses); i++) {
        own.ip[15] = (uint8_t)(nat->address.ip[15] + i);
        if (endpoint_same_ip(&own, address)) {
            return true;
        }
    }
    return false;
}

void nat_reboot(struct nat *nat)
{
    nat->mappings_count = 0;
    nat->contacts_count = 0;
    nat->own_count = 0;
}
