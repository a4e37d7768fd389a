/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dialling a relay until it answers, and keeping the one connection that is used. */
#include "client/stun2/relay_session.h"

#include "proto/base/bytes.h"

#include <string.h>

static const struct endpoint any = {0};

/* A bucket gets whole tokens per second, so a session takes RELAY_SESSION_OPEN_EVERY_S of them. */
static const struct bucket_rate opens_rate = {
    .per_s = 1, .burst = RELAY_SESSION_OPENS_BURST * RELAY_SESSION_OPEN_EVERY_S};

static void connection_gone(struct relay_session *relay)
{
    relay->open = false;
    relay->stalled = false;
    relay->serves = false;
    relay->keeps_lanes = false;
    relay->flow = (struct relay_flow){0};
    relay->targets.next = 0;
}

void relay_session_close(struct relay_session *relay, uint64_t wait_ms, struct mono now)
{
    relay_dials_close(&relay->dials, relay->hub, NULL, now);
    if (relay->open) {
        link_hub_close(relay->hub, relay->active, 0, "going away", now);
    }
    connection_gone(relay);
    relay->closed_until = mono_add_ms(now, wait_ms);
    relay->dial_at = relay->closed_until;
}

void relay_session_begin(struct relay_session *relay, const struct url *url, struct mono now)
{
    relay_session_close(relay, 0, now);
    bucket_init(&relay->opens.left, &opens_rate, now);
    relay->opens.told = false;
    relay->way = (struct way){0};
    relay->remote = (struct endpoint){0};
    relay->url = *url;
    relay->url.has_invite = false; /* a secret that a session does not need */
    memset(relay->url.invite, 0, sizeof(relay->url.invite));
    relay->sought = (struct relay_sought){.begun = false};
    relay->rounds = 0;
    relay->observed = (struct endpoint){0};
    relay->moved_at = MONO_NEVER;
    memset(relay->relay_key, 0, sizeof(relay->relay_key));
    relay_targets_begin(&relay->targets, &relay->url, now);
}

void relay_session_rehost(struct relay_session *relay, const struct url *url, struct mono now)
{
    memcpy(relay->url.hosts, url->hosts, sizeof(relay->url.hosts));
    relay->url.hosts_count = url->hosts_count;
    memcpy(relay->url.relays, url->relays, sizeof(relay->url.relays));
    relay->url.relays_count = url->relays_count;
    relay_targets_rehost(&relay->targets, &relay->url, now);
}

int relay_session_resolve_wanted(struct relay_session *relay, struct mono now)
{
    if (relay->open && !relay->stalled) {
        return -1;
    }
    for (size_t i = 0; i < relay->url.hosts_count; i++) {
        if (mono_due(relay->targets.resolve_at[i], now)) {
            relay->targets.resolve_at[i] = mono_add_ms(now, 2 * RELAY_SESSION_RESOLVE_RETRY_MS);
            return (int)i;
        }
    }
    return -1;
}

void relay_session_resolved(struct relay_session *relay, size_t host_index,
                            const struct endpoint *addrs, size_t count, struct mono now)
{
    if (host_index >= relay->url.hosts_count) {
        return;
    }
    relay->targets.resolve_at[host_index] = mono_add_ms(
        now, count == 0 ? RELAY_SESSION_RESOLVE_RETRY_MS : 12 * RELAY_SESSION_RESOLVE_RETRY_MS);
    if (count == 0) {
        return;
    }
    relay_targets_resolved(&relay->targets, &relay->url, host_index, addrs, count);
    if (!relay->open) {
        relay->dial_at = mono_before(now, relay->closed_until) ? relay->closed_until : now;
    }
}

void relay_session_found(struct relay_session *relay, const struct endpoint *addrs, size_t count,
                         struct mono now)
{
    relay_targets_found(&relay->targets, addrs, count);
    if (count > 0 && (!relay->open || relay->stalled)) {
        relay->rounds = 0;
        relay->dial_at = mono_before(now, relay->closed_until) ? relay->closed_until : now;
    }
}

