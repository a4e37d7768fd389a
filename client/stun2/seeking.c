/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions go to every session that answers; records are taken by the key that signed them. */
#include "client/stun2/seeking.h"

#include "proto/crypto/delegation.h"
#include "proto/crypto/node_record.h"
#include "proto/wire/verdict.h"

#include <string.h>

static bool is_heard(const struct relay_session *relay)
{
    return relay->open && !relay->stalled;
}

/* ---- places ---- */

static size_t place_index(const struct relay_sought *sought, const uint8_t key[KEY_SIZE])
{
    size_t i = 0;

    while (i < sought->places_count && memcmp(sought->places[i].key, key, KEY_SIZE) != 0) {
        i++;
    }
    return i;
}

static struct relay_place *find_place(struct relay_session *relay, const uint8_t key[KEY_SIZE])
{
    size_t i = place_index(&relay->sought, key);

    return i < relay->sought.places_count ? &relay->sought.places[i] : NULL;
}

static bool is_behind_nat(const struct relay_session *relay)
{
    size_t i = place_index(&relay->sought, relay->relay_key);

    return i < relay->sought.places_count &&
           relay->sought.places[i].nat_kind == RECORD_NODE_NAT_FULL_CONE;
}

bool seeking_moves(const struct relay_session *relay)
{
    return relay->url.kind == URL_KIND_ZIGLAN &&
           (relay->url.hosts_count == 0 || is_behind_nat(relay));
}

/* The place of this relay, made if there is none. A ziglan signs for few relays; one more takes the
 * place of the last. */
static struct relay_place *make_place(struct relay_session *relay, const uint8_t key[KEY_SIZE])
{
    struct relay_sought *sought = &relay->sought;
    struct relay_place *place = find_place(relay, key);

    if (place != NULL) {
        return place;
    }
    sought->places_count += sought->places_count < RELAY_PLACES_MAX ? 1 : 0;
    place = &sought->places[sought->places_count - 1];
    *place = (struct relay_place){.addresses_count = 0};
    memcpy(place->key, key, KEY_SIZE);
    return place;
}

static bool holds(const struct relay_place *place, const struct endpoint *address)
{
    for (size_t i = 0; i < place->addresses_count; i++) {
        if (endpoint_equal(&place->addresses[i], address)) {
            return true;
        }
    }
    return false;
}

/* Dial the addresses of all places, first those of the newest. */
static void dial_places(struct relay_session *relay, const struct relay_place *newest,
                        struct mono now)
{
    struct endpoint all[RELAY_TARGETS_FOUND_MAX];
    size_t count = newest->addresses_count;

    _Static_assert(RELAY_PLACES_MAX * RECORD_ADDRESSES_MAX <= RELAY_TARGETS_FOUND_MAX, "all fit");
    memcpy(all, newest->addresses, count * sizeof(all[0]));
    for (size_t i = 0; i < relay->sought.places_count; i++) {
        const struct relay_place *place = &relay->sought.places[i];

        if (place != newest) {
            memcpy(all + count, place->addresses, place->addresses_count * sizeof(all[0]));
            count += place->addresses_count;
        }
    }
    relay_session_found(relay, all, count, now);
}

/* A session began with a URL: what was known of the place of its relay counts again. */
static void begin(const struct relay_set *set, struct relay_session *relay, struct mono now)
{
    struct relay_place place;
    bool found;

    if (relay->sought.begun) {
        return;
    }
    relay->sought.begun = true;
    relay->sought.store_at = MONO_NEVER;
    if (relay->url.kind == URL_KIND_RELAY) {
        (void)make_place(relay, relay->url.key);
    }
    if (relay_place_get(set->attachments.store, relay->url.key, &place, &found) == ERR_OK &&
        found) {
        *make_place(relay, place.key) = place;
        dial_places(relay, find_place(relay, place.key), now);
    }
}

/* A LAN address means another machine elsewhere, unless who told it is in such a network, too. */
static bool may_dial(const struct endpoint *address, const struct relay_session *from)
{
    return endpoint_scope(address) == ENDPOINT_SCOPE_GLOBAL ||
           endpoint_same_special(address, &from->remote);
}

static void move(struct relay_set *set, struct relay_session *relay, struct relay_place *place,
                 const struct record_node *node, const struct relay_session *from, struct mono now)
{
    struct relay_sought *sought = &relay->sought;
    bool first = place->sequence == 0;

    sought->unknown_to = 0;
    place->sequence = node->header.sequence;
    place->nat_kind = node->nat_kind;
    place->addresses_count = 0;
    for (size_t i = 0; i < node->addresses_count; i++) {
        if (may_dial(&node->addresses[i], from)) {
            place->addresses[place->addresses_count++] = node->addresses[i];
        }
    }
    sought->newest = (size_t)(place - sought->places);
    if (relay->url.kind == URL_KIND_ZIGLAN || relay_session_is_used(relay)) { /* it is no guide */
        sought->store_at = mono_before(now, sought->store_from) ? sought->store_from : now;
    }
    dial_places(relay, place, now);
    if (relay != from && is_heard(relay) && !holds(place, &relay->remote)) {
        link_hub_ping(relay->hub, relay->active, now); /* is it there still? */
    }
    if (!is_heard(relay) && place->addresses_count > 0) {
        char text[ENDPOINT_TEXT_SIZE];

        env_trace(set->env, TRACE_LEVEL_INFO, "relay.found", "at=%s%s",
                  endpoint_text(&place->addresses[0], text), first ? "" : " moved=1");
    }
}

