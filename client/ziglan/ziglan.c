/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Admission: the states of a joined ziglan, and what its entry point answers. */
#include "client/ziglan/ziglan.h"

#include "client/ziglan/ziglan_messages.h"
#include "client/ziglan/ziglan_store.h"
#include "proto/base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The only writer of the state; every state may follow every other. The entry point arranges
 * punches for members only. */
static void enter(struct ziglan *ziglan, enum ziglan_state next, struct mono now)
{
    ziglan->state = next;
    ziglan->at.state_at = now;
    ziglan->entry_point->serves = next == ZIGLAN_STATE_JOINED;
    ziglan->told = ziglan->told && next == ZIGLAN_STATE_JOINED;
}

const char *ziglan_state_name(enum ziglan_state state)
{
    static const char *const names[ZIGLAN_STATE_COUNT] = {
        [ZIGLAN_STATE_CONNECTING] = "connecting",
        [ZIGLAN_STATE_JOINING] = "joining",
        [ZIGLAN_STATE_JOINED] = "joined",
        [ZIGLAN_STATE_REFUSED] = "refused",
    };

    return state < ZIGLAN_STATE_COUNT ? names[state] : "unknown";
}

/* ---- where the entry point is ---- */

/* Dial first where it answered last. */
static void know_address(struct ziglan *ziglan)
{
    struct endpoint last;

    if (ziglan_store_get_address(ziglan->context->store, ziglan->record.url.key, &last) == ERR_OK &&
        !endpoint_is_none(&last)) {
        relay_targets_know(&ziglan->entry_point->targets, &last);
    }
}

static void remember_address(struct ziglan *ziglan)
{
    const struct ziglan_context *context = ziglan->context;
    const struct endpoint *remote = &ziglan->entry_point->remote;
    struct endpoint last;
    int rc = ziglan_store_get_address(context->store, ziglan->record.url.key, &last);

    if (rc == ERR_OK && !endpoint_equal(&last, remote)) {
        rc = ziglan_store_put_address(context->store, ziglan->record.url.key, remote);
    }
    if (rc != ERR_OK) {
        env_trace(context->env, TRACE_LEVEL_ERROR, "ziglan.save",
                  "the relay's address could not be stored; free some disk space");
    }
}

void ziglan_on_hosts(struct ziglan *ziglan, const char *hosts, struct mono now)
{
    const struct ziglan_context *context = ziglan->context;
    struct url told = ziglan->record.url;

    if (ziglan->state != ZIGLAN_STATE_JOINED ||
        url_set_hosts(&told, hosts, strlen(hosts)) != ERR_OK) {
        env_trace(context->env, TRACE_LEVEL_WARN, "relay.hosts",
                  "where it says that it can be reached is not believed");
        return;
    }
    url_add_places(&told, &ziglan->record.url);
    if (url_same_places(&told, &ziglan->record.url)) {
        return;
    }
    env_trace(context->env, TRACE_LEVEL_INFO, "relay.hosts", "reached_at=%s", hosts);
    ziglan->record.url = told;
    relay_set_rehost(context->relays, ziglan->entry_point, &told, now);
    if (ziglan_store_put(context->store, &ziglan->record) != ERR_OK) {
        env_trace(context->env, TRACE_LEVEL_ERROR, "ziglan.save",
                  "the relay's addresses could not be stored; free some disk space");
    }
}

/* ---- life ---- */

