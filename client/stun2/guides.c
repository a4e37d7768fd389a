/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Those that a URL names go before those that were told, and all take turns. What is stored is one
 * row in the table of single values: of each guide its key, ip(16) and port.
 */
#include "client/stun2/guides.h"

#include "client/stun2/seeking.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/crypto/node_record.h"

#include <stdio.h>
#include <string.h>

static const char row[] = "relay-guides";

enum { GUIDE_SIZE = KEY_SIZE + ENDPOINT_BYTES_SIZE };

int guides_init(struct guides *guides, struct relay_set *relays, struct store *store,
                const struct env *env)
{
    uint8_t value[GUIDES_MAX * GUIDE_SIZE];
    size_t size;
    int rc = store_read(store, STORE_TABLE_META, row, sizeof(row) - 1, value, sizeof(value), &size);

    *guides = (struct guides){.relays = relays, .store = store, .env = env};
    if (rc != ERR_OK || size == STORE_NONE) {
        return rc;
    }
    struct rbuf r = rbuf_over(value, size);

    while (rbuf_left(&r) >= GUIDE_SIZE) {
        struct guide *guide = &guides->list[guides->count++];

        rbuf_copy(&r, guide->key, KEY_SIZE);
        rbuf_copy(&r, guide->address.ip, sizeof(guide->address.ip));
        guide->address.port = rbuf_u16(&r);
    }
    return ERR_OK;
}

static void save(const struct guides *guides)
{
    uint8_t value[GUIDES_MAX * GUIDE_SIZE];
    struct wbuf w = wbuf_over(value, sizeof(value));

    for (size_t i = 0; i < guides->count; i++) {
        const struct guide *guide = &guides->list[i];

        wbuf_put(&w, guide->key, KEY_SIZE);
        wbuf_put(&w, guide->address.ip, sizeof(guide->address.ip));
        wbuf_u16(&w, guide->address.port);
    }
    if (store_write(guides->store, STORE_TABLE_META, row, sizeof(row) - 1, value, wbuf_size(&w)) !=
        ERR_OK) {
        env_trace(guides->env, TRACE_LEVEL_ERROR, "relay.guides",
                  "relays that could be asked were not stored; free some disk space");
    }
}

/* ---- what relays tell ---- */

void guides_on_open(struct guides *guides, struct relay_session *relay, struct mono now)
{
    Ziglan__NodeLookup lookup = ZIGLAN__NODE_LOOKUP__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    if (!relay_session_is_used(relay) ||
        (guides->count == GUIDES_MAX && !mono_due(guides->fresh_until, now))) {
        return;
    }
    lookup.count = GUIDES_PER_RELAY;
    message.request_id = GUIDES_REQUEST_ID;
    message.body_case = ZIGLAN__CONTROL__BODY_NODE_LOOKUP;
    message.node_lookup = &lookup;
    if (relay_session_send(relay, &message)) {
        guides->asked[guides->asked_next] = relay->number;
        guides->asked_next = (guides->asked_next + 1) % GUIDES_ASKED_MAX;
    }
}

/* True, once for each question, if this relay was asked. */
static bool was_asked(struct guides *guides, const struct relay_session *relay)
{
    for (size_t i = 0; i < GUIDES_ASKED_MAX; i++) {
        if (guides->asked[i] == relay->number) {
            guides->asked[i] = 0;
            return true;
        }
    }
    return false;
}

static struct guide *place_of(struct guides *guides, const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < guides->count; i++) {
        if (memcmp(guides->list[i].key, key, KEY_SIZE) == 0) {
            return &guides->list[i];
        }
    }
    if (guides->count < GUIDES_MAX) {
        return &guides->list[guides->count++];
    }
    guides->next = (guides->next + 1) % GUIDES_MAX;
    return &guides->list[guides->next];
}