/* ---- answers ---- */

static void take_record(struct relay_set *set, const struct relay_session *from,
                        const ProtobufCBinaryData *record, struct mono now)
{
    struct record_header header;
    struct record_node node;
    struct relay_session *relay;
    bool verified = false;

    if (record_header_peek(&header, record->data, record->len) != ERR_OK ||
        header.type != RECORD_TYPE_NODE) {
        return;
    }
    TAILQ_FOREACH(relay, &set->list, in_set)
    {
        struct relay_place *place = find_place(relay, header.key);

        if (place != NULL && relay != from && header.sequence >= place->sequence) {
            place->teller = from->number;
        }
        if (place == NULL || header.sequence <= place->sequence) {
            continue;
        }
        verified = verified || node_record_verify(&node, record->data, record->len, header.key,
                                                  env_wall_ms(set->env));
        if (!verified) {
            return;
        }
        move(set, relay, place, &node, from, now);
    }
}

void seeking_on_nodes(struct relay_set *set, const struct relay_session *from,
                      const Ziglan__Nodes *nodes, struct mono now)
{
    for (size_t i = 0; i < nodes->n_entries; i++) {
        take_record(set, from, &nodes->entries[i]->record, now);
    }
}

/* True if the record makes a relay an entry point of the ziglan that is sought, and that relay was
 * not known. */
static bool take_delegation(const struct relay_set *set, struct relay_session *relay,
                            const ProtobufCBinaryData *record)
{
    struct record_delegation delegation;

    if (relay->url.kind != URL_KIND_ZIGLAN ||
        delegation_verify(&delegation, record->data, record->len, relay->url.key, NULL,
                          env_wall_ms(set->env)) != DELEGATION_BELIEVED ||
        find_place(relay, delegation.entry_key) != NULL) {
        return false;
    }
    (void)make_place(relay, delegation.entry_key);
    return true;
}

void seeking_on_located(struct relay_set *set, const struct relay_session *from,
                        const Ziglan__Located *located, struct mono now)
{
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &set->list, in_set)
    {
        for (size_t i = 0; relay->sought.wanted && i < located->n_records; i++) {
            if (take_delegation(set, relay, &located->records[i])) {
                relay->sought.ask_at = now; /* for that relay's record, if it is not here */
            }
        }
    }
    for (size_t i = 0; i < located->n_nodes; i++) {
        take_record(set, from, &located->nodes[i]->record, now);
    }
}

bool seeking_is_request(uint32_t request_id)
{
    return (request_id & ~(uint32_t)SEEKING_ID_MASK) == SEEKING_REQUEST_FLAG;
}

void seeking_on_refused(struct relay_set *set, uint32_t request_id, uint32_t code)
{
    struct relay_session *relay = relay_set_find(set, request_id & SEEKING_ID_MASK);

    if (relay != NULL && code != VERDICT_LIMIT && relay->sought.refused < relay->sought.asked) {
        relay->sought.refused++;
        relay->sought.unknown_to =
            relay->sought.refused == relay->sought.asked ? relay->sought.asked : 0;
    }
}

/* ---- questions ---- */

static uint32_t request_id_of(const struct relay_session *relay)
{
    return SEEKING_REQUEST_FLAG | (uint32_t)(relay->number & SEEKING_ID_MASK);
}

static bool ask_for_node(struct relay_session *whom, const struct relay_session *relay,
                         const uint8_t key[KEY_SIZE])
{
    Ziglan__NodeLookup lookup = ZIGLAN__NODE_LOOKUP__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    lookup.key = control_bytes(key, KEY_SIZE);
    lookup.watch = true;
    message.request_id = request_id_of(relay);
    message.body_case = ZIGLAN__CONTROL__BODY_NODE_LOOKUP;
    message.node_lookup = &lookup;
    return relay_session_send(whom, &message);
}

static bool ask_for_delegations(struct relay_session *whom, const struct relay_session *relay)
{
    Ziglan__Locate locate = ZIGLAN__LOCATE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    locate.key = control_bytes(relay->url.key, KEY_SIZE);
    message.request_id = request_id_of(relay);
    message.body_case = ZIGLAN__CONTROL__BODY_LOCATE;
    message.locate = &locate;
    return relay_session_send(whom, &message);
}

