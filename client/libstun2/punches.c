/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each message of a relay is about a punch that is known by relay and key, or begins one. */
#include "client/libstun2/punches.h"

#include "client/libstun2/punch_keep.h"
#include "client/libstun2/punch_way.h"
#include "client/libstun2/punch_words.h"

#include <stdio.h>
#include <string.h>

enum { FIRE_MS_MAX = 5000 /* docs/protocol.md, section 13, Timing */ };

/* ---- asking ---- */

/* From a pool one after the other is asked for at a relay: PunchGo does not say for which request
 * it is. */
static bool pool_is_busy(const struct punches *punches, uint64_t relay)
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        const struct app_punch *punch = &punches->table.list[i];

        if (punch->number != 0 && punch->relay == relay && !punch->key_known &&
            punch->step == PUNCH_STEP_ASKED) {
            return true;
        }
    }
    return false;
}

static bool may_ask(const struct punches *punches, const struct app_punch *punch)
{
    const struct app_base *base = punches->table.base;

    return app_base_relay(base, punch->relay) != NULL && base->nat_kind != 0 &&
           (punch->key_known || !pool_is_busy(punches, punch->relay));
}

static void ask(struct punches *punches, struct app_punch *punch, struct mono now)
{
    if (!punch_words_ask(punches->table.base, punch)) {
        return; /* no room in the session: it ends, and another one opens */
    }
    punch->wait_until = mono_add_ms(now, APP_ANSWER_MS);
    punch_retry_started(&punch->retry);
    punch->keeping.renew = false;
    if (punch->step == PUNCH_STEP_WAITING) {
        punch->step = PUNCH_STEP_ASKED;
    }
}

uint64_t punches_ask(struct punches *punches, uint64_t relay, const uint8_t *key, const char *app,
                     struct mono now)
{
    struct app_punch *punch = punch_table_add(&punches->table, relay, now);

    if (punch == NULL) {
        return 0;
    }
    if (key != NULL) {
        memcpy(punch->key, key, KEY_SIZE);
        punch->key_known = true;
    } else {
        (void)snprintf(punch->app, sizeof(punch->app), "%s", app);
    }
    app_base_want_kind(punches->table.base);
    if (may_ask(punches, punch)) {
        ask(punches, punch, now);
    }
    return punch->number;
}

/* What was asked came to nothing. A way that was lost is sought again later. */
static void refused(struct punches *punches, struct app_punch *punch, int code, const char *text,
                    struct mono now)
{
    punch->wait_until = MONO_NEVER;
    if (punch->step == PUNCH_STEP_LOST) {
        punch_retry_failed(&punch->retry, now);
    } else if (punch->step != PUNCH_STEP_OPEN) {
        punch_table_fail(&punches->table, punch, code, text);
    }
}

bool punches_on_error(struct punches *punches, const struct relay_session *from,
                      uint32_t request_id, const Ziglan__Error *error, struct mono now)
{
    for (size_t i = 0; request_id != 0 && i < STUN2_PUNCHES_MAX; i++) {
        struct app_punch *punch = &punches->table.list[i];

        if (punch->number != 0 && punch->relay == from->number && punch->request_id == request_id) {
            punch->request_id = 0;
            refused(punches, punch, (int)error->code, error->text, now);
            return true;
        }
    }
    return false;
}

/* ---- being asked ---- */

static void agree(struct punches *punches, struct app_punch *punch, uint64_t offer_id,
                  struct mono now)
{
    punch_words_answer(punches->table.base, punch->relay, offer_id, true);
    punch->wait_until = mono_add_ms(now, APP_ANSWER_MS);
    punch_retry_started(&punch->retry); /* this is one, too */
    if (punch->step == PUNCH_STEP_WAITING || punch->step == PUNCH_STEP_OFFERED) {
        punch->step = PUNCH_STEP_AGREED;
    }
}

static struct app_punch *begin_offered(struct punches *punches, const struct relay_session *from,
                                       const Ziglan__PunchRequest *request, bool by_pool,
                                       struct mono now)
{
    struct app_punch *punch;

    if (!by_pool && punch_table_offers(&punches->table) >= PUNCH_TABLE_OFFERS_MAX) {
        return NULL;
    }
    punch = punch_table_add(&punches->table, from->number, now);
    if (punch != NULL) {
        memcpy(punch->key, request->requester.data, KEY_SIZE);
        punch->key_known = true;
        punch->peer_kind = (uint8_t)request->nat_kind; /* at most 255, by the rules of Control */
        if (by_pool) {
            (void)snprintf(punch->app, sizeof(punch->app), "%s", request->app);
        }
    }
    return punch;
}

