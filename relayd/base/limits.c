/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The token buckets, the counts of prefixes, and the marks behind the limits. */
#include "relayd/base/limits.h"

#include "proto/base/bytes.h"

#include <string.h>

static const struct bucket_rate control_rate = {.per_s = CONTROL_PER_S, .burst = CONTROL_BURST};
static const struct bucket_rate neighbour_control_rate = {.per_s = NEIGHBOUR_CONTROL_PER_S,
                                                          .burst = NEIGHBOUR_CONTROL_BURST};
static const struct bucket_rate locate_rate = {.per_s = LOCATE_PER_S, .burst = LOCATE_BURST};

/* The first bytes of an address, the rest zeroed. Whoever owns one address of an IPv6 /56 owns all
 * of them, so such a prefix counts as one. */
static void address_prefix(uint8_t out[16], const struct endpoint *e, size_t v4_bytes,
                           size_t v6_bytes)
{
    size_t keep = endpoint_is_v4(e) ? 12 + v4_bytes : v6_bytes;

    memset(out, 0, 16);
    memcpy(out, e->ip, keep);
}

/* What limits count by: whoever owns an address, and the network around it. */
static void address_key(uint8_t out[16], const struct endpoint *e)
{
    address_prefix(out, e, 4, 7);
}

static void net_key(uint8_t out[16], const struct endpoint *e)
{
    address_prefix(out, e, 3, 6);
}

uint64_t limits_address_number(const struct endpoint *remote)
{
    uint8_t address[16];

    address_key(address, remote);
    return be64_read(address) ^ be64_read(address + 8); /* one of the two is the same for all */
}

/* The tables of strangers' bytes, and of what those of one network may ask for. */
static int stranger_tables_new(struct limits *limits, const struct env *env)
{
    static const struct bucket_rate key = {
        .per_s = STRANGER_BYTES_PER_S,
        .burst = (uint64_t)STRANGER_BYTES_PER_S * STRANGER_BURST_S,
    };
    static const struct bucket_rate day = {
        .per_s = STRANGER_BYTES_PER_DAY / (24 * 3600),
        .burst = STRANGER_BYTES_PER_DAY,
    };
    static const struct bucket_rate address = {
        .per_s = (uint64_t)STRANGER_BYTES_PER_S * STRANGER_ADDRESS_SHARES,
        .burst = (uint64_t)STRANGER_BYTES_PER_S * STRANGER_ADDRESS_SHARES * STRANGER_BURST_S,
    };
    static const struct bucket_rate questions = {.per_s = LOCATE_NET_PER_S,
                                                 .burst = LOCATE_NET_BURST};
    static const struct bucket_rate joins = {.per_s = JOIN_NET_PER_S, .burst = JOIN_NET_BURST};
    static const struct bucket_rate opens = {.per_s = 1, .burst = OPEN_NET_BURST};
    int rc =
        bucket_table_new(&limits->stranger_rate_by_key, KEY_SIZE, STRANGER_KEYS_MAX, &key, env);

    if (rc == ERR_OK) {
        rc = bucket_table_new(&limits->stranger_day_by_key, KEY_SIZE, STRANGER_KEYS_MAX, &day, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&limits->stranger_rate_by_address, 16, STRANGER_KEYS_MAX, &address,
                              env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&limits->questions_by_net, 16, LOCATE_NETS_MAX, &questions, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&limits->joins_by_net, 16, LOCATE_NETS_MAX, &joins, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&limits->opens_by_net, 16, LOCATE_NETS_MAX, &opens, env);
    }
    return rc;
}

int limits_init(struct limits *limits, const struct relay_config *cfg,
                struct relay_counters *counters, const struct env *env)
{
    static const struct bucket_rate broadcast = {.per_s = 1, .burst = BROADCAST_BURST};
    static const struct bucket_rate http = {.per_s = HTTP_PER_S, .burst = HTTP_BURST};
    int rc;

