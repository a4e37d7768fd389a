/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay core: dispatch by first byte, timers, life and death. */
#include "relayd/core/core.h"

#include "relayd/core/core_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The secret of stateless resets must be the same after a restart, and no second file is needed
 * for it: an Ed25519 signature is deterministic, and this one is never shown to anybody. */
static void reset_secret_derive(uint8_t out[32], const struct identity *identity)
{
    uint8_t signature[SIGNATURE_SIZE];

    identity_sign(identity, "relayd reset secret 1", NULL, 0, signature);
    memcpy(out, signature, 32);
    memset(signature, 0, sizeof(signature));
}

/* Take over what may change while running. */
static void config_take(struct relay_core *core, const struct relay_config *cfg, struct mono now)
{
    (void)snprintf(core->name, sizeof(core->name), "%s",
                   cfg->ziglan_name != NULL ? cfg->ziglan_name : "ziglan");
    (void)snprintf(core->public_hosts, sizeof(core->public_hosts), "%s",
                   cfg->public_hosts != NULL ? cfg->public_hosts : "");
    core->cfg.ziglan_name = core->name;
    core->cfg.public_hosts = core->public_hosts;
    core->cfg.session_max = cfg->session_max != 0 ? cfg->session_max : SESSION_MAX_DEFAULT;
    core->cfg.watch_max = cfg->watch_max != 0 ? cfg->watch_max : WATCH_MAX_DEFAULT;
    core->cfg.stun_per_addr_per_s = cfg->stun_per_addr_per_s != 0 ? cfg->stun_per_addr_per_s : 10;
    core->cfg.stun_per_s = cfg->stun_per_s != 0 ? cfg->stun_per_s : 20000;
    core->cfg.open_relay = cfg->open_relay;
    limits_stun_set(core, now);
}

static int parts_new(struct relay_core *core, const struct env *env)
{
    const struct bucket_rate rate = {.per_s = core->cfg.stun_per_addr_per_s,
                                     .burst = core->cfg.stun_per_addr_per_s};
    static const struct bucket_rate news = {.per_s = 1, .burst = BROADCAST_BURST};
    static const struct bucket_rate http = {.per_s = HTTP_PER_S, .burst = HTTP_BURST};
    int rc = session_index_new(&core->index, core->cfg.session_max, env);

    if (rc == ERR_OK) {
        rc = punch_new(&core->punch, &core->env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&core->strangers_by_address, 16, core->cfg.session_max, env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&core->strangers_by_net, 16, core->cfg.session_max, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&core->stun_addresses, 16, STUN_ADDRESSES_MAX, &rate, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&core->http_addresses, 16, HTTP_ADDRESSES_MAX, &http, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&core->broadcast_by_key, KEY_SIZE, BROADCAST_KEYS_MAX, &news, env);
    }
    if (rc == ERR_OK) {
        rc = outbox_init(&core->stun_out, (size_t)STUN_QUEUE_MAX * 96, STUN_QUEUE_MAX);
    }
    return rc;
}

static int hub_new(struct relay_core *core, struct mono now)
{
    struct link_config link = {
        .identity = core->cfg.identity,
        .server = true,
        .hello = core->hello,
        .connection_max = core->session_capacity + LINK_HALF_OPEN_MAX,
        .ledger = core->cfg.ledger,
        .ledger_capacity = core->cfg.ledger_capacity,
    };
    int rc;

    reset_secret_derive(link.reset_secret, core->cfg.identity);
    rc = link_hub_new(&core->hub, &link, &core->env, now);
    memset(link.reset_secret, 0, sizeof(link.reset_secret));
    return rc;
}

int relay_core_new(struct relay_core **out, const struct relay_config *cfg, struct store *store,
                   const struct env *env, struct mono now)
{
    struct relay_core *core = calloc(1, sizeof(*core));
    int rc;

    if (core == NULL) {
        return ERR_NOMEM;
    }
    core->env = *env;
    core->cfg = *cfg;
    core->store = store;
    core->store_ok = true;
    core->started_at = now;
    core->changes_at = MONO_NEVER;
    core->housekeeping_at = mono_add_ms(now, HOUSEKEEPING_MS);
    wall_watch_init(&core->wall);
    (void)wall_watch_note(&core->wall, env_wall_ms(env), now);
    TAILQ_INIT(&core->strangers);
    TAILQ_INIT(&core->closing);
    TAILQ_INIT(&core->watchers);
    config_take(core, cfg, now);
    core->session_capacity = core->cfg.session_max;
    rc = parts_new(core, env);
    if (rc == ERR_OK) {
        rc = ziglan_init(core);
    }
    if (rc == ERR_OK) {
        rc = hub_new(core, now);
    }
    if (rc != ERR_OK) {
        relay_core_free(core);
        return rc;
    }
    bucket_init(&core->stun_bucket, &core->stun_rate, now);
    *out = core;
    return ERR_OK;
}

void relay_core_free(struct relay_core *core)
{
    if (core == NULL) {
        return;
    }
    for (uint32_t i = 0; i < core->by_index_capacity; i++) {
        free(core->by_index[i]);
    }
    free(core->by_index);
    link_hub_free(core->hub);
    directory_free(core->directory);
    punch_free(core->punch);
    session_index_free(core->index);
    map_free(core->strangers_by_address);
    map_free(core->strangers_by_net);
    bucket_table_free(core->broadcast_by_key);
    bucket_table_free(core->stun_addresses);
    bucket_table_free(core->http_addresses);
    outbox_fini(&core->stun_out);
    free(core);
}