int ziglan_new(struct ziglan **out, const struct ziglan_record *record,
               const struct ziglan_context *context, struct mono now)
{
    struct ziglan *ziglan = calloc(1, sizeof(*ziglan));
    int rc = ERR_NOMEM;

    *out = NULL;
    if (ziglan == NULL) {
        return ERR_NOMEM;
    }
    ziglan->context = context;
    ziglan->record = *record;
    if (context->relays->count == RELAY_SET_MAX) {
        rc = ERR_LIMIT;
    }
    ziglan->entry_point = relay_set_add(context->relays, &record->url, now);
    if (ziglan->entry_point != NULL) {
        rc = roster_new(&ziglan->roster, context->store, context->env, record->url.key, 0);
    }
    if (rc != ERR_OK) {
        relay_set_remove(context->relays, ziglan->entry_point, now);
        ziglan_free(ziglan);
        return rc;
    }
    know_address(ziglan);
    ziglan->at.renew_at = MONO_NEVER;
    ziglan->at.replaced_at = MONO_NEVER;
    ziglan->at.lookup_key_at = now;
    ziglan->at.lookup_address_at = now;
    ziglan->at.lookup_away_at = now;
    ziglan->at.expire_at = mono_add_ms(now, ZIGLAN_EXPIRE_INTERVAL_MS);
    enter(ziglan, ZIGLAN_STATE_CONNECTING, now);
    *out = ziglan;
    return ERR_OK;
}

void ziglan_free(struct ziglan *ziglan)
{
    if (ziglan != NULL) {
        roster_free(ziglan->roster);
        free(ziglan);
    }
}

int ziglan_rejoin(struct ziglan *ziglan, const struct url *url, struct mono now)
{
    struct relay_set *relays = ziglan->context->relays;
    struct url merged = *url;

    if (ziglan->state == ZIGLAN_STATE_JOINED) {
        merged = ziglan->record.url;
        url_add_places(&merged, url);
        if (url_same_places(&merged, &ziglan->record.url)) {
            return ERR_OK;
        }
        ziglan->record.url = merged;
        relay_set_rehost(relays, ziglan->entry_point, &merged, now);
        return ziglan_store_put(ziglan->context->store, &ziglan->record);
    }
    url_add_places(&merged, &ziglan->record.url);
    ziglan->record.url = merged;
    ziglan_trouble_set(&ziglan->trouble, ZIGLAN_TROUBLE_NONE);
    relay_set_redirect(relays, ziglan->entry_point, &merged, now);
    know_address(ziglan);
    enter(ziglan, ZIGLAN_STATE_CONNECTING, now);
    return ziglan_store_put(ziglan->context->store, &ziglan->record);
}

void ziglan_want_name(struct ziglan *ziglan, const char *name)
{
    if (name != NULL) {
        (void)name_sanitise(ziglan->record.wanted, name, strlen(name));
    }
}

void ziglan_renamed(struct ziglan *ziglan, const char *name)
{
    struct ziglan_record *record = &ziglan->record;
    const struct env *env = ziglan->context->env;

    if (strcmp(record->granted, name) == 0) {
        return;
    }
    env_trace(env, TRACE_LEVEL_INFO, "ziglan.renamed", "name=%s as=%s before=%s", record->name,
              name, record->granted);
    (void)snprintf(record->granted, sizeof(record->granted), "%s", name);
    ziglan->name_why = (struct ziglan_name_why){.note = ZIGLAN_NAME_CHOSEN};
    if (ziglan_store_put(ziglan->context->store, record) != ERR_OK) {
        env_trace(env, TRACE_LEVEL_ERROR, "ziglan.save",
                  "the new name could not be stored; free some disk space");
    }
}

void ziglan_remove_relays(struct ziglan *ziglan, struct mono now)
{
    relay_set_remove(ziglan->context->relays, ziglan->entry_point, now);
    for (size_t i = 0; i < ziglan->relays_count; i++) {
        relay_set_remove(ziglan->context->relays, ziglan->relays[i].session, now);
    }
    ziglan->entry_point = NULL;
    ziglan->relays_count = 0;
}

void ziglan_erase(struct ziglan *ziglan)
{
    const struct ziglan_context *context = ziglan->context;

    if (roster_erase(ziglan->roster) != ERR_OK ||
        ziglan_store_remove(context->store, ziglan->record.url.key) != ERR_OK) {
        env_trace(context->env, TRACE_LEVEL_ERROR, "ziglan.leave",
                  "could not be removed from disk");
    }
}

/* ---- more relays ---- */

