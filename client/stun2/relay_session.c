/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/stun2/relay_session.h"

#include "proto/base/bytes.h"

#include <string.h>

static void add_target(struct relay_session *relay, size_t host, const struct endpoint *addr,
                       uint16_t port)
{
    struct endpoint target = *addr;

    target.port = port;
    for (size_t i = 0; i < relay->targets_count; i++) {
        if (endpoint_equal(&relay->targets[i], &target)) {
            return;
        }
    }
    if (relay->targets_count < RELAY_SESSION_TARGETS_MAX) {
        relay->target_hosts[relay->targets_count] = u8_of(host);
        relay->targets[relay->targets_count++] = target;
    }
}

/* Or the addresses that a moving relay had would fill the list one day. */
static void forget_targets(struct relay_session *relay, size_t host)
{
    size_t kept = 0;

    for (size_t i = 0; i < relay->targets_count; i++) {
        if (relay->target_hosts[i] != host) {
            relay->target_hosts[kept] = relay->target_hosts[i];
            relay->targets[kept++] = relay->targets[i];
        }
    }
    relay->targets_count = kept;
}

static void add_host(struct relay_session *relay, size_t host, const struct endpoint *addr,
                     uint16_t port)
{
    if (port != 0) {
        add_target(relay, host, addr, port);
        return;
    }
    add_target(relay, host, addr, RELAY_SESSION_PORT_FIRST);
    add_target(relay, host, addr, RELAY_SESSION_PORT_SECOND);
}

void relay_session_init(struct relay_session *relay, const struct url *url, struct mono now)
{
    *relay = (struct relay_session){.dial_at = now, .closed_until = now};
    for (size_t i = 0; i < URL_HOSTS_MAX; i++) {
        relay->resolve_at[i] = MONO_NEVER;
    }
    for (size_t i = 0; i < url->hosts_count; i++) {
        struct endpoint addr;

        if (url->hosts[i].numeric && endpoint_parse(&addr, url->hosts[i].name, 1)) {
            add_host(relay, i, &addr, url->hosts[i].port);
        } else {
            relay->resolve_at[i] = now;
        }
    }
}

int relay_session_resolve_wanted(struct relay_session *relay, const struct url *url,
                                 struct mono now)
{
    if (relay->open && !relay->stalled) {
        return -1;
    }
    for (size_t i = 0; i < url->hosts_count; i++) {
        if (mono_due(relay->resolve_at[i], now)) {
            relay->resolve_at[i] = mono_add_ms(now, 2 * RELAY_SESSION_RESOLVE_RETRY_MS);
            return (int)i;
        }
    }
    return -1;
}

void relay_session_resolved(struct relay_session *relay, const struct url *url, size_t host_index,
                            const struct endpoint *addrs, size_t count, struct mono now)
{
    if (host_index >= url->hosts_count) {
        return;
    }
    relay->resolve_at[host_index] = mono_add_ms(
        now, count == 0 ? RELAY_SESSION_RESOLVE_RETRY_MS : 12 * RELAY_SESSION_RESOLVE_RETRY_MS);
    if (count == 0) {
        return;
    }
    forget_targets(relay, host_index);
    for (size_t i = 0; i < count && i < RELAY_SESSION_ADDRS_PER_HOST_MAX; i++) {
        add_host(relay, host_index, &addrs[i], url->hosts[host_index].port);
    }
    if (!relay->open) {
        relay->dial_at = mono_before(now, relay->closed_until) ? relay->closed_until : now;
    }
}

static struct relay_session_dial *free_dial(struct relay_session *relay, struct link_hub *hub,
                                            struct mono now)
{
    struct relay_session_dial *oldest = NULL;

    for (size_t i = 0; i < RELAY_SESSION_DIALS_MAX; i++) {
        struct relay_session_dial *dial = &relay->dials[i];

        if (!dial->used) {
            return dial;
        }
        if (oldest == NULL || mono_before(dial->started_at, oldest->started_at)) {
            oldest = dial;
        }
    }
    if (mono_ms_between(oldest->started_at, now) < RELAY_SESSION_DIAL_MS) {
        return NULL;
    }
    oldest->used = false;
    link_hub_close(hub, oldest->handle, 0, "taking too long", now);
    return oldest;
}

static uint64_t round_pause_ms(const struct relay_session *relay, const struct env *env)
{
    uint64_t base = RELAY_SESSION_RETRY_MS_NEAR;

    if (relay->rounds < 3) {
        base = (uint64_t)RELAY_SESSION_RETRY_MS_MIN << relay->rounds;
    }
    if (relay->rounds > RELAY_SESSION_RETRY_NEAR_ROUNDS) {
        base = RELAY_SESSION_RETRY_MS_MAX;
    }
    return base + env_random_below(env, (uint32_t)(base / 4));
}