static void event_handle(struct relay_core *core, const struct link_event *event, struct mono now)
{
    switch (event->type) {
    case LINK_EVENT_OPEN:
        relay_client_on_open(core, event, now);
        break;
    case LINK_EVENT_CONTROL:
        control_on_message(core, event, now);
        break;
    case LINK_EVENT_DATAGRAM:
        forward_on_datagram(core, event, now);
        break;
    case LINK_EVENT_REQUEST:
        http_on_request(core, event, now);
        break;
    case LINK_EVENT_MOVED:
        relay_client_on_moved(core, event, now);
        break;
    case LINK_EVENT_STALLED: /* only dialled connections stall, and a relay dials none */
        break;
    case LINK_EVENT_CLOSED:
        relay_client_on_closed(core, event, now);
        break;
    }
}

static void events_drain(struct relay_core *core, struct mono now)
{
    struct link_event event;

    while (link_hub_event(core->hub, &event)) {
        event_handle(core, &event, now);
    }
}

void relay_core_receive(struct relay_core *core, const struct dgram *in, struct mono now)
{
    uint8_t first;

    core->counters.received_dgrams++;
    core->counters.received_bytes += in->size;
    if (in->size == 0) {
        core->counters.drop_first_byte++;
        return;
    }
    first = in->data[0];
    if ((first & FRAME_QUIC_BIT) != 0) {
        link_hub_receive(core->hub, in, now);
        events_drain(core, now);
    } else if (first <= FRAME_STUN_LAST) {
        stun_on_datagram(core, in, now);
    } else if (first >= FRAME_HOST_FIRST && first <= FRAME_HOST_LAST) {
        core->counters.drop_host_frame++; /* hosts talk to each other, never to a relay's port */
    } else if (first >= FRAME_LANE_FIRST && first <= FRAME_LANE_LAST) {
        core->counters.drop_lane_frame++;
    } else {
        core->counters.drop_first_byte++;
    }
}

/* A clock that was set may have made our delegation worthless, or a worthless one good. */
static void wall_note(struct relay_core *core, struct mono now)
{
    int64_t step_ms = wall_watch_note(&core->wall, env_wall_ms(&core->env), now);

    if (step_ms == 0) {
        return;
    }
    core->counters.clock_steps++;
    env_trace(&core->env, TRACE_LEVEL_WARN, "clock.set",
              "by_s=%lld hint=\"what this relay signs is believed while its clock is right within "
              "10 minutes; see timedatectl\"",
              (long long)(step_ms / 1000));
    core->housekeeping_at = now;
}

void relay_core_expire(struct relay_core *core, struct mono now)
{
    wall_note(core, now);
    link_hub_expire(core->hub, now);
    events_drain(core, now);
    joins_flush(core, now);
    punch_expire(core->punch, now);
    punch_flush(core);
    relay_client_expire(core, now);
    events_drain(core, now);
    watch_expire(core, now);
    if (mono_due(core->housekeeping_at, now)) {
        core->housekeeping_at = mono_add_ms(now, HOUSEKEEPING_MS);
        relay_client_expire_admissions(core, now);
        ziglan_housekeeping(core, now);
    }
}

void relay_core_transmit(struct relay_core *core, struct outbox *out, struct mono now)
{
    for (size_t i = 0; i < core->stun_out.items_count; i++) {
        const struct outbox_item *item = &core->stun_out.items[i];
        outbox_put(out, &item->local, &item->remote, core->stun_out.bytes + item->offset,
                   item->size);
    }
    outbox_clear(&core->stun_out);
    joins_flush(core, now);
    link_hub_transmit(core->hub, out, now);
    events_drain(core, now);
}

struct mono relay_core_deadline(const struct relay_core *core)
{
    struct mono at = link_hub_deadline(core->hub);

    if (core->stun_out.items_count > 0 || core->joins_count > 0) {
        return (struct mono){0};
    }
    at = mono_min(at, relay_client_deadline(core));
    at = mono_min(at, core->changes_at);
    at = mono_min(at, punch_deadline(core->punch));
    return mono_min(at, core->housekeeping_at);
}

void relay_core_shutdown(struct relay_core *core, uint32_t reconnect_in_ms, struct mono now)
{
    core->stopping = true;
    joins_flush(core, now);
    for (uint32_t i = 0; i < core->by_index_capacity; i++) {
        struct relay_client *client = core->by_index[i];
        if (client != NULL && client->state != RELAY_CLIENT_STATE_CLOSING) {
            relay_client_send_away(core, client, GOAWAY_SHUTDOWN, reconnect_in_ms, now);
        }
    }
    env_trace(&core->env, TRACE_LEVEL_INFO, "relay.shutdown", "sessions=%u",
              (unsigned)core->session_count);
}

bool relay_core_stopped(const struct relay_core *core)
{
    return core->stopping && core->session_count == 0;
}

void relay_core_reload(struct relay_core *core, const struct relay_config *cfg, struct mono now)
{
    if (cfg->delegation != NULL) {
        ziglan_delegation_renew(core, cfg->delegation, cfg->delegation_size);
    }
    config_take(core, cfg, now);
    if (core->cfg.session_max > core->session_capacity) {
        core->cfg.session_max = core->session_capacity;
    }
}

void relay_core_snapshot(const struct relay_core *core, struct relay_snapshot *out, struct mono now)
{
    *out = (struct relay_snapshot){
        .counters = core->counters,
        .link = *link_hub_stats(core->hub),
        .punch = *punch_stats(core->punch),
        .sessions = (uint32_t)session_index_count(core->index),
        .strangers = core->stranger_count,
        .watchers = core->watcher_count,
        .members = core->directory != NULL ? directory_member_count(core->directory) : 0,
        .uptime_ms = mono_ms_between(core->started_at, now),
        .store_ok = core->store_ok,
    };
}