static uint64_t round_pause_ms(const struct relay_session *relay)
{
    uint64_t base = RELAY_SESSION_RETRY_MS_NEAR;

    if (relay->rounds < 3) {
        base = (uint64_t)RELAY_SESSION_RETRY_MS_MIN << relay->rounds;
    }
    if (relay->rounds > RELAY_SESSION_RETRY_NEAR_ROUNDS) {
        base = RELAY_SESSION_RETRY_MS_MAX;
    }
    return base + env_random_below(relay->env, (uint32_t)(base / 4));
}

/* True if another session may be opened; else dialling waits until it may. */
static bool may_open(struct relay_session *relay, struct mono now)
{
    uint64_t level = bucket_level(&relay->opens.left, &opens_rate, now);

    if (level >= RELAY_SESSION_OPEN_EVERY_S) {
        relay->opens.told = false;
        return true;
    }
    relay->dial_at = mono_add_ms(now, (RELAY_SESSION_OPEN_EVERY_S - level) * 1000);
    if (!relay->opens.told) {
        env_trace(relay->env, TRACE_LEVEL_WARN, "relay.paused",
                  "this host connected to the relay %d times in a short time, and the relay would "
                  "call itself busy; from now on once in %d s",
                  RELAY_SESSION_OPENS_BURST, RELAY_SESSION_OPEN_EVERY_S);
        relay->opens.told = true;
    }
    return false;
}

/* True if the next target was dialled, or cannot be. False: there is no room for another dial now.
 */
static bool dial_next(struct relay_session *relay, struct mono now)
{
    struct relay_targets *targets = &relay->targets;
    enum link_want want = relay->url.kind == URL_KIND_ZIGLAN ? LINK_WANT_ZIGLAN : LINK_WANT_RELAY;
    const struct endpoint *remote = &targets->list[targets->next];
    struct relay_dial *dial = relay_dials_place(&relay->dials, relay->hub, remote, now);
    const struct link_dial whom = {
        .local = any,
        .remote = *remote,
        .server_name = relay_targets_next_name(targets, &relay->url),
        .want = want,
        .key = relay->url.key,
        .roles = LINK_ROLE_HOST,
        .spki = relay->proof.known && want == LINK_WANT_RELAY ? relay->proof.spki : NULL,
    };
    int rc;

    if (dial == NULL) {
        return false;
    }
    rc = link_hub_dial(relay->hub, &dial->handle, &whom, now);
    dial->remote = *remote;
    dial->started_at = now;
    dial->used = rc == ERR_OK;
    targets->next += rc == ERR_LIMIT ? 0 : 1; /* those to other relays take all room */
    return rc != ERR_LIMIT;
}

bool relay_session_is_used(const struct relay_session *relay)
{
    return relay->attaching.attachments != NULL;
}

bool relay_session_answers(const struct relay_session *relay)
{
    return relay->open && !relay->stalled && !relay->flow.late;
}

void relay_session_detach(struct relay_session *relay)
{
    relay->attaching.attachments = NULL;
}

void relay_session_expire(struct relay_session *relay, struct mono now)
{
    struct relay_targets *targets = &relay->targets;
    uint64_t stagger_ms = relay_dials_stagger_ms(targets->count, relay->rounds);

    if (relay_session_keeps_lanes(relay) && mono_due(relay->lanes_until, now)) {
        relay->keeps_lanes = false;
    }
    if ((relay->open && !relay->stalled) || !mono_due(relay->dial_at, now)) {
        return;
    }
    if (targets->count == 0) {
        relay->dial_at = MONO_NEVER; /* relay_session_resolved sets it */
        return;
    }
    if (!may_open(relay, now)) {
        return;
    }
    if (targets->next >= targets->count) {
        targets->next = 0;
    }
    relay->dial_at = mono_add_ms(now, stagger_ms);
    if (dial_next(relay, now) && targets->next >= targets->count) {
        relay->dial_at = mono_add_ms(now, stagger_ms + round_pause_ms(relay));
        relay->rounds++;
    }
}

struct mono relay_session_deadline(const struct relay_session *relay)
{
    struct mono at = relay->dial_at;

    if (relay->open && !relay->stalled) {
        return MONO_NEVER;
    }
    if (relay_session_keeps_lanes(relay)) {
        at = mono_min(at, relay->lanes_until);
    }
    for (size_t i = 0; i < URL_HOSTS_MAX; i++) {
        at = mono_min(at, relay->targets.resolve_at[i]);
    }
    return at;
}