/* The first address is the one that relays reached. */
static bool take(struct guides *guides, const struct relay_session *from,
                 const ProtobufCBinaryData *record)
{
    struct record_header header;
    struct record_node node;

    if (record_header_peek(&header, record->data, record->len) != ERR_OK ||
        !node_record_verify(&node, record->data, record->len, header.key,
                            env_wall_ms(guides->env)) ||
        (endpoint_scope(&node.addresses[0]) != ENDPOINT_SCOPE_GLOBAL &&
         !endpoint_same_special(&node.addresses[0], &from->remote))) {
        return false;
    }
    struct guide *guide = place_of(guides, header.key);
    bool changed = memcmp(guide->key, header.key, KEY_SIZE) != 0 ||
                   !endpoint_equal(&guide->address, &node.addresses[0]);

    memcpy(guide->key, header.key, KEY_SIZE);
    guide->address = node.addresses[0];
    return changed;
}

void guides_on_nodes(struct guides *guides, const struct relay_session *from, uint32_t request_id,
                     const Ziglan__Nodes *nodes, struct mono now)
{
    bool changed = false;

    if (request_id != GUIDES_REQUEST_ID || !was_asked(guides, from)) {
        return;
    }
    for (size_t i = 0; i < nodes->n_entries && i < GUIDES_PER_RELAY; i++) {
        changed = take(guides, from, &nodes->entries[i]->record) || changed;
    }
    if (nodes->n_entries > 0) {
        guides->fresh_until = mono_add_ms(now, GUIDES_FRESH_MS);
    }
    if (changed) {
        save(guides);
    }
}

/* ---- who is dialled ---- */

static bool is_wanted(const struct relay_session *relay)
{
    return relay->sought.wanted && relay->url.kind == URL_KIND_ZIGLAN;
}

/* When guides are to be asked: soon if nobody who was asked knows the relay, later if it still is
 * not heard although somebody does. */
static struct mono lacks_at(const struct relay_session *relay)
{
    const struct relay_sought *sought = &relay->sought;
    uint64_t after_ms = seeking_moves(relay) ? GUIDES_AFTER_MS_MOVES : GUIDES_AFTER_MS;

    if (!is_wanted(relay)) {
        return MONO_NEVER;
    }
    if (sought->asked != sought->refused) {
        after_ms = GUIDES_AFTER_MS_ANSWERED;
    } else if (relay->targets.count == 0) {
        after_ms = 0;
    }
    return mono_add_ms(sought->since, after_ms);
}

/* True if a session leads to this relay, open or not. One that is sought is no guide either: two
 * sessions would take each other's place. */