void punches_on_request(struct punches *punches, const struct relay_session *from,
                        const Ziglan__PunchRequest *request, struct mono now)
{
    struct punch_table *table = &punches->table;
    bool by_pool = request->app[0] != '\0';
    struct app_punch *punch;

    if (request->requester.len != KEY_SIZE ||
        (by_pool && !pool_seats_has(punches->pools, from->number, request->app))) {
        punch_words_answer(table->base, from->number, request->punch_id, false);
        return;
    }
    punch = punch_table_of_key(table, request->requester.data);
    if (punch != NULL && punch->step != PUNCH_STEP_OFFERED) {
        punch->relay = from->number; /* where the two are introduced now */
        agree(punches, punch, request->punch_id, now);
        return;
    }
    punch = punch != NULL ? punch : begin_offered(punches, from, request, by_pool, now);
    if (punch == NULL) {
        punch_words_answer(table->base, from->number, request->punch_id, false);
        return;
    }
    if (by_pool) { /* to have joined is a yes */
        agree(punches, punch, request->punch_id, now);
        return;
    }
    punch->relay = from->number;
    punch->offer_id = request->punch_id;
    punch->wait_until = mono_add_ms(now, PUNCH_TABLE_OFFER_MS);
    if (punch->step != PUNCH_STEP_OFFERED) {
        punch->step = PUNCH_STEP_OFFERED;
        (void)punch_table_event(table, punch, STUN2_EVENT_ASKED);
    }
}

bool punches_answer(struct punches *punches, uint64_t number, bool yes, struct mono now)
{
    struct app_punch *punch = punch_table_find(&punches->table, number);

    if (punch == NULL || punch->step != PUNCH_STEP_OFFERED) {
        return false;
    }
    if (yes) {
        app_base_want_kind(punches->table.base);
        agree(punches, punch, punch->offer_id, now);
    } else {
        punch_words_answer(punches->table.base, punch->relay, punch->offer_id, false);
        punch_table_end(punch);
    }
    return true;
}

/* ---- introductions ---- */

/* The pool punch that waits for whom the relay picks, or NULL. */
static struct app_punch *picking(struct punches *punches, uint64_t relay)
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        struct app_punch *punch = &punches->table.list[i];

        if (punch->number != 0 && punch->relay == relay && !punch->key_known &&
            punch->step == PUNCH_STEP_ASKED) {
            return punch;
        }
    }
    return NULL;
}

static bool expects_go(const struct app_punch *punch, uint64_t relay)
{
    return punch->relay == relay && punch->step != PUNCH_STEP_WAITING &&
           punch->step != PUNCH_STEP_OFFERED && punch->wait_until.ns != MONO_NEVER.ns;
}

/* The punch that a PunchGo is about; NULL: none that this application agreed to. */
static struct app_punch *punch_of_go(struct punches *punches, uint64_t relay,
                                     const uint8_t key[KEY_SIZE])
{
    struct app_punch *punch = punch_table_of_key(&punches->table, key);
    struct app_punch *picked = picking(punches, relay);

    if (punch != NULL && expects_go(punch, relay)) {
        return punch;
    }
    if (picked == NULL) {
        return NULL;
    }
    if (punch == NULL) {
        memcpy(picked->key, key, KEY_SIZE);
        picked->key_known = true;
        return picked;
    }
    punch->relay = relay;
    memcpy(picked->key, key, KEY_SIZE); /* for the event */
    punch_table_fail(&punches->table, picked, STUN2_FAILURE_KNOWN, NULL);
    return punch;
}

static bool message_read(const Ziglan__PunchMessage *message, struct endpoint *observed)
{
    if (message == NULL || message->port == 0 || message->port > UINT16_MAX) {
        return false;
    }
    *observed = endpoint_of_bytes(message->ip.data, message->ip.len, (uint16_t)message->port);
    return !endpoint_is_none(observed);
}

void punches_on_go(struct punches *punches, const struct relay_session *from,
                   const Ziglan__PunchGo *go, struct mono now)
{
    struct endpoint observed;
    uint64_t fire_ns = (uint64_t)go->fire_in_us * NS_PER_US;
    struct app_punch *punch;

    if (go->peer.len != KEY_SIZE || go->probe_key.len != PUNCH_PROBE_KEY_SIZE ||
        !message_read(go->message, &observed) || fire_ns > FIRE_MS_MAX * NS_PER_MS) {
        return;
    }
    punch = punch_of_go(punches, from->number, go->peer.data);
    if (punch == NULL) {
        return;
    }
    punch->terms =
        (struct punch_terms){.known = true,
                             .id = go->punch_id,
                             .side = go->listen ? PUNCH_PROBE_SIDE_LISTEN : PUNCH_PROBE_SIDE_DIAL,
                             .observed = observed};
    memcpy(punch->terms.probe_key, go->probe_key.data, PUNCH_PROBE_KEY_SIZE);
    punch->peer_kind = (uint8_t)go->message->nat_kind;
    punch->request_id = 0;
    punch->wait_until = MONO_NEVER;
    if (punch->step == PUNCH_STEP_ASKED || punch->step == PUNCH_STEP_AGREED) {
        punch->step = PUNCH_STEP_FIRING;
    }
    punch_way_fire(&punches->table, punch, mono_add_ns(now, fire_ns));
}