static void ask_for_nodes(struct relay_session *whom, const struct relay_session *relay)
{
    for (size_t i = 0; i < relay->sought.places_count; i++) {
        (void)ask_for_node(whom, relay, relay->sought.places[i].key);
    }
}

/* Who told a record already tells newer ones, and has its share of questions. True if it was asked
 * for what can be refused. */
static bool ask(struct relay_session *whom, const struct relay_session *relay)
{
    bool of_ziglan = relay->url.kind == URL_KIND_ZIGLAN;

    for (size_t i = 0; i < relay->sought.places_count; i++) {
        const struct relay_place *place = &relay->sought.places[i];

        if (!of_ziglan || place->teller != whom->number) {
            (void)ask_for_node(whom, relay, place->key);
        }
    }
    return of_ziglan && ask_for_delegations(whom, relay);
}

static void ask_all(struct relay_set *set, struct relay_session *relay, struct mono now)
{
    struct relay_session *other;

    relay->sought.ask_at = mono_add_ms(now, SEEKING_AGAIN_MS);
    relay->sought.asked = 0;
    relay->sought.refused = 0;
    TAILQ_FOREACH(other, &set->list, in_set)
    {
        if (other != relay && is_heard(other)) {
            relay->sought.asked += ask(other, relay) ? 1 : 0;
        }
    }
}

void seeking_on_open(struct relay_set *set, struct relay_session *relay, const Ziglan__Hello *hello,
                     struct mono now)
{
    struct relay_session *other;
    size_t watches = 0;

    begin(set, relay, now);
    (void)make_place(relay, relay->relay_key);
    take_record(set, relay, &hello->node_record, now);
    if (relay->url.kind == URL_KIND_ZIGLAN && relay_session_is_used(relay)) {
        watches += ask_for_node(relay, relay, relay->relay_key) ? 1 : 0;
    }
    TAILQ_FOREACH(other, &set->list, in_set)
    {
        if (other == relay) {
            continue;
        }
        if (other->sought.wanted) {
            other->sought.ask_at = now;
        } else if (relay_session_is_used(relay) && watches++ < SEEKING_WATCHES_MAX) {
            ask_for_nodes(relay, other);
        }
        if (relay_session_is_used(other) && is_heard(other)) {
            ask_for_nodes(other, relay);
        }
    }
}

/* True if a relay that this host uses, and that knows this one, would tell that it is elsewhere. */
static bool is_watched(const struct relay_set *set, const struct relay_session *relay)
{
    for (size_t i = 0; i < relay->sought.places_count; i++) {
        const struct relay_session *teller = relay_set_find(set, relay->sought.places[i].teller);

        if (teller != NULL && relay_session_is_used(teller) && is_heard(teller)) {
            return true;
        }
    }
    return false;
}

/* Behind a NAT a relay that moved cannot tell those who dialled it: what it sends comes from an
 * address that they do not know, and QUIC drops it. */
static void keep_hearing(const struct relay_set *set, struct relay_session *relay)
{
    relay->sought.sign_ms = seeking_moves(relay) && !is_watched(set, relay) ? SEEKING_SIGN_MS : 0;
}

static void expire_store(const struct relay_set *set, struct relay_session *relay, struct mono now)
{
    struct relay_sought *sought = &relay->sought;

    if (!mono_due(sought->store_at, now)) {
        return;
    }
    sought->store_at = MONO_NEVER;
    sought->store_from = mono_add_ms(now, SEEKING_STORE_MS);
    if (relay_place_put(set->attachments.store, relay->url.key, &sought->places[sought->newest]) !=
        ERR_OK) {
        env_trace(set->env, TRACE_LEVEL_ERROR, "relay.place",
                  "the relay's place could not be stored; free some disk space");
    }
}

void seeking_expire(struct relay_set *set, struct mono now)
{
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &set->list, in_set)
    {
        struct relay_sought *sought = &relay->sought;

        begin(set, relay, now);
        expire_store(set, relay, now);
        if (is_heard(relay)) {
            sought->wanted = false;
            keep_hearing(set, relay);
        } else if (!sought->wanted) {
            sought->wanted = true;
            sought->since = now;
            sought->asked = 0;
            sought->refused = 0;
            sought->unknown_to = 0;
            sought->ask_at = mono_add_ms(now, relay->targets.count == 0 ? 0 : SEEKING_AFTER_MS);
        }
        if (sought->wanted && mono_due(sought->ask_at, now)) {
            ask_all(set, relay, now);
        }
    }
}

struct mono seeking_deadline(const struct relay_set *set)
{
    const struct relay_session *relay;
    struct mono at = MONO_NEVER;

    TAILQ_FOREACH(relay, &set->list, in_set)
    {
        at = mono_min(at, is_heard(relay) ? MONO_NEVER : relay->sought.ask_at);
        at = mono_min(at, relay->sought.store_at);
    }
    return at;
}
