/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/ziglan/ziglan.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/crypto/signed.h"
#include "proto/wire/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STORED_VERSION_BARE = 1,           /* without the member part */
    STORED_VERSION_WITHOUT_WANTED = 2, /* without the wished name */
    STORED_VERSION = 3,
    STORED_SIZE_MAX = 4096,
    MEMBER_PART_LIFETIME_S = 30 * 24 * 3600,
    MEMBER_PART_RENEW_MS = 15 * 24 * 3600 * 1000, /* signed anew when so old */
};

static void enter(struct ziglan *ziglan, enum ziglan_state next, struct mono now)
{
    ziglan->state = next;
    ziglan->state_at = now;
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

int ziglan_new(struct ziglan **out, const struct url *url, const struct ziglan_host *host,
               struct mono now)
{
    struct ziglan *ziglan = calloc(1, sizeof(*ziglan));
    int rc;

    *out = NULL;
    if (ziglan == NULL) {
        return ERR_NOMEM;
    }
    rc = roster_new(&ziglan->roster, host->store, host->env, url->key, 0);
    if (rc != ERR_OK) {
        free(ziglan);
        return rc;
    }
    ziglan->url = *url;
    (void)snprintf(ziglan->name, sizeof(ziglan->name), "%s", url->name);
    ziglan->renew_at = MONO_NEVER;
    ziglan->lookup_key_at = now;
    ziglan->lookup_address_at = now;
    ziglan->expire_at = mono_add_ms(now, ZIGLAN_EXPIRE_INTERVAL_MS);
    relay_session_init(&ziglan->entry, &ziglan->url, now);
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

static bool same_hosts(const struct url *a, const struct url *b)
{
    bool same = a->hosts_count == b->hosts_count;

    for (size_t i = 0; same && i < a->hosts_count; i++) {
        same =
            a->hosts[i].port == b->hosts[i].port && strcmp(a->hosts[i].name, b->hosts[i].name) == 0;
    }
    return same;
}

int ziglan_rejoin(struct ziglan *ziglan, const struct url *url, const struct ziglan_host *host,
                  struct mono now)
{
    if (ziglan->state == ZIGLAN_STATE_JOINED && same_hosts(&ziglan->url, url)) {
        return ERR_OK;
    }
    relay_session_close(&ziglan->entry, host->hub, 0, now);
    ziglan->url = *url;
    ziglan->error[0] = '\0';
    relay_session_init(&ziglan->entry, &ziglan->url, now);
    enter(ziglan, ZIGLAN_STATE_CONNECTING, now);
    return ziglan_save(ziglan, host->store);
}

void ziglan_want_name(struct ziglan *ziglan, const char *name)
{
    if (name != NULL) {
        (void)name_sanitise(ziglan->wanted, name, strlen(name));
    }
}

static const char *wanted_name_of(const struct ziglan *ziglan, const struct ziglan_host *host)
{
    return ziglan->wanted[0] != '\0' ? ziglan->wanted : host->wanted_name;
}

/* ---- the store ---- */

static void put_text(struct wbuf *w, const char *text)
{
    size_t size = strlen(text);

    wbuf_u16(w, u16_of(size));
    wbuf_put(w, text, size);
}

static bool take_text(struct rbuf *r, char *out, size_t capacity)
{
    size_t size = rbuf_u16(r);

    if (size >= capacity) {
        return false;
    }
    rbuf_copy(r, out, size);
    out[size] = '\0';
    return true;
}

int ziglan_save(const struct ziglan *ziglan, struct store *store)
{
    uint8_t value[STORED_SIZE_MAX];
    char url[URL_SIZE_MAX + 1];
    struct wbuf w = wbuf_over(value, sizeof(value));

    if (url_print(&ziglan->url, url, sizeof(url)) != ERR_OK) {
        return ERR_SYSTEM;
    }
    wbuf_u8(&w, STORED_VERSION);
    wbuf_u8(&w, ziglan->admitted ? 1 : 0);
    put_text(&w, url);
    put_text(&w, ziglan->name);
    put_text(&w, ziglan->granted);
    wbuf_u16(&w, u16_of(ziglan->part_size));
    wbuf_put(&w, ziglan->part, ziglan->part_size);
    put_text(&w, ziglan->wanted);
    if (!wbuf_ok(&w)) {
        return ERR_SYSTEM;
    }
    return store_write(store, STORE_TABLE_ZIGLANS, ziglan->url.key, KEY_SIZE, value, wbuf_size(&w));
}

static int load_one(struct ziglan **out, const uint8_t *value, size_t size,
                    const struct ziglan_host *host, struct mono now)
{
    char text[URL_SIZE_MAX + 1];
    char error[URL_ERROR_SIZE];
    struct rbuf r = rbuf_over(value, size);
    struct url url;
    uint8_t version = rbuf_u8(&r);
    bool admitted = rbuf_u8(&r) == 1;
    char name[NAME_TEXT_SIZE];
    char granted[NAME_TEXT_SIZE];
    char wanted[NAME_TEXT_SIZE] = "";
    size_t part_size;
    const uint8_t *part;

    *out = NULL;
    if (version < STORED_VERSION_BARE || version > STORED_VERSION ||
        !take_text(&r, text, sizeof(text)) || !take_text(&r, name, sizeof(name)) ||
        !take_text(&r, granted, sizeof(granted))) {
        return ERR_DROP;
    }
    part_size = version != STORED_VERSION_BARE ? rbuf_u16(&r) : 0;
    part = rbuf_take(&r, part_size);
    if (version == STORED_VERSION && !take_text(&r, wanted, sizeof(wanted))) {
        return ERR_DROP;
    }
    if (!rbuf_done(&r) || part_size > RECORD_SIGNED_SIZE_MAX ||
        url_parse(&url, text, strlen(text), error) != ERR_OK) {
        return ERR_DROP;
    }
    int rc = ziglan_new(out, &url, host, now);
    if (rc == ERR_OK) {
        (*out)->admitted = admitted;
        memcpy((*out)->name, name, sizeof(name));
        memcpy((*out)->granted, granted, sizeof(granted));
        memcpy((*out)->wanted, wanted, sizeof(wanted));
        memcpy((*out)->part, part, part_size);
        (*out)->part_size = part_size;
    }
    return rc;
}

int ziglan_load(struct ziglan **list, size_t max, size_t *count, const struct ziglan_host *host,
                struct mono now)
{
    uint8_t value[STORED_SIZE_MAX];
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_ZIGLANS, NULL, 0);

    for (*count = 0; *count < max;) {
        size_t size;
        int rc = store_next(host->store, &cursor, value, sizeof(value), &size);

        if (rc != ERR_OK) {
            return rc;
        }
        if (size == STORE_NONE) {
            return ERR_OK;
        }
        rc = load_one(&list[*count], value, size, host, now);
        if (rc == ERR_DROP) {
            env_trace(host->env, TRACE_LEVEL_ERROR, "ziglan.load",
                      "a stored ziglan cannot be read and is passed over");
            continue;
        }
        if (rc != ERR_OK) {
            return rc;
        }
        (*count)++;
    }
    return ERR_OK;
}

/* ---- control messages ---- */

bool ziglan_send(struct ziglan *ziglan, struct link_hub *hub, const Ziglan__Control *message)
{
    uint8_t bytes[CONTROL_SIZE_MAX];
    size_t size;

    if (!ziglan->entry.open || control_pack(bytes, sizeof(bytes), &size, message) != ERR_OK) {
        return false;
    }
    return link_hub_control(hub, ziglan->entry.active, bytes, size) == ERR_OK;
}

/* The part signed last, decoded. False if there is none. */
static bool last_part(const struct ziglan *ziglan, struct record_member *out)
{
    return ziglan->part_size > SIGNATURE_SIZE &&
           record_member_decode(out, ziglan->part, ziglan->part_size - SIGNATURE_SIZE) == ERR_OK;
}

/* The member part that stands for us. The same bytes as before wherever they still say what is
 * true, because a part that changed is news to all who watch. */
static int renew_member_part(struct ziglan *ziglan, const struct ziglan_host *host)
{
    uint8_t bytes[RECORD_MEMBER_SIZE_MAX];
    size_t bytes_size;
    uint64_t wall_ms = env_wall_ms(host->env);
    struct record_member last = {0};
    bool known = last_part(ziglan, &last);
    uint64_t after_last = known ? last.header.sequence + 1 : 0;
    struct record_member part = {
        .header = {.sequence = wall_ms > after_last ? wall_ms : after_last,
                   .created_ms = wall_ms,
                   .lifetime_s = MEMBER_PART_LIFETIME_S},
        .relays_count = 1,
        .fixed_count = host->fixed_count,
    };

    memcpy(part.fixed, host->fixed, host->fixed_count * sizeof(part.fixed[0]));
    if (known && last.relays_count == 1 &&
        memcmp(last.relays[0], ziglan->entry.relay_key, KEY_SIZE) == 0 &&
        strcmp(last.wanted_name, wanted_name_of(ziglan, host)) == 0 &&
        last.fixed_count == part.fixed_count &&
        memcmp(last.fixed, part.fixed, sizeof(part.fixed)) == 0 &&
        last.header.created_ms <= wall_ms &&
        wall_ms - last.header.created_ms < MEMBER_PART_RENEW_MS) {
        return ERR_OK;
    }
    memcpy(part.header.key, host->identity->public_key, KEY_SIZE);
    memcpy(part.relays[0], ziglan->entry.relay_key, KEY_SIZE);
    (void)snprintf(part.wanted_name, sizeof(part.wanted_name), "%s", wanted_name_of(ziglan, host));
    int rc = record_member_encode(bytes, &bytes_size, &part);
    if (rc != ERR_OK) {
        return rc;
    }
    return signed_make(ziglan->part, sizeof(ziglan->part), &ziglan->part_size, host->identity,
                       bytes, bytes_size);
}

static void send_join(struct ziglan *ziglan, const struct ziglan_host *host, struct mono now)
{
    Ziglan__Join join = ZIGLAN__JOIN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    ziglan->state_at = now; /* what fails here is tried again later, not at once */
    if (renew_member_part(ziglan, host) != ERR_OK) {
        env_trace(host->env, TRACE_LEVEL_ERROR, "ziglan.join", "no member part could be made");
        return;
    }
    join.member_part = control_bytes(ziglan->part, ziglan->part_size);
    join.wanted_name = control_text(wanted_name_of(ziglan, host));
    if (ziglan->url.has_invite) {
        join.invite = control_bytes(ziglan->url.invite, INVITE_SIZE);
    }
    message.request_id = ZIGLAN_REQUEST_JOIN;
    message.body_case = ZIGLAN__CONTROL__BODY_JOIN;
    message.join = &join;
    if (ziglan_send(ziglan, host->hub, &message)) {
        enter(ziglan, ZIGLAN_STATE_JOINING, now);
    }
}

static void send_watch(struct ziglan *ziglan, const struct ziglan_host *host)
{
    Ziglan__Watch watch = ZIGLAN__WATCH__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    watch.since = roster_sequence(ziglan->roster);
    watch.all = true;
    message.request_id = ZIGLAN_REQUEST_WATCH;
    message.body_case = ZIGLAN__CONTROL__BODY_WATCH;
    message.watch = &watch;
    (void)ziglan_send(ziglan, host->hub, &message);
}

/* While the clocks differ, a join a minute finds out about the relay's and renews what it signed
 * when its own was wrong. When they agree again, one more asks for all that was not believed. */
static void clock_compare(struct ziglan *ziglan, const struct ziglan_host *host, struct mono now)
{
    if (ziglan_clock_check(&ziglan->clock, host->env, now) && !ziglan->clock.differs) {
        ziglan->renew_at = now;
        ziglan->error[0] = '\0';
    }
    if (ziglan->clock.differs) {
        ziglan->renew_at = mono_min(ziglan->renew_at, mono_add_ms(now, ZIGLAN_CLOCK_RETRY_MS));
        if (ziglan->state != ZIGLAN_STATE_REFUSED) {
            ziglan_clock_text(&ziglan->clock, host->env, now, ziglan->error, sizeof(ziglan->error));
        }
    }
}

void ziglan_on_open(struct ziglan *ziglan, const struct link_event *event,
                    const struct ziglan_host *host, struct mono now)
{
    /* First, because the event's bytes are borrowed until the hub closes something. */
    if (event->data != NULL && event->size > 0 &&
        roster_set_delegation(ziglan->roster, event->data, event->size) != ERR_OK) {
        env_trace(host->env, TRACE_LEVEL_WARN, "entry.delegation", "not believed");
    }
    relay_session_on_open(&ziglan->entry, event, host->hub, now);
    ziglan_clock_told(&ziglan->clock, event->peer->server_time_ms, now);
    env_trace(host->env, TRACE_LEVEL_INFO, "entry.open", "ziglan=%s",
              ziglan->name[0] != '\0' ? ziglan->name : "(new)");
    roster_all_offline(ziglan->roster); /* of whom it says nothing now, is offline */
    send_join(ziglan, host, now);
}

static void describe_closed(struct ziglan *ziglan, enum link_reason reason)
{
    static const char *const texts[] = {
        [LINK_REASON_TIMEOUT] = "the entry point does not answer; is its UDP port open?",
        [LINK_REASON_TLS] = "the TLS handshake with the entry point failed",
        [LINK_REASON_INTERCEPTED] = "TLS is intercepted on this network",
        [LINK_REASON_WRONG_KEY] = "the entry point does not belong to this ziglan; ask for a new "
                                  "URL",
        [LINK_REASON_PROTOCOL] = "the entry point does not speak our protocol",
        [LINK_REASON_LIMIT] = "the entry point is full; trying again",
        [LINK_REASON_CLOCK] = "the relay's delegation is not in force by this host's clock: set "
                              "the clock that is wrong, here or there, or its owner must renew it",
    };

    if ((size_t)reason < sizeof(texts) / sizeof(texts[0]) && texts[reason] != NULL) {
        (void)snprintf(ziglan->error, sizeof(ziglan->error), "%s", texts[reason]);
    }
}

void ziglan_on_closed(struct ziglan *ziglan, const struct link_event *event,
                      const struct ziglan_host *host, struct mono now)
{
    bool was_active = relay_session_on_closed(&ziglan->entry, event, host->env, now);

    if (!ziglan->entry.open && ziglan->state != ZIGLAN_STATE_REFUSED) {
        describe_closed(ziglan, event->reason);
    }
    if (!was_active) {
        return;
    }
    roster_all_offline(ziglan->roster);
    env_trace(host->env, TRACE_LEVEL_INFO, "entry.closed", "reason=%d", (int)event->reason);
    if (ziglan->state != ZIGLAN_STATE_REFUSED) {
        enter(ziglan, ZIGLAN_STATE_CONNECTING, now);
    }
}

void ziglan_on_joined(struct ziglan *ziglan, const Ziglan__Joined *joined,
                      const struct ziglan_host *host, struct mono now)
{
    bool first = ziglan->state != ZIGLAN_STATE_JOINED;

    if (joined->delegation.len > 0 && roster_set_delegation(ziglan->roster, joined->delegation.data,
                                                            joined->delegation.len) != ERR_OK) {
        return;
    }
    (void)snprintf(ziglan->granted, sizeof(ziglan->granted), "%s", joined->granted_name);
    (void)snprintf(ziglan->name, sizeof(ziglan->name), "%s", joined->ziglan_name);
    ziglan->admitted = true;
    ziglan->url.has_invite = false; /* used up; a member comes back by its key */
    memset(ziglan->url.invite, 0, sizeof(ziglan->url.invite));
    ziglan->error[0] = '\0';
    ziglan->renew_at = mono_add_ms(now, ZIGLAN_RENEW_MS);
    enter(ziglan, ZIGLAN_STATE_JOINED, now);
    ziglan_clock_told(&ziglan->clock, joined->server_time_ms, now);
    clock_compare(ziglan, host, now);
    if (ziglan_save(ziglan, host->store) != ERR_OK) {
        env_trace(host->env, TRACE_LEVEL_ERROR, "ziglan.save",
                  "the admission could not be stored; free some disk space");
    }
    if (first) {
        env_trace(host->env, TRACE_LEVEL_INFO, "ziglan.joined", "name=%s as=%s", ziglan->name,
                  ziglan->granted);
        send_watch(ziglan, host);
    }
}

void ziglan_on_error(struct ziglan *ziglan, uint32_t request_id, const Ziglan__Error *error,
                     const struct ziglan_host *host, struct mono now)
{
    if (request_id != ZIGLAN_REQUEST_JOIN) {
        return;
    }
    (void)snprintf(ziglan->error, sizeof(ziglan->error), "%s", error->text);
    env_trace(host->env, TRACE_LEVEL_WARN, "ziglan.refused", "code=%u", error->code);
    ziglan->part_size = 0; /* perhaps it was the part that was refused: the next one is fresh */
    enter(ziglan, ZIGLAN_STATE_REFUSED, now);
}

void ziglan_on_go_away(struct ziglan *ziglan, const Ziglan__GoAway *go_away,
                       const struct ziglan_host *host, struct mono now)
{
    enum { REPLACED = 1, REVOKED = 2 }; /* GoAway.reason in control.proto */
    static const uint64_t replaced_wait_ms = 30000;
    static const uint64_t revoked_wait_ms = 300000;
    uint64_t wait_ms =
        go_away->reconnect_in_ms < revoked_wait_ms ? go_away->reconnect_in_ms : revoked_wait_ms;
    enum ziglan_state next =
        ziglan->state == ZIGLAN_STATE_REFUSED ? ZIGLAN_STATE_REFUSED : ZIGLAN_STATE_CONNECTING;

    if (go_away->reason == REPLACED) { /* another program runs with our key: do not fight it */
        wait_ms = replaced_wait_ms;
        (void)snprintf(ziglan->error, sizeof(ziglan->error),
                       "another host uses the same key; give each host a key of its own");
    } else if (go_away->reason == REVOKED) {
        wait_ms = revoked_wait_ms;
        next = ZIGLAN_STATE_REFUSED;
        (void)snprintf(ziglan->error, sizeof(ziglan->error),
                       "this host was removed from the ziglan; ask its owner for a new invite");
    }
    relay_session_close(&ziglan->entry, host->hub, wait_ms, now);
    roster_all_offline(ziglan->roster);
    enter(ziglan, next, now);
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
    };

    if (roster_apply(ziglan->roster, &change, &effect, key) == ERR_DROP) {
        return ROSTER_EFFECT_NONE;
    }
    return effect;
}