void punches_on_update(struct punches *punches, const struct relay_session *from,
                       const Ziglan__PunchUpdate *update, struct mono now)
{
    struct app_punch *punch = punch_table_of_id(&punches->table, update->punch_id);
    struct endpoint observed;

    if (punch == NULL || punch->relay != from->number || update->peer.len != KEY_SIZE ||
        memcmp(punch->key, update->peer.data, KEY_SIZE) != 0 ||
        !message_read(update->message, &observed)) {
        return;
    }
    punch->terms.observed = observed;
    punch_keep_doubt(punch, now);
    punch_way_fire(&punches->table, punch, now);
}

void punches_on_observed(struct punches *punches, const struct relay_session *from, struct mono now)
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        struct app_punch *punch = &punches->table.list[i];

        if (punch->number != 0 && punch->relay == from->number && punch->was_open) {
            punch->keeping.held = punch->step == PUNCH_STEP_OPEN;
            punch_way_fire(&punches->table, punch, now);
        }
    }
}

void punches_on_session(struct punches *punches, const struct relay_session *from, struct mono now)
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        struct app_punch *punch = &punches->table.list[i];

        if (punch->number == 0 || punch->relay != from->number || !punch->was_open) {
            continue;
        }
        punch->keeping.renew = true;
        if (punch->step == PUNCH_STEP_LOST) {
            punch_retry_reset(&punch->retry, now);
        }
    }
}

void punches_on_network_begins(struct punches *punches, const struct way_finder *ways)
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        punch_keep_on_network_begins(&punches->table.list[i], ways);
    }
}

void punches_on_network(struct punches *punches, const struct way_finder *ways, struct mono now)
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        punch_keep_on_network(&punches->table.list[i], ways, now);
    }
}

void punches_learn_ways(struct punches *punches, const struct way_finder *ways)
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        punch_keep_learn_way(&punches->table.list[i], ways);
    }
}

void punches_on_own(struct punches *punches, bool more, struct mono now)
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        struct app_punch *punch = &punches->table.list[i];

        if (punch->number == 0 || !punch->terms.known) {
            continue;
        }
        punch_words_places(punches->table.base, punch);
        if (more && punch->step == PUNCH_STEP_LOST) {
            punch_retry_reset(&punch->retry, now);
        }
    }
}

void punches_relay_gone(struct punches *punches, uint64_t relay)
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        struct app_punch *punch = &punches->table.list[i];

        if (punch->number != 0 && punch->relay == relay && !punch->was_open && !punch->firing) {
            punch_table_fail(&punches->table, punch, STUN2_FAILURE_RELAY, NULL);
        }
    }
}

/* ---- time ---- */

/* When the relay is to be asked (again), if that can be done. */
static struct mono ask_at(const struct app_punch *punch)
{
    static const struct mono at_once = {0};

    if (punch->step == PUNCH_STEP_WAITING) {
        return at_once;
    }
    if (punch->wait_until.ns != MONO_NEVER.ns || punch->firing) {
        return MONO_NEVER;
    }
    if (punch->step == PUNCH_STEP_OPEN && punch->keeping.renew) {
        return at_once;
    }
    return punch->step == PUNCH_STEP_LOST ? punch->retry.at : MONO_NEVER;
}

/* True if the relay is to be asked now. */
static bool ask_is_due(const struct punches *punches, const struct app_punch *punch,
                       struct mono now)
{
    return mono_due(ask_at(punch), now) && may_ask(punches, punch);
}

static void expire_one(struct punches *punches, struct app_punch *punch, struct mono now)
{
    if (mono_due(punch->wait_until, now)) {
        if (punch->step == PUNCH_STEP_OFFERED) {
            punch_table_fail(&punches->table, punch, STUN2_FAILURE_REFUSED,
                             "the application did not answer in time");
            return;
        }
        refused(punches, punch, STUN2_FAILURE_SILENT, NULL, now);
    }
    if (punch->number != 0 && ask_is_due(punches, punch, now)) {
        ask(punches, punch, now);
    }
    if (punch->number != 0) {
        punch_way_expire(&punches->table, punch, now);
    }
}

void punches_expire(struct punches *punches, struct mono now)
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        if (punches->table.list[i].number != 0) {
            expire_one(punches, &punches->table.list[i], now);
        }
    }
}

struct mono punches_deadline(const struct punches *punches)
{
    struct mono at = MONO_NEVER;

    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        const struct app_punch *punch = &punches->table.list[i];

        if (punch->number == 0) {
            continue;
        }
        at = mono_min(at, mono_min(punch->wait_until, punch_way_deadline(&punches->table, punch)));
        if (may_ask(punches, punch)) {
            at = mono_min(at, ask_at(punch));
        }
    }
    return at;
}