struct relay_session *ziglan_add_relay(struct ziglan *ziglan, const struct url *url,
                                       struct mono now)
{
    if (ziglan->relays_count == ZIGLAN_RELAYS_MAX) {
        return NULL;
    }
    struct ziglan_relay *relay = &ziglan->relays[ziglan->relays_count];

    *relay = (struct ziglan_relay){.session = relay_set_add(ziglan->context->relays, url, now),
                                   .has_invite = url->has_invite,
                                   .join_at = MONO_NEVER};
    if (relay->session == NULL) {
        return NULL;
    }
    memcpy(relay->invite, url->invite, sizeof(relay->invite));
    ziglan->relays_count++;
    return relay->session;
}

static struct ziglan_relay *find_relay(struct ziglan *ziglan, const struct relay_session *session)
{
    for (size_t i = 0; i < ziglan->relays_count; i++) {
        if (ziglan->relays[i].session == session) {
            return &ziglan->relays[i];
        }
    }
    return NULL;
}

void ziglan_forget_relay(struct ziglan *ziglan, const struct relay_session *relay)
{
    struct ziglan_relay *gone = find_relay(ziglan, relay);

    if (gone != NULL) {
        *gone = ziglan->relays[--ziglan->relays_count];
    }
}

bool ziglan_owns(const struct ziglan *ziglan, const struct relay_session *relay)
{
    bool owns = ziglan->entry_point == relay;

    for (size_t i = 0; i < ziglan->relays_count; i++) {
        owns = owns || ziglan->relays[i].session == relay;
    }
    return owns;
}

static void expire_relays(struct ziglan *ziglan, struct mono now)
{
    for (size_t i = 0; i < ziglan->relays_count; i++) {
        struct ziglan_relay *relay = &ziglan->relays[i];

        if (relay->session->open && mono_due(relay->join_at, now)) {
            relay->join_at = mono_add_ms(now, ZIGLAN_REFUSED_RETRY_MS);
            (void)ziglan_send_join(ziglan, relay->session,
                                   relay->has_invite ? relay->invite : NULL);
        }
    }
}

/* ---- the entry point ---- */

static void join(struct ziglan *ziglan, struct mono now)
{
    const struct url *url = &ziglan->record.url;

    ziglan->at.state_at = now; /* what fails here is tried again later, not at once */
    if (ziglan_send_join(ziglan, ziglan->entry_point, url->has_invite ? url->invite : NULL)) {
        enter(ziglan, ZIGLAN_STATE_JOINING, now);
    }
}

/* While the clocks differ, a Join is sent every minute: Joined tells the relay's time, and brings
 * what the relay signs anew if its clock was wrong. When they agree again, one more Join, and the
 * Watch after it, ask for what was not believed. */
static void clock_compare(struct ziglan *ziglan, struct mono now)
{
    const struct env *env = ziglan->context->env;

    if (ziglan_clock_check(&ziglan->clock, env, now) && !ziglan->clock.differs) {
        ziglan->at.renew_at = now;
        ziglan_trouble_set(&ziglan->trouble, ZIGLAN_TROUBLE_NONE);
    }
    if (ziglan->clock.differs) {
        ziglan->at.renew_at =
            mono_min(ziglan->at.renew_at, mono_add_ms(now, ZIGLAN_CLOCK_RETRY_MS));
        if (ziglan->state != ZIGLAN_STATE_REFUSED) {
            ziglan_trouble_set(&ziglan->trouble, ZIGLAN_TROUBLE_CLOCK);
            ziglan->trouble.ahead_ms = ziglan_clock_ahead_ms(&ziglan->clock, env, now);
        }
    }
}

void ziglan_on_delegation(struct ziglan *ziglan, const uint8_t *delegation, size_t size)
{
    if (delegation != NULL && size > 0 &&
        roster_set_delegation(ziglan->roster, delegation, size) != ERR_OK) {
        env_trace(ziglan->context->env, TRACE_LEVEL_WARN, "relay.proof",
                  "its proof that it serves this ziglan is not believed");
    }
}

