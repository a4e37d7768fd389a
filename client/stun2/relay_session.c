/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/stun2/relay_session.h"

#include "proto/base/bytes.h"

#include <string.h>

static bool same(struct link_handle a, struct link_handle b)
{
    return a.index == b.index && a.generation == b.generation;
}

static void add_target(struct entry *entry, size_t host, const struct endpoint *addr,
                       uint16_t port)
{
    struct endpoint target = *addr;

    target.port = port;
    for (size_t i = 0; i < entry->targets_count; i++) {
        if (endpoint_equal(&entry->targets[i], &target)) {
            return;
        }
    }
    if (entry->targets_count < ENTRY_TARGETS_MAX) {
        entry->target_hosts[entry->targets_count] = u8_of(host);
        entry->targets[entry->targets_count++] = target;
    }
}

/* Or the addresses that a moving relay had would fill the list one day. */
static void forget_targets(struct entry *entry, size_t host)
{
    size_t kept = 0;

    for (size_t i = 0; i < entry->targets_count; i++) {
        if (entry->target_hosts[i] != host) {
            entry->target_hosts[kept] = entry->target_hosts[i];
            entry->targets[kept++] = entry->targets[i];
        }
    }
    entry->targets_count = kept;
}

static void add_host(struct entry *entry, size_t host, const struct endpoint *addr, uint16_t port)
{
    if (port != 0) {
        add_target(entry, host, addr, port);
        return;
    }
    add_target(entry, host, addr, ENTRY_PORT_FIRST);
    add_target(entry, host, addr, ENTRY_PORT_SECOND);
}

void entry_init(struct entry *entry, const struct url *url, struct mono now)
{
    *entry = (struct entry){.dial_at = now, .closed_until = now};
    for (size_t i = 0; i < URL_HOSTS_MAX; i++) {
        entry->resolve_at[i] = MONO_NEVER;
    }
    for (size_t i = 0; i < url->hosts_count; i++) {
        struct endpoint addr;

        if (url->hosts[i].numeric && endpoint_parse(&addr, url->hosts[i].name, 1)) {
            add_host(entry, i, &addr, url->hosts[i].port);
        } else {
            entry->resolve_at[i] = now;
        }
    }
}

int entry_resolve_wanted(struct entry *entry, const struct url *url, struct mono now)
{
    if (entry->open && !entry->stalled) {
        return -1;
    }
    for (size_t i = 0; i < url->hosts_count; i++) {
        if (mono_due(entry->resolve_at[i], now)) {
            entry->resolve_at[i] = mono_add_ms(now, 2 * ENTRY_RESOLVE_RETRY_MS);
            return (int)i;
        }
    }
    return -1;
}

void entry_resolved(struct entry *entry, const struct url *url, size_t host_index,
                    const struct endpoint *addrs, size_t count, struct mono now)
{
    if (host_index >= url->hosts_count) {
        return;
    }
    entry->resolve_at[host_index] =
        mono_add_ms(now, count == 0 ? ENTRY_RESOLVE_RETRY_MS : 12 * ENTRY_RESOLVE_RETRY_MS);
    if (count == 0) {
        return;
    }
    forget_targets(entry, host_index);
    for (size_t i = 0; i < count && i < ENTRY_ADDRS_PER_HOST_MAX; i++) {
        add_host(entry, host_index, &addrs[i], url->hosts[host_index].port);
    }
    if (!entry->open) {
        entry->dial_at = mono_before(now, entry->closed_until) ? entry->closed_until : now;
    }
}

static struct entry_dial *free_dial(struct entry *entry, struct link_hub *hub, struct mono now)
{
    struct entry_dial *oldest = NULL;

    for (size_t i = 0; i < ENTRY_DIALS_MAX; i++) {
        struct entry_dial *dial = &entry->dials[i];

        if (!dial->used) {
            return dial;
        }
        if (oldest == NULL || mono_before(dial->started_at, oldest->started_at)) {
            oldest = dial;
        }
    }
    if (mono_ms_between(oldest->started_at, now) < ENTRY_DIAL_MS) {
        return NULL;
    }
    oldest->used = false;
    link_hub_close(hub, oldest->handle, 0, "taking too long", now);
    return oldest;
}

static uint64_t round_pause_ms(const struct entry *entry, const struct env *env)
{
    uint64_t base = ENTRY_RETRY_MS_NEAR;

    if (entry->rounds < 3) {
        base = (uint64_t)ENTRY_RETRY_MS_MIN << entry->rounds;
    }
    if (entry->rounds > ENTRY_RETRY_NEAR_ROUNDS) {
        base = ENTRY_RETRY_MS_MAX;
    }
    return base + env_random_below(env, (uint32_t)(base / 4));
}