static void send_lookup(struct ziglan *ziglan, Ziglan__Lookup *lookup, struct mono *not_before,
                        struct link_hub *hub, struct mono now)
{
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    if (ziglan->state != ZIGLAN_STATE_JOINED || !mono_due(*not_before, now)) {
        return;
    }
    *not_before = mono_add_ms(now, ZIGLAN_LOOKUP_INTERVAL_MS);
    message.request_id = ZIGLAN_REQUEST_LOOKUP;
    message.body_case = ZIGLAN__CONTROL__BODY_LOOKUP;
    message.lookup = lookup;
    (void)ziglan_send(ziglan, hub, &message);
}

void ziglan_lookup_key(struct ziglan *ziglan, const uint8_t key[KEY_SIZE], struct link_hub *hub,
                       struct mono now)
{
    Ziglan__Lookup lookup = ZIGLAN__LOOKUP__INIT;

    lookup.key = control_bytes(key, KEY_SIZE);
    send_lookup(ziglan, &lookup, &ziglan->lookup_key_at, hub, now);
}

void ziglan_lookup_address(struct ziglan *ziglan, const uint8_t ip6[16], struct link_hub *hub,
                           struct mono now)
{
    Ziglan__Lookup lookup = ZIGLAN__LOOKUP__INIT;