bool relay_session_owns(const struct relay_session *relay, struct handle handle)
{
    if (relay->open && handle_equal(relay->active, handle)) {
        return true;
    }
    return relay_dials_have(&relay->dials, handle);
}

void relay_session_on_open(struct relay_session *relay, const struct link_event *event,
                           struct mono now)
{
    relay_dials_close(&relay->dials, relay->hub, &event->handle, now);
    if (relay->open && !handle_equal(relay->active, event->handle)) {
        link_hub_close(relay->hub, relay->active, 0, "replaced by a newer session", now);
    }
    (void)bucket_take(&relay->opens.left, &opens_rate, RELAY_SESSION_OPEN_EVERY_S, now);
    relay->open = true;
    relay->stalled = false;
    relay->flow = (struct relay_flow){0};
    relay->serves = false; /* until whoever uses it says so */
    relay->active = event->handle;
    if (!endpoint_equal(&relay->remote, &event->remote)) {
        relay->way = (struct way){0};
        relay->observed = (struct endpoint){0};
    }
    relay->remote = event->remote;
    relay->mapped_at = now;
    relay->keepalive_told_ms = 0;
    relay_targets_know(&relay->targets, &event->remote);
    relay_session_on_observed(relay, &event->peer->observed, now);
    memcpy(relay->relay_key, event->peer->key, KEY_SIZE);
    relay->attaching.renew_at = mono_add_ms(now, ATTACHMENTS_RENEW_MS);
    relay_facts_begin(&relay->facts, event->hello, now);
    relay->rounds = 0;
    relay->targets.next = 0;
    relay->dial_at = MONO_NEVER;
}

void relay_session_on_stalled(struct relay_session *relay, struct handle handle, struct mono now)
{
    if (relay->open && handle_equal(relay->active, handle) && !relay->stalled) {
        relay->stalled = true;
        relay->stalled_at = now;
        relay->dial_at = now;
        relay->targets.next = 0;
    }
}

void relay_session_on_revived(struct relay_session *relay, struct handle handle, struct mono now)
{
    if (relay->open && handle_equal(relay->active, handle) && relay->stalled &&
        mono_ms_between(relay->stalled_at, now) < RELAY_SESSION_REVIVE_MS) {
        relay_dials_close(&relay->dials, relay->hub, NULL, now);
        relay->stalled = false;
        relay->rounds = 0;
        relay->targets.next = 0;
        relay->dial_at = MONO_NEVER;
    }
}

bool relay_session_on_closed(struct relay_session *relay, const struct link_event *event,
                             struct mono now)
{
    relay_dials_forget(&relay->dials, event->handle);
    if (!relay->open || !handle_equal(relay->active, event->handle)) {
        return false;
    }
    relay_log_closed(&relay->log, event->reason, now);
    connection_gone(relay);
    /* A little jitter, so that a restarted relay does not meet all its hosts in one instant. */
    relay->dial_at = mono_add_ms(now, env_random_below(relay->env, RELAY_SESSION_RETRY_MS_MIN));
    return true;
}

static uint64_t away_ms(const Ziglan__GoAway *go_away)
{
    switch (go_away->reason) {
    case GOAWAY_REPLACED:
        return RELAY_SESSION_GO_AWAY_MS;
    case GOAWAY_REVOKED:
    case GOAWAY_FORGOTTEN:
        return RELAY_SESSION_GO_AWAY_MS_MAX;
    default:
        return go_away->reconnect_in_ms < RELAY_SESSION_GO_AWAY_MS_MAX
                   ? go_away->reconnect_in_ms
                   : RELAY_SESSION_GO_AWAY_MS_MAX;
    }
}

void relay_session_on_go_away(struct relay_session *relay, const Ziglan__GoAway *go_away,
                              struct mono now)
{
    uint64_t wait_ms = away_ms(go_away);

    relay_log_go_away(&relay->log, go_away, wait_ms, now);
    relay_session_close(relay, wait_ms, now);
    if (go_away->reason == GOAWAY_SHUTDOWN && go_away->lanes_ms > 0) {
        uint64_t ms = go_away->lanes_ms < RELAY_SESSION_LANES_MS_MAX ? go_away->lanes_ms
                                                                     : RELAY_SESSION_LANES_MS_MAX;

        relay->keeps_lanes = true;
        relay->lanes_until = mono_add_ms(now, ms);
    }
}