void ziglan_on_open(struct ziglan *ziglan, struct relay_session *relay, uint64_t server_time_ms,
                    struct mono now)
{
    struct ziglan_relay *more = find_relay(ziglan, relay);

    if (more != NULL) {
        more->join_at = now;
        return;
    }
    remember_address(ziglan);
    ziglan_clock_told(&ziglan->clock, server_time_ms, now);
    ziglan->at.expire_at = now; /* by the relay's clock members may be live whom ours calls over */
    env_trace(ziglan->context->env, TRACE_LEVEL_INFO, "relay.open", "ziglan=%s",
              ziglan->record.name[0] != '\0' ? ziglan->record.name : "(new)");
    roster_all_offline(ziglan->roster); /* the answer to our Watch says who is online */
    if (ziglan->state != ZIGLAN_STATE_REFUSED) {
        enter(ziglan, ZIGLAN_STATE_CONNECTING, now); /* until this session has asked */
    }
    join(ziglan, now);
}

static enum ziglan_trouble_code closed_trouble(enum link_reason reason)
{
    static const enum ziglan_trouble_code codes[] = {
        [LINK_REASON_TIMEOUT] = ZIGLAN_TROUBLE_NO_ANSWER,
        [LINK_REASON_TLS] = ZIGLAN_TROUBLE_TLS,
        [LINK_REASON_INTERCEPTED] = ZIGLAN_TROUBLE_INTERCEPTED,
        [LINK_REASON_WRONG_KEY] = ZIGLAN_TROUBLE_WRONG_KEY,
        [LINK_REASON_PROTOCOL] = ZIGLAN_TROUBLE_PROTOCOL,
        [LINK_REASON_LIMIT] = ZIGLAN_TROUBLE_FULL,
        [LINK_REASON_CLOCK] = ZIGLAN_TROUBLE_DELEGATION,
    };

    return (size_t)reason < sizeof(codes) / sizeof(codes[0]) ? codes[reason] : ZIGLAN_TROUBLE_NONE;
}

void ziglan_on_closed(struct ziglan *ziglan, const struct relay_session *relay, bool was_active,
                      enum link_reason reason, struct mono now)
{
    enum ziglan_trouble_code code = closed_trouble(reason);

    if (relay != ziglan->entry_point) {
        return;
    }
    if (!relay->open && ziglan->state != ZIGLAN_STATE_REFUSED && code != ZIGLAN_TROUBLE_NONE) {
        ziglan_trouble_set(&ziglan->trouble, code);
    }
    if (!was_active) {
        return;
    }
    roster_all_offline(ziglan->roster);
    if (ziglan->state != ZIGLAN_STATE_REFUSED) {
        enter(ziglan, ZIGLAN_STATE_CONNECTING, now);
    }
}

static void admitted(struct ziglan *ziglan, const Ziglan__Joined *joined)
{
    struct ziglan_record *record = &ziglan->record;

    (void)snprintf(record->granted, sizeof(record->granted), "%s", joined->granted_name);
    (void)snprintf(record->name, sizeof(record->name), "%s", joined->ziglan_name);
    record->admitted = true;
    ziglan_name_told(&ziglan->name_why, joined);
    record->url.has_invite = false; /* used up; a member comes back by its key */
    memset(record->url.invite, 0, sizeof(record->url.invite));
}