void entry_expire(struct entry *entry, const struct url *url, struct link_hub *hub,
                  const struct env *env, struct mono now)
{
    static const struct endpoint any = {0};
    struct entry_dial *dial;
    enum link_want want = url->kind == URL_KIND_ZIGLAN ? LINK_WANT_ZIGLAN : LINK_WANT_RELAY;

    if ((entry->open && !entry->stalled) || !mono_due(entry->dial_at, now)) {
        return;
    }
    if (entry->targets_count == 0) {
        entry->dial_at = MONO_NEVER; /* entry_resolved sets it */
        return;
    }
    dial = free_dial(entry, hub, now);
    if (dial == NULL) {
        entry->dial_at = mono_add_ms(now, ENTRY_STAGGER_MS);
        return;
    }
    if (entry->target_next >= entry->targets_count) {
        entry->target_next = 0;
    }
    size_t host = entry->target_hosts[entry->target_next];
    dial->remote = entry->targets[entry->target_next++];
    dial->started_at = now;
    dial->used = link_hub_dial(hub, &dial->handle, &any, &dial->remote,
                               url->hosts[host].numeric ? NULL : url->hosts[host].name, want,
                               url->key, now) == ERR_OK;
    if (entry->target_next < entry->targets_count) {
        entry->dial_at = mono_add_ms(now, ENTRY_STAGGER_MS);
        return;
    }
    entry->dial_at = mono_add_ms(now, ENTRY_STAGGER_MS + round_pause_ms(entry, env));
    entry->rounds++;
}

struct mono entry_deadline(const struct entry *entry)
{
    struct mono at = entry->dial_at;

    if (entry->open && !entry->stalled) {
        return MONO_NEVER;
    }
    for (size_t i = 0; i < URL_HOSTS_MAX; i++) {
        at = mono_min(at, entry->resolve_at[i]);
    }
    return at;
}

bool entry_owns(const struct entry *entry, struct link_handle handle)
{
    if (entry->open && same(entry->active, handle)) {
        return true;
    }
    for (size_t i = 0; i < ENTRY_DIALS_MAX; i++) {
        if (entry->dials[i].used && same(entry->dials[i].handle, handle)) {
            return true;
        }
    }
    return false;
}

static void close_dials(struct entry *entry, const struct link_handle *except,
                        struct link_hub *hub, struct mono now)
{
    for (size_t i = 0; i < ENTRY_DIALS_MAX; i++) {
        struct entry_dial *dial = &entry->dials[i];

        if (dial->used && (except == NULL || !same(dial->handle, *except))) {
            link_hub_close(hub, dial->handle, 0, "another address was faster", now);
        }
        dial->used = false;
    }
}

void entry_on_open(struct entry *entry, const struct link_event *event, struct link_hub *hub,
                   struct mono now)
{
    close_dials(entry, &event->handle, hub, now);
    if (entry->open && !same(entry->active, event->handle)) {
        link_hub_close(hub, entry->active, 0, "replaced by a newer session", now);
    }
    entry->open = true;
    entry->stalled = false;
    entry->active = event->handle;
    entry->remote = event->remote;
    entry->observed = event->observed;
    memcpy(entry->relay_key, event->peer_key, KEY_SIZE);
    entry->rounds = 0;
    entry->target_next = 0;
    entry->dial_at = MONO_NEVER;
    entry->last_reason = LINK_REASON_NONE;
}

void entry_on_stalled(struct entry *entry, struct link_handle handle, struct mono now)
{
    if (entry->open && same(entry->active, handle) && !entry->stalled) {
        entry->stalled = true;
        entry->dial_at = now;
        entry->target_next = 0;
    }
}

bool entry_on_closed(struct entry *entry, const struct link_event *event, const struct env *env,
                     struct mono now)
{
    for (size_t i = 0; i < ENTRY_DIALS_MAX; i++) {
        if (entry->dials[i].used && same(entry->dials[i].handle, event->handle)) {
            entry->dials[i].used = false;
            entry->last_reason = event->reason;
        }
    }
    if (!entry->open || !same(entry->active, event->handle)) {
        return false;
    }
    entry->open = false;
    entry->stalled = false;
    entry->last_reason = event->reason;
    entry->target_next = 0;
    /* A little jitter, so that a restarted relay does not meet all its hosts in one instant. */
    entry->dial_at = mono_add_ms(now, env_random_below(env, ENTRY_RETRY_MS_MIN));
    return true;
}

void entry_close(struct entry *entry, struct link_hub *hub, uint64_t wait_ms, struct mono now)
{
    close_dials(entry, NULL, hub, now);
    if (entry->open) {
        link_hub_close(hub, entry->active, 0, "going away", now);
    }
    entry->open = false;
    entry->stalled = false;
    entry->target_next = 0;
    entry->closed_until = mono_add_ms(now, wait_ms);
    entry->dial_at = entry->closed_until;
}
