/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dialling a relay until it answers, and keeping the one connection that is used. */
#include "client/stun2/relay_session.h"

#include "proto/base/bytes.h"

#include <string.h>

static const struct endpoint any = {0};

/* A bucket gets whole tokens per second, so a session takes RELAY_SESSION_OPEN_EVERY_S of them. */
static const struct bucket_rate opens_rate = {
    .per_s = 1, .burst = RELAY_SESSION_OPENS_BURST * RELAY_SESSION_OPEN_EVERY_S};

/* The first target that is not the one that answered last. */
static size_t first_of_hosts(const struct relay_targets *targets)
{
    return endpoint_is_none(&targets->good) ? 0 : 1;
}

static void insert(struct relay_targets *targets, size_t at, size_t host,
                   const struct endpoint *target)
{
    size_t behind = targets->count - at;

    memmove(&targets->list[at + 1], &targets->list[at], behind * sizeof(targets->list[0]));
    memmove(&targets->hosts[at + 1], &targets->hosts[at], behind * sizeof(targets->hosts[0]));
    targets->list[at] = *target;
    targets->hosts[at] = u8_of(host);
    targets->count++;
}

/* Behind the others of the same host, so that hosts stay in the order of the URL. */
static void add_target(struct relay_targets *targets, size_t host, const struct endpoint *addr,
                       uint16_t port)
{
    struct endpoint target = *addr;
    size_t at = targets->count;

    target.port = port;
    for (size_t i = 0; i < targets->count; i++) {
        if (endpoint_equal(&targets->list[i], &target)) {
            if (targets->hosts[i] == RELAY_SESSION_NO_HOST) {
                targets->hosts[i] = u8_of(host);
            }
            return;
        }
    }
    while (at > first_of_hosts(targets) && targets->hosts[at - 1] > host) {
        at--;
    }
    if (targets->count < RELAY_SESSION_TARGETS_MAX) {
        insert(targets, at, host, &target);
    }
}

static void remove_target(struct relay_targets *targets, size_t at)
{
    size_t behind = --targets->count - at;

    memmove(&targets->list[at], &targets->list[at + 1], behind * sizeof(targets->list[0]));
    memmove(&targets->hosts[at], &targets->hosts[at + 1], behind * sizeof(targets->hosts[0]));
}

/* Otherwise the former addresses of a relay that moves would fill the list one day. The one that
 * answered last stays. */
static void forget_targets(struct relay_targets *targets, size_t host)
{
    for (size_t i = targets->count; i-- > 0;) {
        if (targets->hosts[i] == host && i < first_of_hosts(targets)) {
            targets->hosts[i] = RELAY_SESSION_NO_HOST;
        } else if (targets->hosts[i] == host) {
            remove_target(targets, i);
        }
    }
}

void relay_session_know(struct relay_session *relay, const struct endpoint *good)
{
    struct relay_targets *targets = &relay->targets;
    size_t host = RELAY_SESSION_NO_HOST;

    if (endpoint_equal(&targets->good, good)) {
        return;
    }
    if (first_of_hosts(targets) == 1 && targets->hosts[0] == RELAY_SESSION_NO_HOST) {
        remove_target(targets, 0); /* the former one, which no host names any more */
    }
    for (size_t i = targets->count; i-- > 0;) {
        if (endpoint_equal(&targets->list[i], good)) {
            host = targets->hosts[i];
            remove_target(targets, i);
        }
    }
    targets->good = *good;
    if (targets->count == RELAY_SESSION_TARGETS_MAX) {
        targets->count--;
    }
    insert(targets, 0, host, good);
}

/* The addresses of a host, two at a time with each port that is dialled. */
static void add_host(struct relay_session *relay, size_t host, const struct endpoint *addrs,
                     size_t count)
{
    uint16_t port = relay->url.hosts[host].port;

    for (size_t i = 0; i < count; i += 2) {
        size_t end = i + 2 < count ? i + 2 : count;

        for (size_t k = i; k < end; k++) {
            add_target(&relay->targets, host, &addrs[k],
                       port != 0 ? port : RELAY_SESSION_PORT_FIRST);
        }
        for (size_t k = i; port == 0 && k < end; k++) {
            add_target(&relay->targets, host, &addrs[k], RELAY_SESSION_PORT_SECOND);
        }
    }
}