void relay_session_expire(struct relay_session *relay, const struct url *url, struct link_hub *hub,
                          const struct env *env, struct mono now)
{
    static const struct endpoint any = {0};
    struct relay_session_dial *dial;
    enum link_want want = url->kind == URL_KIND_ZIGLAN ? LINK_WANT_ZIGLAN : LINK_WANT_RELAY;

    if ((relay->open && !relay->stalled) || !mono_due(relay->dial_at, now)) {
        return;
    }
    if (relay->targets_count == 0) {
        relay->dial_at = MONO_NEVER; /* relay_session_resolved sets it */
        return;
    }
    dial = free_dial(relay, hub, now);
    if (dial == NULL) {
        relay->dial_at = mono_add_ms(now, RELAY_SESSION_STAGGER_MS);
        return;
    }
    if (relay->target_next >= relay->targets_count) {
        relay->target_next = 0;
    }
    size_t host = relay->target_hosts[relay->target_next];
    dial->remote = relay->targets[relay->target_next++];
    dial->started_at = now;
    dial->used = link_hub_dial(hub, &dial->handle, &any, &dial->remote,
                               url->hosts[host].numeric ? NULL : url->hosts[host].name, want,
                               url->key, now) == ERR_OK;
    if (relay->target_next < relay->targets_count) {
        relay->dial_at = mono_add_ms(now, RELAY_SESSION_STAGGER_MS);
        return;
    }
    relay->dial_at = mono_add_ms(now, RELAY_SESSION_STAGGER_MS + round_pause_ms(relay, env));
    relay->rounds++;
}

struct mono relay_session_deadline(const struct relay_session *relay)
{
    struct mono at = relay->dial_at;

    if (relay->open && !relay->stalled) {
        return MONO_NEVER;
    }
    for (size_t i = 0; i < URL_HOSTS_MAX; i++) {
        at = mono_min(at, relay->resolve_at[i]);
    }
    return at;
}

bool relay_session_owns(const struct relay_session *relay, struct handle handle)
{
    if (relay->open && handle_equal(relay->active, handle)) {
        return true;
    }
    for (size_t i = 0; i < RELAY_SESSION_DIALS_MAX; i++) {
        if (relay->dials[i].used && handle_equal(relay->dials[i].handle, handle)) {
            return true;
        }
    }
    return false;
}

static void close_dials(struct relay_session *relay, const struct handle *except,
                        struct link_hub *hub, struct mono now)
{
    for (size_t i = 0; i < RELAY_SESSION_DIALS_MAX; i++) {
        struct relay_session_dial *dial = &relay->dials[i];

        if (dial->used && (except == NULL || !handle_equal(dial->handle, *except))) {
            link_hub_close(hub, dial->handle, 0, "another address was faster", now);
        }
        dial->used = false;
    }
}

void relay_session_on_open(struct relay_session *relay, const struct link_event *event,
                           struct link_hub *hub, struct mono now)
{
    close_dials(relay, &event->handle, hub, now);
    if (relay->open && !handle_equal(relay->active, event->handle)) {
        link_hub_close(hub, relay->active, 0, "replaced by a newer session", now);
    }
    relay->open = true;
    relay->stalled = false;
    relay->active = event->handle;
    relay->remote = event->remote;
    relay->observed = event->peer->observed;
    memcpy(relay->relay_key, event->peer->key, KEY_SIZE);
    relay->rounds = 0;
    relay->target_next = 0;
    relay->dial_at = MONO_NEVER;
    relay->last_reason = LINK_REASON_NONE;
}

void relay_session_on_stalled(struct relay_session *relay, struct handle handle, struct mono now)
{
    if (relay->open && handle_equal(relay->active, handle) && !relay->stalled) {
        relay->stalled = true;
        relay->dial_at = now;
        relay->target_next = 0;
    }
}

bool relay_session_on_closed(struct relay_session *relay, const struct link_event *event,
                             const struct env *env, struct mono now)
{
    for (size_t i = 0; i < RELAY_SESSION_DIALS_MAX; i++) {
        if (relay->dials[i].used && handle_equal(relay->dials[i].handle, event->handle)) {
            relay->dials[i].used = false;
            relay->last_reason = event->reason;
        }
    }
    if (!relay->open || !handle_equal(relay->active, event->handle)) {
        return false;
    }
    relay->open = false;
    relay->stalled = false;
    relay->last_reason = event->reason;
    relay->target_next = 0;
    /* A little jitter, so that a restarted relay does not meet all its hosts in one instant. */
    relay->dial_at = mono_add_ms(now, env_random_below(env, RELAY_SESSION_RETRY_MS_MIN));
    return true;
}

void relay_session_close(struct relay_session *relay, struct link_hub *hub, uint64_t wait_ms,
                         struct mono now)
{
    close_dials(relay, NULL, hub, now);
    if (relay->open) {
        link_hub_close(hub, relay->active, 0, "going away", now);
    }
    relay->open = false;
    relay->stalled = false;
    relay->target_next = 0;
    relay->closed_until = mono_add_ms(now, wait_ms);
    relay->dial_at = relay->closed_until;
}