void ziglan_on_joined(struct ziglan *ziglan, struct relay_session *relay,
                      const Ziglan__Joined *joined, struct mono now)
{
    const struct env *env = ziglan->context->env;
    struct ziglan_relay *more = find_relay(ziglan, relay);
    bool first = ziglan->state != ZIGLAN_STATE_JOINED;

    if (joined->delegation.len > 0 && roster_set_delegation(ziglan->roster, joined->delegation.data,
                                                            joined->delegation.len) != ERR_OK) {
        return;
    }
    if (more != NULL) {
        more->has_invite = false;
        memset(more->invite, 0, sizeof(more->invite));
        more->join_at = mono_add_ms(now, ZIGLAN_RENEW_MS);
        relay->serves = true;
        return;
    }
    admitted(ziglan, joined);
    ziglan_trouble_set(&ziglan->trouble, ZIGLAN_TROUBLE_NONE);
    ziglan->at.renew_at = mono_add_ms(now, ZIGLAN_RENEW_MS);
    enter(ziglan, ZIGLAN_STATE_JOINED, now);
    ziglan_clock_told(&ziglan->clock, joined->server_time_ms, now);
    clock_compare(ziglan, now);
    if (ziglan_store_put(ziglan->context->store, &ziglan->record) != ERR_OK) {
        env_trace(env, TRACE_LEVEL_ERROR, "ziglan.save",
                  "the membership could not be stored; free some disk space");
    }
    if (first) {
        env_trace(env, TRACE_LEVEL_INFO, "ziglan.joined", "name=%s as=%s", ziglan->record.name,
                  ziglan->record.granted);
        (void)ziglan_send_watch(ziglan);
    }
}

void ziglan_on_error(struct ziglan *ziglan, struct relay_session *relay, uint32_t request_id,
                     const Ziglan__Error *error, struct mono now)
{
    if (request_id != ZIGLAN_REQUEST_JOIN) {
        return;
    }
    relay_log_refused(&relay->log, error, now);
    ziglan->record.part_size = 0; /* perhaps the part was refused: the next one is fresh */
    if (relay != ziglan->entry_point) {
        relay->serves = false;
        return;
    }
    ziglan_trouble_set_detail(&ziglan->trouble, ZIGLAN_TROUBLE_REFUSED, error->text);
    enter(ziglan, ZIGLAN_STATE_REFUSED, now);
}

void ziglan_on_go_away(struct ziglan *ziglan, struct relay_session *relay,
                       const Ziglan__GoAway *go_away, struct mono now)
{
    enum ziglan_state next =
        ziglan->state == ZIGLAN_STATE_REFUSED ? ZIGLAN_STATE_REFUSED : ZIGLAN_STATE_CONNECTING;

    relay_session_on_go_away(relay, go_away, now);
    if (relay != ziglan->entry_point) {
        return;
    }
    if (go_away->reason == GOAWAY_REPLACED) {
        ziglan_trouble_set(&ziglan->trouble, ZIGLAN_TROUBLE_SAME_KEY);
        ziglan->at.replaced_at = now;
    } else if (go_away->reason == GOAWAY_REVOKED || go_away->reason == GOAWAY_FORGOTTEN) {
        ziglan_trouble_set(&ziglan->trouble, ZIGLAN_TROUBLE_REMOVED);
        next = ZIGLAN_STATE_REFUSED;
    } else if (go_away->reason == GOAWAY_BUSY) {
        ziglan_trouble_set_detail(&ziglan->trouble, ZIGLAN_TROUBLE_BUSY, go_away->text);
    }
    roster_all_offline(ziglan->roster);
    enter(ziglan, next, now);
}

bool ziglan_was_replaced(const struct ziglan *ziglan, uint64_t *ago_ms, struct mono now)
{
    if (ziglan->at.replaced_at.ns == MONO_NEVER.ns ||
        mono_ms_between(ziglan->at.replaced_at, now) >= ZIGLAN_REPLACED_TOLD_MS) {
        return false;
    }
    *ago_ms = mono_ms_between(ziglan->at.replaced_at, now);
    return true;
}

bool ziglan_on_told(struct ziglan *ziglan, bool more)
{
    if (more || ziglan->told || ziglan->state != ZIGLAN_STATE_JOINED) {
        return false;
    }
    ziglan->told = true;
    return true;
}

bool ziglan_is_heard(const struct ziglan *ziglan)
{
    return ziglan->entry_point->open && !ziglan->entry_point->stalled;
}

bool ziglan_tells(const struct ziglan *ziglan)
{
    return ziglan->told && ziglan_is_heard(ziglan);
}

