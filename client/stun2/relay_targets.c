/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One list, in the order in which it is dialled, and beside each address whose it is. */
#include "client/stun2/relay_targets.h"

#include "proto/base/bytes.h"

#include <string.h>

/* The first target that is not the one that answered last. */
static size_t first_of_others(const struct relay_targets *targets)
{
    return endpoint_is_none(&targets->good) ? 0 : 1;
}

static void insert(struct relay_targets *targets, size_t at, uint8_t whose,
                   const struct endpoint *target)
{
    size_t behind = targets->count - at;

    memmove(&targets->list[at + 1], &targets->list[at], behind * sizeof(targets->list[0]));
    memmove(&targets->whose[at + 1], &targets->whose[at], behind * sizeof(targets->whose[0]));
    targets->list[at] = *target;
    targets->whose[at] = whose;
    targets->count++;
}

/* Behind the others of the same host, so that hosts stay in the order of the URL. */
static void add_target(struct relay_targets *targets, uint8_t whose, const struct endpoint *target)
{
    size_t at = targets->count;

    for (size_t i = 0; i < targets->count; i++) {
        if (endpoint_equal(&targets->list[i], target)) {
            if (targets->whose[i] == RELAY_TARGETS_NOBODYS) {
                targets->whose[i] = whose;
            }
            return;
        }
    }
    while (at > first_of_others(targets) && targets->whose[at - 1] > whose) {
        at--;
    }
    if (targets->count < RELAY_TARGETS_MAX) {
        insert(targets, at, whose, target);
    }
}

static void remove_target(struct relay_targets *targets, size_t at)
{
    size_t behind = --targets->count - at;

    memmove(&targets->list[at], &targets->list[at + 1], behind * sizeof(targets->list[0]));
    memmove(&targets->whose[at], &targets->whose[at + 1], behind * sizeof(targets->whose[0]));
}

/* Otherwise the former addresses of a relay that moves would fill the list one day. The one that
 * answered last stays. */
static void forget_targets(struct relay_targets *targets, uint8_t whose)
{
    for (size_t i = targets->count; i-- > 0;) {
        if (targets->whose[i] == whose && i < first_of_others(targets)) {
            targets->whose[i] = RELAY_TARGETS_NOBODYS;
        } else if (targets->whose[i] == whose) {
            remove_target(targets, i);
        }
    }
}

void relay_targets_know(struct relay_targets *targets, const struct endpoint *good)
{
    uint8_t whose = RELAY_TARGETS_NOBODYS;

    if (endpoint_equal(&targets->good, good)) {
        return;
    }
    if (first_of_others(targets) == 1 && targets->whose[0] == RELAY_TARGETS_NOBODYS) {
        remove_target(targets, 0); /* the former one, which nobody names any more */
    }
    for (size_t i = targets->count; i-- > 0;) {
        if (endpoint_equal(&targets->list[i], good)) {
            whose = targets->whose[i];
            remove_target(targets, i);
        }
    }
    targets->good = *good;
    if (targets->count == RELAY_TARGETS_MAX) {
        targets->count--;
    }
    insert(targets, 0, whose, good);
}

static void add_with_port(struct relay_targets *targets, size_t host, const struct endpoint *addr,
                          uint16_t port)
{
    struct endpoint target = *addr;

    target.port = port;
    add_target(targets, u8_of(RELAY_TARGETS_URL + host), &target);
}

/* The addresses of a host, two at a time with each port that is dialled. */
static void add_host(struct relay_targets *targets, const struct url *url, size_t host,
                     const struct endpoint *addrs, size_t count)
{
    uint16_t port = url->hosts[host].port;

    for (size_t i = 0; i < count; i += 2) {
        size_t end = i + 2 < count ? i + 2 : count;

        for (size_t k = i; k < end; k++) {
            add_with_port(targets, host, &addrs[k], port != 0 ? port : RELAY_TARGETS_PORT_FIRST);
        }
        for (size_t k = i; port == 0 && k < end; k++) {
            add_with_port(targets, host, &addrs[k], RELAY_TARGETS_PORT_SECOND);
        }
    }
}

void relay_targets_begin(struct relay_targets *targets, const struct url *url, struct mono now)
{
    *targets = (struct relay_targets){0};
    for (size_t i = 0; i < URL_HOSTS_MAX; i++) {
        targets->resolve_at[i] = MONO_NEVER;
    }
    for (size_t i = 0; i < url->hosts_count; i++) {
        struct endpoint addr;

        if (url->hosts[i].numeric && endpoint_parse_ip(&addr, url->hosts[i].name, 1)) {
            add_host(targets, url, i, &addr, 1);
        } else {
            targets->resolve_at[i] = now;
        }
    }
}