/* Let the families take turns, beginning with that of the first address: dead addresses of one
 * family, however many, must not hide the good one of the other (RFC 8305). Returns how many there
 * are in out. */
static size_t take_turns(struct endpoint out[RELAY_SESSION_ADDRS_PER_HOST_MAX],
                         const struct endpoint *addrs, size_t count)
{
    bool v4 = endpoint_is_v4(&addrs[0]);
    size_t next[2] = {0, 0}; /* the next one of IPv6, of IPv4 */
    size_t used = 0;

    while (used < RELAY_SESSION_ADDRS_PER_HOST_MAX && (next[0] < count || next[1] < count)) {
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

static void connection_gone(struct relay_session *relay)
{
    relay->open = false;
    relay->stalled = false;
    relay->serves = false;
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

/* Numeric hosts are targets at once, names when they are resolved. */
static void targets_of_url(struct relay_session *relay, struct mono now)
{
    for (size_t i = 0; i < URL_HOSTS_MAX; i++) {
        relay->targets.resolve_at[i] = MONO_NEVER;
    }
    for (size_t i = 0; i < relay->url.hosts_count; i++) {
        struct endpoint addr;

        if (relay->url.hosts[i].numeric && endpoint_parse_ip(&addr, relay->url.hosts[i].name, 1)) {
            add_host(relay, i, &addr, 1);
        } else {
            relay->targets.resolve_at[i] = now;
        }
    }
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
    relay->targets = (struct relay_targets){0};
    relay->rounds = 0;
    relay->observed = (struct endpoint){0};
    memset(relay->relay_key, 0, sizeof(relay->relay_key));
    targets_of_url(relay, now);
}

void relay_session_rehost(struct relay_session *relay, const struct url *url, struct mono now)
{
    struct endpoint good = relay->targets.good;

    memcpy(relay->url.hosts, url->hosts, sizeof(relay->url.hosts));
    relay->url.hosts_count = url->hosts_count;
    relay->targets = (struct relay_targets){0};
    targets_of_url(relay, now);
    if (!endpoint_is_none(&good)) {
        relay_session_know(relay, &good);
    }
}

/* True if these are the addresses that the host has already: a round through them goes on. */
static bool same_addresses(const struct relay_session *relay, size_t host,
                           const struct endpoint *addrs, size_t count)
{
    const struct relay_targets *targets = &relay->targets;
    uint16_t port = relay->url.hosts[host].port;
    size_t known = 0;
    size_t found = 0;

    for (size_t i = 0; i < targets->count; i++) {
        known += targets->hosts[i] == host;
        for (size_t k = 0; k < count && targets->hosts[i] == host; k++) {
            found += endpoint_same_ip(&targets->list[i], &addrs[k]);
        }
    }
    return known == found && found == count * (port == 0 ? 2 : 1);
}

/* New addresses are not left for the next round. */
static void dial_host_next(struct relay_targets *targets, size_t host)
{
    for (size_t i = first_of_hosts(targets); i < targets->next; i++) {
        if (targets->hosts[i] == host) {
            targets->next = i;
        }
    }
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
    struct endpoint turns[RELAY_SESSION_ADDRS_PER_HOST_MAX];

    count = take_turns(turns, addrs, count);
    if (!same_addresses(relay, host_index, turns, count)) {
        forget_targets(&relay->targets, host_index);
        add_host(relay, host_index, turns, count);
        dial_host_next(&relay->targets, host_index);
    }
    if (!relay->open) {
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

/* The DNS name of a target, for TLS; NULL if it has none. */
static const char *target_name(const struct relay_session *relay, size_t target)
{
    size_t host = relay->targets.hosts[target];

    return host == RELAY_SESSION_NO_HOST || relay->url.hosts[host].numeric
               ? NULL
               : relay->url.hosts[host].name;
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
        .server_name = target_name(relay, targets->next),
        .want = want,
        .key = relay->url.key,
        .roles = LINK_ROLE_HOST,
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
    }
    relay->remote = event->remote;
    relay_session_know(relay, &event->remote);
    relay->observed = event->peer->observed;
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

    relay_log_go_away(&relay->log, go_away->reason, wait_ms, now);
    relay_session_close(relay, wait_ms, now);
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
