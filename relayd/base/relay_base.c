/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making and releasing what the services share, and taking over a configuration. */
#include "relayd/base/relay_base.h"

#include "relayd/base/relay_defaults.h"

#include <stdio.h>
#include <string.h>

/* Secrets that must be the same after a restart. They need no files of their own, which a full disk
 * or an old backup could lose: an Ed25519 signature is deterministic, and these are never shown to
 * anybody. */
static void secret_derive(uint8_t out[32], const struct identity *identity, const char *label)
{
    uint8_t signature[SIGNATURE_SIZE];

    identity_sign(identity, label, NULL, 0, signature);
    memcpy(out, signature, 32);
    explicit_bzero(signature, sizeof(signature));
}

static uint32_t value_or(uint32_t value, uint32_t fallback)
{
    return value != 0 ? value : fallback;
}

/* Copy the settings that may change while the relay runs; 0 becomes the default. */
static void config_take(struct relay_base *base, const struct relay_config *cfg)
{
    (void)snprintf(base->name, sizeof(base->name), "%s",
                   cfg->ziglan_name != NULL ? cfg->ziglan_name : "ziglan");
    (void)snprintf(base->public_hosts, sizeof(base->public_hosts), "%s",
                   cfg->public_hosts != NULL ? cfg->public_hosts : "");
    base->url_relays = cfg->peers != NULL ? *cfg->peers : (struct relay_peers){.count = 0};
    base->cfg.ziglan_name = base->name;
    base->cfg.public_hosts = base->public_hosts;
    base->cfg.session_max = value_or(cfg->session_max, RELAY_SESSION_MAX_DEFAULT);
    base->cfg.watch_max = value_or(cfg->watch_max, RELAY_WATCH_MAX_DEFAULT);
    base->cfg.stun_per_addr_per_s =
        value_or(cfg->stun_per_addr_per_s, RELAY_STUN_PER_ADDR_PER_S_DEFAULT);
    base->cfg.stun_per_s = value_or(cfg->stun_per_s, RELAY_STUN_PER_S_DEFAULT);
    base->cfg.stun_one_address = cfg->stun_one_address;
    base->cfg.open_relay = cfg->open_relay;
    base->cfg.allotment = cfg->allotment;
    base->cfg.lane_bytes_per_s = cfg->lane_bytes_per_s;
    base->cfg.pools = cfg->pools;
    base->cfg.pools.limit = value_or(cfg->pools.limit, RELAY_POOL_MAX_DEFAULT);
    base->cfg.rewards = cfg->rewards;
    for (size_t i = 0; i < base->cfg.rewards.count; i++) {
        const struct record_reward *reward = &base->cfg.rewards.list[i];

        base->rewards[i] = (struct link_reward){
            .chain = reward->chain, .address = reward->address, .identity = reward->identity};
    }
}

int relay_base_init(struct relay_base *base, const struct relay_config *cfg, struct store *store,
                    const struct env *env, struct mono now)
{
    const struct neighbour_ports ports = {.env = &base->env,
                                          .sessions = &base->sessions,
                                          .limits = &base->limits,
                                          .reply = &base->reply,
                                          .counters = &base->counters};
    int rc;

    base->env = *env;
    base->cfg = *cfg;
    base->started_at = now;
    traffic_hour_init(&base->traffic, now);
    base->reply.env = &base->env;
    base->reply.counters = &base->counters;
    store_health_init(&base->health, store, &base->counters, &base->env);
    config_take(base, cfg);
    base->session_capacity = base->cfg.session_max;
    allotment_init(&base->allotment, &base->cfg.allotment, env_wall_ms(env), now);
    rc = limits_init(&base->limits, &base->cfg, &base->counters, env);
    if (rc == ERR_OK) {
        rc = session_table_init(&base->sessions, base->session_capacity, &base->limits, env);
    }
    if (rc == ERR_OK) {
        rc = neighbour_table_init(&base->neighbours, &ports, cfg->identity->public_key);
    }
    if (rc == ERR_OK) {
        rc = block_table_new(&base->blocks, env);
    }
    return rc;
}

void relay_base_fini(struct relay_base *base)
{
    block_table_free(base->blocks);
    neighbour_table_fini(&base->neighbours);
    session_table_fini(&base->sessions);
    link_hub_free(base->hub);
    directory_free(base->directory);
    limits_fini(&base->limits);
}

int relay_base_directory_open(struct relay_base *base)
{
    struct directory_config config = {
        .store = base->health.store, .env = &base->env, .identity = base->cfg.identity};

    memcpy(config.ziglan_key, base->ziglan_key, KEY_SIZE);
    return directory_new(&base->directory, &config);
}

static uint32_t ledger_count(const struct relay_config *cfg)
{
    uint32_t count = 0;

    for (uint32_t i = 0; cfg->ledger != NULL && i < cfg->ledger_capacity; i++) {
        count += cfg->ledger[i].used == 1 ? 1 : 0;
    }
    return count;
}

int relay_base_link_open(struct relay_base *base, const struct link_hello *hello, struct mono now)
{
    struct link_config link = {
        .identity = base->cfg.identity,
        .server = true,
        .hello = *hello,
        .connection_max = base->session_capacity + LINK_HALF_OPEN_MAX +
                          NEIGHBOURS_MAX * (1 + NEIGHBOUR_ADDRESSES_MAX),
        .ledger = base->cfg.ledger,
        .ledger_capacity = base->cfg.ledger_capacity,
    };
    int rc;

    base->missed_count = ledger_count(&base->cfg); /* the hub empties it */
    secret_derive(link.reset_secret, base->cfg.identity, "relayd reset secret 1");
    secret_derive(link.tls_seed, base->cfg.identity, "relayd certificate key 1");
    rc = link_hub_new(&base->hub, &link, &base->env, now);
    explicit_bzero(&link, sizeof(link));
    base->reply.hub = base->hub;
    base->neighbours.hub = base->hub;
    if (rc == ERR_OK) {
        link_hub_spki(base->hub, base->spki);
    }
    return rc;
}

void relay_base_configure(struct relay_base *base, const struct relay_config *cfg, struct mono now)
{
    config_take(base, cfg);
    if (base->cfg.session_max > base->session_capacity) {
        base->cfg.session_max = base->session_capacity;
    }
    limits_stun_set(&base->limits, &base->cfg);
    allotment_set(&base->allotment, &base->cfg.allotment, env_wall_ms(&base->env), now);
}