void relay_targets_rehost(struct relay_targets *targets, const struct url *url, struct mono now)
{
    struct endpoint found[RELAY_TARGETS_FOUND_MAX];
    struct endpoint good = targets->good;
    size_t count = 0;

    for (size_t i = 0; i < targets->count; i++) {
        if (targets->whose[i] == RELAY_TARGETS_FOUND && count < RELAY_TARGETS_FOUND_MAX) {
            found[count++] = targets->list[i];
        }
    }
    relay_targets_begin(targets, url, now);
    relay_targets_found(targets, found, count);
    if (!endpoint_is_none(&good)) {
        relay_targets_know(targets, &good);
    }
}

/* Let the families take turns, beginning with that of the first address: dead addresses of one
 * family, however many, must not hide the good one of the other (RFC 8305). Returns how many there
 * are in out. */
static size_t take_turns(struct endpoint out[RELAY_TARGETS_PER_HOST_MAX],
                         const struct endpoint *addrs, size_t count)
{
    bool v4 = endpoint_is_v4(&addrs[0]);
    size_t next[2] = {0, 0}; /* the next one of IPv6, of IPv4 */
    size_t used = 0;

    while (used < RELAY_TARGETS_PER_HOST_MAX && (next[0] < count || next[1] < count)) {
        size_t *at = &next[v4 ? 1 : 0];

        while (*at < count && endpoint_is_v4(&addrs[*at]) != v4) {
            ++*at;
        }
        if (*at < count) {
            out[used++] = addrs[(*at)++];
        }
        v4 = !v4;
    }
    return used;
}

/* True if these are the addresses that the host has already: a round through them goes on. */
static bool same_addresses(const struct relay_targets *targets, const struct url *url, size_t host,
                           const struct endpoint *addrs, size_t count)
{
    uint8_t whose = u8_of(RELAY_TARGETS_URL + host);
    size_t known = 0;
    size_t found = 0;

    for (size_t i = 0; i < targets->count; i++) {
        known += targets->whose[i] == whose;
        for (size_t k = 0; k < count && targets->whose[i] == whose; k++) {
            found += endpoint_same_ip(&targets->list[i], &addrs[k]);
        }
    }
    return known == found && found == count * (url->hosts[host].port == 0 ? 2 : 1);
}

/* New addresses are not left for the next round. */
static void dial_next(struct relay_targets *targets, uint8_t whose)
{
    for (size_t i = first_of_others(targets); i < targets->next; i++) {
        if (targets->whose[i] == whose) {
            targets->next = i;
        }
    }
}

void relay_targets_resolved(struct relay_targets *targets, const struct url *url, size_t host,
                            const struct endpoint *addrs, size_t count)
{
    struct endpoint turns[RELAY_TARGETS_PER_HOST_MAX];
    uint8_t whose = u8_of(RELAY_TARGETS_URL + host);

    count = take_turns(turns, addrs, count);
    if (!same_addresses(targets, url, host, turns, count)) {
        forget_targets(targets, whose);
        add_host(targets, url, host, turns, count);
        dial_next(targets, whose);
    }
}

static bool is_target(const struct relay_targets *targets, const struct endpoint *addr)
{
    for (size_t i = 0; i < targets->count; i++) {
        if (endpoint_equal(&targets->list[i], addr)) {
            return true;
        }
    }
    return false;
}

void relay_targets_found(struct relay_targets *targets, const struct endpoint *addrs, size_t count)
{
    bool any_new = false;

    count = count < RELAY_TARGETS_FOUND_MAX ? count : RELAY_TARGETS_FOUND_MAX;
    for (size_t i = 0; i < count; i++) {
        any_new = any_new || !is_target(targets, &addrs[i]);
    }
    forget_targets(targets, RELAY_TARGETS_FOUND);
    for (size_t i = 0; i < count; i++) {
        add_target(targets, RELAY_TARGETS_FOUND, &addrs[i]);
    }
    targets->next = any_new && targets->next > 0 ? first_of_others(targets) : 0;
}

const char *relay_targets_next_name(const struct relay_targets *targets, const struct url *url)
{
    uint8_t whose = targets->whose[targets->next];

    if (whose == RELAY_TARGETS_FOUND || whose == RELAY_TARGETS_NOBODYS) {
        return NULL;
    }
    const struct url_host *host = &url->hosts[whose - RELAY_TARGETS_URL];

    return host->numeric ? NULL : host->name;
}
