/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A slot for each relay of the configuration: waiting, resolving its name, or being reached. */
#include "relayd/service/peers.h"

#include "rendezvous/mesh/neighbour_choice.h"

#include <stdio.h>
#include <string.h>

static const uint16_t ports_default[] = {4433, 443}; /* where the URL names none */

enum { PORTS_DEFAULT_COUNT = sizeof(ports_default) / sizeof(ports_default[0]) };

/* ---- configuration ---- */

bool peer_service_has(const struct peer_service *service, const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < service->count; i++) {
        if (memcmp(service->slots[i].peer.key, key, KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

static struct peer_slot *slot_of(struct peer_service *service, const uint8_t key[KEY_SIZE])
{
    struct peer_slot *slot = service->slots;

    while (slot < service->slots + service->count && memcmp(slot->peer.key, key, KEY_SIZE) != 0) {
        slot++;
    }
    return slot < service->slots + service->count ? slot : NULL;
}

static bool same_peer(const struct url_relay *a, const struct url_relay *b)
{
    return memcmp(a->key, b->key, KEY_SIZE) == 0 && a->host.port == b->host.port &&
           strcmp(a->host.name, b->host.name) == 0;
}

/* What the neighbour table has of this key; NULL if nothing. */
static struct neighbour *neighbour_at(const struct peer_service *service,
                                      const uint8_t key[KEY_SIZE])
{
    const struct neighbour_table *table = &service->base->neighbours;
    struct neighbour *neighbour = neighbour_next(table, NULL);

    while (neighbour != NULL && memcmp(neighbour->key, key, KEY_SIZE) != 0) {
        neighbour = neighbour_next(table, neighbour);
    }
    return neighbour;
}

void peer_service_configure(struct peer_service *service, const struct relay_peers *peers,
                            struct mono now)
{
    struct peer_slot before[RELAY_PEERS_MAX];
    size_t before_count = service->count;

    memcpy(before, service->slots, sizeof(before));
    service->count = 0;
    for (size_t i = 0; peers != NULL && i < peers->count && i < RELAY_PEERS_MAX; i++) {
        struct peer_slot *slot = &service->slots[service->count];

        *slot = (struct peer_slot){.peer = peers->list[i], .due = now};
        for (size_t k = 0; k < before_count; k++) {
            if (same_peer(&before[k].peer, &peers->list[i])) {
                *slot = before[k];
            }
        }
        service->count++;
    }
}

/* ---- attempts ---- */

/* Wait before the next attempt: twice as long after each failure, and not all at the same time. */
static void wait(struct peer_service *service, struct peer_slot *slot, uint32_t failures,
                 uint64_t ms, uint64_t most_ms, struct mono now)
{
    uint32_t spread;

    for (uint32_t i = 1; i < failures && ms < most_ms; i++) {
        ms *= 2;
    }
    ms = ms < most_ms ? ms : most_ms;
    env_random(&service->base->env, &spread, sizeof(spread));
    slot->state = PEER_SLOT_STATE_WAITING;
    slot->due = mono_add_ms(now, ms - ms / 4 + spread % (ms / 4 + 1));
}

/* An attempt came to nothing. It is told when it begins to fail, and not each time. */
static void fail(struct peer_service *service, struct peer_slot *slot, const char *why,
                 struct mono now)
{
    char key[KEY_SHORT_SIZE];

    slot->failures++;
    wait(service, slot, slot->failures, PEER_RETRY_MS_MIN, PEER_RETRY_MS_MAX, now);
    if (slot->failures == 1) {
        env_trace(&service->base->env, TRACE_LEVEL_WARN, "peer.unreached",
                  "peer=%s host=%s why=\"%s\" hint=\"tried again until it answers; see peers: in "
                  "the configuration\"",
                  key_short(slot->peer.key, key), slot->peer.host.name, why);
    }
}

/* It has no room, and told of others: while there are some, it is asked ever less, because it may
 * be the one that all others name, too. */
static void refused(struct peer_service *service, struct peer_slot *slot, struct mono now)
{
    bool alone = service->base->neighbours.count == 0;
    char key[KEY_SHORT_SIZE];

    slot->refusals++;
    wait(service, slot, slot->refusals, PEER_RETRY_MS_MAX,
         alone ? PEER_RETRY_MS_MAX : PEER_FULL_MS_MAX, now);
    if (slot->refusals == 1) {
        env_trace(&service->base->env, TRACE_LEVEL_INFO, "peer.full",
                  "peer=%s host=%s hint=\"it has no room for more relays; others will do\"",
                  key_short(slot->peer.key, key), slot->peer.host.name);
    }
}

/* It is of a version that has no sessions with relays, and needs its operator to change that. */
static void outdated(struct peer_service *service, struct peer_slot *slot, struct mono now)
{
    char key[KEY_SHORT_SIZE];

    slot->outdated++;
    wait(service, slot, slot->outdated, PEER_RETRY_MS_MAX, PEER_FULL_MS_MAX, now);
    if (slot->outdated == 1) {
        env_trace(&service->base->env, TRACE_LEVEL_WARN, "peer.older",
                  "peer=%s host=%s hint=\"its version knows no other relays; its operator may "
                  "update it, or take it out of peers: in the configuration\"",
                  key_short(slot->peer.key, key), slot->peer.host.name);
    }
}

static void place_add(struct neighbour_place *place, const struct endpoint *address, uint16_t port)
{
    if (place->addresses_count < NEIGHBOUR_ADDRESSES_MAX) {
        place->addresses[place->addresses_count] = *address;
        place->addresses[place->addresses_count].port = port;
        place->addresses_count++;
    }
}

static void reach(struct peer_service *service, struct peer_slot *slot,
                  const struct endpoint *addrs, size_t count, struct mono now)
{
    struct neighbour_place place = {.addresses_count = 0};
    uint16_t port = slot->peer.host.port;
    struct neighbour *neighbour;

    for (size_t k = 0; k < (port != 0 ? 1 : PORTS_DEFAULT_COUNT); k++) {
        for (size_t i = 0; i < count; i++) {
            place_add(&place, &addrs[i], port != 0 ? port : ports_default[k]);
        }
    }
    neighbour = neighbour_want_at(&service->base->neighbours, slot->peer.key, &place, now);
    if (neighbour == NULL) {
        fail(service, slot, "it is this relay itself, or there are too many neighbours", now);
        return;
    }
    neighbour->kept = true;
    slot->state = PEER_SLOT_STATE_REACHING;
    slot->due = MONO_NEVER;
}

/* True if nothing is gained by a session with this relay: it had no room, and by now this one has
 * neighbours enough and knows it all the same. */
static bool is_needless(const struct peer_service *service, const struct peer_slot *slot)
{
    const struct neighbour_table *table = &service->base->neighbours;
    const struct neighbour *neighbour = neighbour_next(table, NULL);
    struct neighbour_place place;
    size_t open = 0;

    for (; neighbour != NULL; neighbour = neighbour_next(table, neighbour)) {
        open += neighbour->state == NEIGHBOUR_STATE_OPEN && !neighbour->brief;
    }
    return slot->refusals > 0 && open >= NEIGHBOUR_COUNT && table->book.find != NULL &&
           table->book.find(table->book.context, slot->peer.key, &place);
}

static void begin(struct peer_service *service, struct peer_slot *slot, struct mono now)
{
    struct neighbour *neighbour = neighbour_at(service, slot->peer.key);
    struct endpoint address;

    if (neighbour == NULL && is_needless(service, slot)) {
        wait(service, slot, 1, PEER_FULL_MS_MAX, PEER_FULL_MS_MAX, now);
    } else if (neighbour != NULL) { /* it came by itself, or somebody else looks for it */
        neighbour->kept = true;
        slot->state = PEER_SLOT_STATE_REACHING;
        slot->due = MONO_NEVER;
    } else if (slot->peer.host.numeric &&
               endpoint_parse_ip(&address, slot->peer.host.name, ports_default[0])) {
        reach(service, slot, &address, 1, now);
    } else {
        slot->state = PEER_SLOT_STATE_RESOLVING;
        slot->number = ++service->number_last;
        slot->asked = false;
        slot->due = MONO_NEVER;
    }
}

void peer_service_on_neighbour(struct peer_service *service, const struct neighbour_event *event,
                               struct mono now)
{
    const struct neighbour *neighbour = event->neighbour;
    struct peer_slot *slot = slot_of(service, neighbour->key);
    char key[KEY_SHORT_SIZE];

    if (slot == NULL || service->stopping) {
        return;
    }
    if (event->type == NEIGHBOUR_EVENT_OPEN) {
        event->neighbour->kept = true;
        slot->state = PEER_SLOT_STATE_REACHING;
        slot->due = MONO_NEVER;
        slot->failures = 0;
        slot->outdated = 0;
        if (slot->refusals == 0) {
            env_trace(&service->base->env, TRACE_LEVEL_INFO, "peer.reached", "peer=%s host=%s",
                      key_short(slot->peer.key, key), slot->peer.host.name);
        }
        return;
    }
    if (slot->state != PEER_SLOT_STATE_REACHING) {
        return;
    }
    if (neighbour->older) {
        outdated(service, slot, now);
        return;
    }
    if (neighbour->opened && mono_ms_between(neighbour->opened_at, now) >= PEER_RETRY_MS_MAX) {
        slot->refusals = 0;
    }
    if (neighbour->away_ms >= PEER_RETRY_MS_MAX) {
        refused(service, slot, now);
        return;
    }
    fail(service, slot,
         neighbour->opened                              ? "the session ended"
         : neighbour->reason == LINK_REASON_WRONG_KEY   ? "another relay answers there"
         : neighbour->reason == LINK_REASON_INTERCEPTED ? "TLS is intercepted on the way"
                                                        : "it does not answer",
         now);
    if (neighbour->away_ms > 0) {
        slot->due = mono_add_ms(now, neighbour->away_ms);
    }
}

/* ---- time and names ---- */

void peer_service_expire(struct peer_service *service, struct mono now)
{
    for (size_t i = 0; i < service->count && !service->stopping; i++) {
        struct peer_slot *slot = &service->slots[i];

        if (slot->state == PEER_SLOT_STATE_WAITING && mono_due(slot->due, now)) {
            begin(service, slot, now);
        }
    }
}

struct mono peer_service_deadline(const struct peer_service *service)
{
    struct mono at = MONO_NEVER;

    for (size_t i = 0; i < service->count && !service->stopping; i++) {
        at = mono_min(at, service->slots[i].due);
    }
    return at;
}

bool peer_service_resolve_wanted(struct peer_service *service, uint64_t *ticket,
                                 char host[HOST_TEXT_SIZE])
{
    for (size_t i = 0; i < service->count && !service->stopping; i++) {
        struct peer_slot *slot = &service->slots[i];

        if (slot->state == PEER_SLOT_STATE_RESOLVING && !slot->asked) {
            slot->asked = true;
            *ticket = slot->number;
            (void)snprintf(host, HOST_TEXT_SIZE, "%s", slot->peer.host.name);
            return true;
        }
    }
    return false;
}

void peer_service_resolved(struct peer_service *service, uint64_t ticket,
                           const struct endpoint *addrs, size_t count, struct mono now)
{
    for (size_t i = 0; i < service->count; i++) {
        struct peer_slot *slot = &service->slots[i];

        if (slot->state != PEER_SLOT_STATE_RESOLVING || slot->number != ticket) {
            continue;
        }
        if (count == 0) {
            fail(service, slot, "its name does not resolve", now);
        } else {
            reach(service, slot, addrs, count, now);
        }
    }
}

void peer_service_shutdown(struct peer_service *service)
{
    service->stopping = true;
}