void ziglan_on_unresolved(struct ziglan *ziglan, const char *name)
{
    ziglan_trouble_set_detail(&ziglan->trouble, ZIGLAN_TROUBLE_UNRESOLVED, name);
}

enum roster_effect ziglan_apply(struct ziglan *ziglan, const Ziglan__Member *member,
                                uint8_t key[KEY_SIZE])
{
    enum roster_effect effect = ROSTER_EFFECT_NONE;
    struct roster_change change = {
        .part = {member->member_part.data, member->member_part.len},
        .admission = {member->admission.data, member->admission.len},
        .revocation = {member->revocation.data, member->revocation.len},
        .online = member->online,
        .session = member->session,
    };

    if (roster_apply(ziglan->roster, &change, &effect, key) == ERR_DROP) {
        return ROSTER_EFFECT_NONE;
    }
    return effect;
}

/* ---- lookups ---- */

static bool may_look_up(const struct ziglan *ziglan, struct mono *not_before, struct mono now)
{
    if (ziglan->state != ZIGLAN_STATE_JOINED || !mono_due(*not_before, now)) {
        return false;
    }
    *not_before = mono_add_ms(now, ZIGLAN_LOOKUP_INTERVAL_MS);
    return true;
}

void ziglan_lookup_key(struct ziglan *ziglan, const uint8_t key[KEY_SIZE], struct mono now)
{
    if (may_look_up(ziglan, &ziglan->at.lookup_key_at, now)) {
        (void)ziglan_send_lookup_key(ziglan, key);
    }
}

void ziglan_lookup_address(struct ziglan *ziglan, const uint8_t ip6[16], struct mono now)
{
    if (may_look_up(ziglan, &ziglan->at.lookup_address_at, now)) {
        (void)ziglan_send_lookup_address(ziglan, ip6);
    }
}

void ziglan_lookup_away(struct ziglan *ziglan, const uint8_t key[KEY_SIZE], struct mono now)
{
    if (may_look_up(ziglan, &ziglan->at.lookup_away_at, now)) {
        (void)ziglan_send_lookup_key(ziglan, key);
    }
}

/* ---- timers ---- */

/* When an open session is asked for admission again, before the one that we have is renewed. In
 * CONNECTING: the Join could not be sent. */
static struct mono join_again_at(const struct ziglan *ziglan)
{
    switch (ziglan->state) {
    case ZIGLAN_STATE_CONNECTING:
    case ZIGLAN_STATE_JOINING:
        return mono_add_ms(ziglan->at.state_at, ZIGLAN_JOIN_TIMEOUT_MS);
    case ZIGLAN_STATE_REFUSED:
        return mono_add_ms(ziglan->at.state_at, ZIGLAN_REFUSED_RETRY_MS);
    case ZIGLAN_STATE_JOINED:
    case ZIGLAN_STATE_COUNT:
        break;
    }
    return MONO_NEVER;
}

void ziglan_expire(struct ziglan *ziglan, struct mono now)
{
    expire_relays(ziglan, now);
    if (!ziglan->entry_point->open) {
        return;
    }
    clock_compare(ziglan, now);
    if (mono_due(join_again_at(ziglan), now)) {
        join(ziglan, now);
    } else if (mono_due(ziglan->at.renew_at, now)) {
        ziglan->at.renew_at = mono_add_ms(now, ZIGLAN_RENEW_MS);
        join(ziglan, now);
    }
}

struct mono ziglan_deadline(const struct ziglan *ziglan)
{
    struct mono at = ziglan->at.expire_at;

    for (size_t i = 0; i < ziglan->relays_count; i++) {
        if (ziglan->relays[i].session->open) {
            at = mono_min(at, ziglan->relays[i].join_at);
        }
    }
    if (ziglan->entry_point->open) {
        at = mono_min(at, mono_min(ziglan->at.renew_at, join_again_at(ziglan)));
    }
    return at;
}