static bool has_session(const struct guides *guides, const uint8_t key[KEY_SIZE])
{
    const struct relay_session *relay;

    TAILQ_FOREACH(relay, &guides->relays->list, in_set)
    {
        if (relay->url.kind == URL_KIND_RELAY && memcmp(relay->url.key, key, KEY_SIZE) == 0) {
            return true;
        }
        for (size_t i = 0; i < relay->sought.places_count; i++) {
            if (memcmp(relay->sought.places[i].key, key, KEY_SIZE) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Choose number *skip (from 0) of those that can be dialled for this one; *skip becomes less by how
 * many there are. False if it is none of these. */
static bool choose_named(const struct guides *guides, const struct relay_session *sought,
                         size_t *skip, struct url *out)
{
    for (size_t i = 0; i < sought->url.relays_count; i++) {
        const struct url_relay *relay = &sought->url.relays[i];

        if (!has_session(guides, relay->key) && (*skip)-- == 0) {
            *out = url_of_relay(relay);
            return true;
        }
    }
    return false;
}

static bool choose_told(const struct guides *guides, size_t *skip, struct url *out)
{
    for (size_t i = 0; i < guides->count; i++) {
        const struct guide *guide = &guides->list[i];

        if (has_session(guides, guide->key) || (*skip)-- > 0) {
            continue;
        }
        char text[ENDPOINT_TEXT_SIZE];

        *out = (struct url){.kind = URL_KIND_RELAY, .hosts_count = 1};
        memcpy(out->key, guide->key, KEY_SIZE);
        (void)snprintf(out->hosts[0].name, sizeof(out->hosts[0].name), "%s",
                       endpoint_ip_text(&guide->address, text));
        out->hosts[0].port = guide->address.port;
        out->hosts[0].numeric = true;
        return true;
    }
    return false;
}

/* The same of all that are sought in vain. */
static bool choose(const struct guides *guides, size_t skip, struct url *out, struct mono now)
{
    const struct relay_session *relay;
    bool any = false;

    TAILQ_FOREACH(relay, &guides->relays->list, in_set)
    {
        if (mono_due(lacks_at(relay), now)) {
            any = true;
            if (choose_named(guides, relay, &skip, out)) {
                return true;
            }
        }
    }
    return any && choose_told(guides, &skip, out);
}

static bool any_wanted(const struct guides *guides)
{
    const struct relay_session *relay;

    TAILQ_FOREACH(relay, &guides->relays->list, in_set)
    {
        if (is_wanted(relay)) {
            return true;
        }
    }
    return false;
}

static struct guide_session *unused_session(struct guides *guides)
{
    for (size_t i = 0; i < GUIDES_AT_ONCE; i++) {
        if (guides->sessions[i].number == 0) {
            return &guides->sessions[i];
        }
    }
    return NULL;
}

static struct mono turn_end(const struct guides *guides, struct mono now)
{
    return mono_add_ms(now,
                       guides->turns < GUIDES_TURNS_FAST ? GUIDES_TURN_MS : GUIDES_TURN_MS_SLOW);
}

/* Some places in the set are left to others. */
static bool is_crowded(const struct guides *guides)
{
    return guides->relays->count + GUIDES_AT_ONCE >= RELAY_SET_MAX;
}

/* Each turn begins one further on, so that all get one. */
static bool begin_next(struct guides *guides, struct guide_session *session, struct mono now)
{
    struct url url;
    size_t count = 0;

    while (choose(guides, count, &url, now)) {
        count++;
    }
    if (count == 0 || is_crowded(guides) || !choose(guides, guides->turns % count, &url, now)) {
        return false;
    }
    struct relay_session *relay = relay_set_add(guides->relays, &url, now);

    if (relay == NULL) {
        return false;
    }
    relay_session_detach(relay);
    session->number = relay->number;
    session->until = turn_end(guides, now);
    guides->turns++;
    return true;
}

/* Let one go whose turn is over, unless there is nobody else. */
static void end_turn(struct guides *guides, struct guide_session *session, bool wanted,
                     struct mono now)
{
    struct relay_session *relay = relay_set_find(guides->relays, session->number);
    struct url url;

    if (relay == NULL) { /* it was the twin of another one */
        session->number = 0;
    } else if (!wanted || (mono_due(session->until, now) && choose(guides, 0, &url, now))) {
        relay_set_remove(guides->relays, relay, now);
        session->number = 0;
    } else if (mono_due(session->until, now)) {
        session->until = turn_end(guides, now);
    }
}

void guides_expire(struct guides *guides, struct mono now)
{
    bool wanted = any_wanted(guides);
    struct guide_session *session;

    for (size_t i = 0; i < GUIDES_AT_ONCE; i++) {
        if (guides->sessions[i].number != 0) {
            end_turn(guides, &guides->sessions[i], wanted, now);
        }
    }
    if (!wanted) {
        guides->turns = 0;
        return;
    }
    do {
        session = unused_session(guides);
    } while (session != NULL && begin_next(guides, session, now));
}

struct mono guides_deadline(const struct guides *guides)
{
    const struct relay_session *relay;
    struct mono at = MONO_NEVER;
    struct url url;
    bool full = true; /* there is room for no other session */

    for (size_t i = 0; i < GUIDES_AT_ONCE; i++) {
        bool used = guides->sessions[i].number != 0;

        at = used ? mono_min(at, guides->sessions[i].until) : at;
        full = full && used;
    }
    TAILQ_FOREACH(relay, &guides->relays->list, in_set)
    {
        struct mono lacks = full || is_crowded(guides) ? MONO_NEVER : lacks_at(relay);

        if (mono_before(lacks, at) && choose(guides, 0, &url, lacks)) {
            at = lacks;
        }
    }
    return at;
}

bool guides_any(const struct guides *guides, const struct relay_session *sought)
{
    const struct relay_session *other;

    TAILQ_FOREACH(other, &guides->relays->list, in_set)
    {
        if (other != sought && relay_session_is_used(other)) {
            return true;
        }
    }
    return guides->count > 0 || sought->url.relays_count > 0;
}