    *limits = (struct limits){.counters = counters};
    /* One more: who finds the relay full is counted, too, until it is sent away. */
    rc = map_new(&limits->strangers_by_address, 16, cfg->session_max + 1, env);
    if (rc == ERR_OK) {
        rc = map_new(&limits->strangers_by_net, 16, cfg->session_max + 1, env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&limits->neighbours_by_net, 16, cfg->session_max, env);
    }
    if (rc == ERR_OK) {
        rc = stun_limit_new(&limits->stun, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&limits->http_addresses, 16, HTTP_ADDRESSES_MAX, &http, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&limits->broadcast_by_key, KEY_SIZE, BROADCAST_KEYS_MAX, &broadcast,
                              env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&limits->moves_by_key, KEY_SIZE, BROADCAST_KEYS_MAX, &broadcast, env);
    }
    if (rc == ERR_OK) {
        rc = stranger_tables_new(limits, env);
    }
    if (rc == ERR_OK) {
        limits_stun_set(limits, cfg);
    }
    return rc;
}

void limits_fini(struct limits *limits)
{
    map_free(limits->strangers_by_address);
    map_free(limits->strangers_by_net);
    map_free(limits->neighbours_by_net);
    bucket_table_free(limits->stranger_rate_by_key);
    bucket_table_free(limits->stranger_day_by_key);
    bucket_table_free(limits->stranger_rate_by_address);
    bucket_table_free(limits->broadcast_by_key);
    bucket_table_free(limits->moves_by_key);
    stun_limit_free(limits->stun);
    bucket_table_free(limits->http_addresses);
    bucket_table_free(limits->questions_by_net);
    bucket_table_free(limits->joins_by_net);
    bucket_table_free(limits->opens_by_net);
}

void limits_stun_set(struct limits *limits, const struct relay_config *cfg)
{
    stun_limit_set(limits->stun, cfg->stun_per_addr_per_s, cfg->stun_per_s);
}

bool limits_stun_take(struct limits *limits, const struct endpoint *from, struct mono now)
{
    enum stun_verdict verdict = stun_limit_take(limits->stun, from, now);

    limits->counters->stun_limited_address += verdict == STUN_VERDICT_SOURCE ? 1 : 0;
    limits->counters->stun_limited_all += verdict == STUN_VERDICT_ALL ? 1 : 0;
    return verdict == STUN_VERDICT_OK;
}

bool limits_http_take(struct limits *limits, const struct endpoint *from, struct mono now)
{
    uint8_t prefix[16];

    address_key(prefix, from);
    if (!bucket_table_take(limits->http_addresses, prefix, 1, now)) {
        limits->counters->http_limited++;
        return false;
    }
    return true;
}

/* Count one more stranger of a prefix, or one less. False, and nothing changed, if one more would
 * exceed the cap. */
static bool prefix_count(struct map *map, const uint8_t prefix[16], bool enter, uint64_t cap)
{
    uint64_t count = 0;

    (void)map_find(map, prefix, &count);
    if (enter) {
        return count < cap && map_put(map, prefix, count + 1) == ERR_OK;
    }
    if (count <= 1) {
        (void)map_remove(map, prefix, NULL);
        return true;
    }
    return map_put(map, prefix, count - 1) == ERR_OK; /* an existing key needs no memory */
}

enum limits_verdict limits_stranger_enter(struct limits *limits, struct client_limits *client,
                                          const struct endpoint *remote)
{
    uint8_t address[16];
    uint8_t net[16];

    address_key(address, remote);
    net_key(net, remote);
    if (!prefix_count(limits->strangers_by_address, address, true, STRANGERS_PER_ADDRESS)) {
        return LIMITS_ADDRESS;
    }
    if (!prefix_count(limits->strangers_by_net, net, true, STRANGERS_PER_NET)) {
        (void)prefix_count(limits->strangers_by_address, address, false, 0);
        return LIMITS_NET;
    }
    client->counted = true;
    client->counted_as = *remote; /* it may move before it leaves */
    return LIMITS_OK;
}

void limits_stranger_leave(struct limits *limits, struct client_limits *client)
{
    uint8_t address[16];
    uint8_t net[16];

    if (!client->counted) {
        return;
    }
    client->counted = false;
    address_key(address, &client->counted_as);
    net_key(net, &client->counted_as);
    (void)prefix_count(limits->strangers_by_address, address, false, 0);
    (void)prefix_count(limits->strangers_by_net, net, false, 0);
}

void limits_neighbour_leave(struct limits *limits, struct client_limits *client)
{
    uint8_t net[16];

    if (client->counted_neighbour) {
        client->counted_neighbour = false;
        net_key(net, &client->counted_as);
        (void)prefix_count(limits->neighbours_by_net, net, false, 0);
    }
}