    lookup.address = control_bytes(ip6, 16);
    send_lookup(ziglan, &lookup, &ziglan->lookup_address_at, hub, now);
}

void ziglan_leave(struct ziglan *ziglan, const struct ziglan_host *host, struct mono now)
{
    Ziglan__Leave leave = ZIGLAN__LEAVE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    message.request_id = ZIGLAN_REQUEST_LEAVE;
    message.body_case = ZIGLAN__CONTROL__BODY_LEAVE;
    message.leave = &leave;
    (void)ziglan_send(ziglan, host->hub, &message);
    relay_session_close(&ziglan->entry, host->hub, UINT64_MAX, now);
    if (roster_erase(ziglan->roster) != ERR_OK ||
        store_remove(host->store, STORE_TABLE_ZIGLANS, ziglan->url.key, KEY_SIZE) != ERR_OK) {
        env_trace(host->env, TRACE_LEVEL_ERROR, "ziglan.leave", "could not be removed from disk");
    }
}

void ziglan_expire(struct ziglan *ziglan, const struct ziglan_host *host, struct mono now)
{
    relay_session_expire(&ziglan->entry, &ziglan->url, host->hub, host->env, now);
    if (!ziglan->entry.open) {
        return;
    }
    clock_compare(ziglan, host, now);
    uint64_t in_state_ms = mono_ms_between(ziglan->state_at, now);
    bool again =
        (ziglan->state == ZIGLAN_STATE_REFUSED && in_state_ms >= ZIGLAN_REFUSED_RETRY_MS) ||
        (ziglan->state == ZIGLAN_STATE_JOINING && in_state_ms >= ZIGLAN_JOIN_TIMEOUT_MS);
    if (again) {
        send_join(ziglan, host, now);
    } else if (mono_due(ziglan->renew_at, now)) {
        ziglan->renew_at = mono_add_ms(now, ZIGLAN_RENEW_MS);
        send_join(ziglan, host, now);
    }
}

struct mono ziglan_deadline(const struct ziglan *ziglan)
{
    struct mono at = mono_min(relay_session_deadline(&ziglan->entry), ziglan->expire_at);

    if (ziglan->entry.open) {
        at = mono_min(at, ziglan->renew_at);
        if (ziglan->state == ZIGLAN_STATE_REFUSED) {
            at = mono_min(at, mono_add_ms(ziglan->state_at, ZIGLAN_REFUSED_RETRY_MS));
        } else if (ziglan->state == ZIGLAN_STATE_JOINING) {
            at = mono_min(at, mono_add_ms(ziglan->state_at, ZIGLAN_JOIN_TIMEOUT_MS));
        }
    }
    return at;
}