bool relay_session_keeps_lanes(const struct relay_session *relay)
{
    return relay->keeps_lanes && !relay->open;
}

/* Where the next packets to the relay go. */
static const struct endpoint *aim(const struct relay_session *relay)
{
    return relay->open || relay->targets.count == 0 ? &relay->remote : &relay->targets.list[0];
}

static void dial_on_network(struct relay_session *relay, struct mono now)
{
    relay->rounds = 0;
    relay->dial_at = mono_before(now, relay->closed_until) ? relay->closed_until : now;
}

bool relay_session_on_network(struct relay_session *relay, const struct way_finder *ways,
                              struct mono now)
{
    enum way_change change = way_look(&relay->way, ways, &any, aim(relay));
    bool changed = change == WAY_CHANGED || change == WAY_GONE;

    relay->elsewhere = relay->elsewhere || change != WAY_SAME;
    if (changed) {
        relay->moved_at = now;
    }
    if (!relay->open) {
        if (change != WAY_SAME) {
            dial_on_network(relay, now);
        }
        return changed;
    }
    if (changed && relay->stalled) {
        dial_on_network(relay, now);
    } else if (ways == NULL || change == WAY_GONE) { /* the other family may have a way */
        relay_session_on_stalled(relay, relay->active, now);
    } else if (change == WAY_CHANGED) {
        link_hub_migrate(relay->hub, relay->active, &any, now);
    } else if (change == WAY_DOUBTFUL) {
        link_hub_ping(relay->hub, relay->active, now);
    }
    return changed;
}

void relay_session_on_observed(struct relay_session *relay, const struct endpoint *observed,
                               struct mono now)
{
    bool is_here = !relay->elsewhere && !endpoint_is_none(&relay->observed) &&
                   endpoint_same_ip(&relay->observed, observed);
    /* After a longer silence than was meant this host was late, and not the NAT early. */
    bool in_time = link_hub_silence_ms(relay->hub, relay->active) <=
                   relay->keepalive_told_ms + LINK_SILENCE_MS;

    if (!endpoint_equal(&relay->observed, observed)) {
        relay->port_changed = relay->port_changed || (is_here && in_time);
        relay->mapped_at = now;
    }
    relay->observed = *observed;
    relay->elsewhere = false;
    relay->moved_at = MONO_NEVER;
}

bool relay_session_take_port_changed(struct relay_session *relay)
{
    bool changed = relay->port_changed;

    relay->port_changed = false;
    return changed;
}

bool relay_session_is_settling(const struct relay_session *relay, struct mono now)
{
    return relay->moved_at.ns != MONO_NEVER.ns && mono_before(now, relay_session_settled_at(relay));
}

struct mono relay_session_settled_at(const struct relay_session *relay)
{
    return mono_add_ms(relay->moved_at, RELAY_SESSION_SETTLE_MS);
}

void relay_session_learn_way(struct relay_session *relay, const struct way_finder *ways)
{
    way_learn(&relay->way, ways, &any, aim(relay));
}

bool relay_session_send(struct relay_session *relay, const Ziglan__Control *message)
{
    uint8_t bytes[CONTROL_SIZE_MAX];
    size_t size;

    if (!relay->open || control_pack(bytes, sizeof(bytes), &size, message) != ERR_OK) {
        return false;
    }
    return link_hub_control(relay->hub, relay->active, bytes, size) == ERR_OK;
}

bool relay_session_forward(struct relay_session *relay, const uint8_t dst[KEY_SIZE],
                           const uint8_t *frame, size_t size)
{
    uint8_t head[SESSION_DGRAM_HEADER_SIZE];

    if (!relay->open) {
        return false;
    }
    relay->flow.flows = true;
    head[0] = SESSION_DGRAM_TO;
    memcpy(head + 1, dst, KEY_SIZE);
    return link_hub_datagram(relay->hub, relay->active, head, sizeof(head), frame, size);
}

size_t relay_session_datagram_size(const struct relay_session *relay)
{
    return relay->open ? link_hub_datagram_size(relay->hub, relay->active) : 0;
}