bool limits_neighbour_enter(struct limits *limits, struct client_limits *client,
                            struct client_limits *former, const struct endpoint *remote)
{
    bool again = former != NULL && former->counted_neighbour;
    uint8_t net[16];

    if (again) {
        limits_neighbour_leave(limits, former);
    }
    net_key(net, remote);
    if (!prefix_count(limits->neighbours_by_net, net, true, NEIGHBOURS_PER_NET)) {
        if (again) { /* that session stays, and so does its place */
            (void)limits_neighbour_enter(limits, former, NULL, &former->counted_as);
        }
        return false;
    }
    client->counted_neighbour = true;
    client->counted_as = *remote;
    return true;
}

void limits_client_init(struct client_limits *client, struct mono now)
{
    bucket_init(&client->control_bucket, &control_rate, now);
    bucket_init(&client->locate_bucket, &locate_rate, now);
}

bool limits_control_take(struct client_limits *client, bool relay, struct mono now)
{
    return bucket_take(&client->control_bucket, relay ? &neighbour_control_rate : &control_rate, 1,
                       now);
}

enum limits_verdict limits_forward_take(struct limits *limits, const uint8_t key[KEY_SIZE],
                                        const struct endpoint *remote, size_t size, struct mono now)
{
    uint8_t address[16];

    address_key(address, remote);
    if (!bucket_table_take(limits->stranger_rate_by_key, key, size, now)) {
        limits->counters->drop_rate++;
        return LIMITS_RATE;
    }
    if (!bucket_table_take(limits->stranger_rate_by_address, address, size, now)) {
        limits->counters->drop_rate_address++;
        return LIMITS_RATE;
    }
    if (!bucket_table_take(limits->stranger_day_by_key, key, size, now)) {
        limits->counters->drop_day++;
        return LIMITS_DAY;
    }
    return LIMITS_OK;
}

bool limits_question_take(struct limits *limits, struct client_limits *client,
                          const struct endpoint *stranger_at, struct mono now)
{
    uint8_t net[16];

    if (!bucket_take(&client->locate_bucket, &locate_rate, 1, now)) {
        return false;
    }
    if (stranger_at == NULL) {
        return true;
    }
    net_key(net, stranger_at);
    return bucket_table_take(limits->questions_by_net, net, 1, now);
}

bool limits_join_take(struct limits *limits, const struct endpoint *stranger_at, struct mono now)
{
    uint8_t net[16];

    net_key(net, stranger_at);
    return bucket_table_take(limits->joins_by_net, net, 1, now);
}

bool limits_open_take(struct limits *limits, const struct endpoint *stranger_at, struct mono now)
{
    uint8_t net[16];

    net_key(net, stranger_at);
    return bucket_table_take(limits->opens_by_net, net, OPEN_COST, now);
}

bool limits_broadcast_take(struct limits *limits, const uint8_t key[KEY_SIZE], struct mono now)
{
    return bucket_table_take(limits->broadcast_by_key, key, BROADCAST_COST, now);
}

bool limits_move_take(struct limits *limits, const uint8_t key[KEY_SIZE], struct mono now)
{
    return bucket_table_take(limits->moves_by_key, key, BROADCAST_COST, now);
}

bool limits_refusal_take(struct client_limits *client, struct mono now)
{
    if (client->refused_once && !mono_due(mono_add_ms(client->refused_at, REFUSAL_EVERY_MS), now)) {
        return false;
    }
    client->refused_once = true;
    client->refused_at = now;
    return true;
}

bool limits_gone_take(struct client_limits *client, const uint8_t dst[KEY_SIZE], struct mono now)
{
    struct gone_mark *free_mark = NULL;

    for (size_t i = 0; i < GONE_MARKS; i++) {
        struct gone_mark *mark = &client->gone[i];
        bool fresh = mark->used && !mono_due(mono_add_ms(mark->at, GONE_EVERY_MS), now);
        if (fresh && memcmp(mark->dst, dst, KEY_SIZE) == 0) {
            return false;
        }
        if (!fresh && free_mark == NULL) {
            free_mark = mark;
        }
    }
    if (free_mark == NULL) {
        return false; /* all marks are younger than GONE_EVERY_MS: enough for this session */
    }
    free_mark->used = true;
    memcpy(free_mark->dst, dst, KEY_SIZE);
    free_mark->at = now;
    return true;
}
