/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every number that protects a volunteer: rates, quotas, caps. */
#include "relayd/core/core_internal.h"

#include <string.h>

static const struct bucket_rate control_rate = {.per_s = CONTROL_PER_S, .burst = CONTROL_BURST};
static const struct bucket_rate forward_rate = {
    .per_s = STRANGER_BYTES_PER_S, .burst = (uint64_t)STRANGER_BYTES_PER_S * STRANGER_BURST_S};

/* The address with its last bits zeroed: whoever owns one address of an IPv6 /56 owns all. */
static void address_prefix(uint8_t out[16], const struct endpoint *e, size_t v4_bytes,
                           size_t v6_bytes)
{
    size_t keep = endpoint_is_v4(e) ? 12 + v4_bytes : v6_bytes;

    memset(out, 0, 16);
    memcpy(out, e->ip, keep);
}

void limits_stun_set(struct relay_core *core, struct mono now)
{
    const struct bucket_rate rate = {.per_s = core->cfg.stun_per_addr_per_s,
                                     .burst = core->cfg.stun_per_addr_per_s};

    core->stun_rate =
        (struct bucket_rate){.per_s = core->cfg.stun_per_s, .burst = core->cfg.stun_per_s};
    bucket_init(&core->stun_bucket, &core->stun_rate, now);
    if (core->stun_addresses != NULL) {
        bucket_table_set_rate(core->stun_addresses, &rate);
    }
}

bool limits_stun_take(struct relay_core *core, const struct endpoint *from, struct mono now)
{
    uint8_t prefix[16];

    address_prefix(prefix, from, 4, 7);
    if (!bucket_table_take(core->stun_addresses, prefix, 1, now)) {
        core->counters.stun_limited_address++;
        return false;
    }
    /* After the address, so that one flooding address cannot use up what all share. */
    if (!bucket_take(&core->stun_bucket, &core->stun_rate, 1, now)) {
        core->counters.stun_limited_all++;
        return false;
    }
    return true;
}

bool limits_http_take(struct relay_core *core, const struct endpoint *from, struct mono now)
{
    uint8_t prefix[16];

    address_prefix(prefix, from, 4, 7);
    if (!bucket_table_take(core->http_addresses, prefix, 1, now)) {
        core->counters.http_limited++;
        return false;
    }
    return true;
}

/* Add delta to the count of a prefix; false if it would exceed the cap. */
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

bool limits_stranger_enter(struct relay_core *core, struct relay_client *client)
{
    uint8_t address[16];
    uint8_t net[16];

    address_prefix(address, &client->remote, 4, 7);
    address_prefix(net, &client->remote, 3, 6);
    if (!prefix_count(core->strangers_by_address, address, true, STRANGERS_PER_ADDRESS)) {
        return false;
    }
    if (!prefix_count(core->strangers_by_net, net, true, STRANGERS_PER_NET)) {
        (void)prefix_count(core->strangers_by_address, address, false, 0);
        return false;
    }
    client->counted = true;
    client->counted_as = client->remote; /* it may move before it leaves */
    return true;
}

void limits_stranger_leave(struct relay_core *core, struct relay_client *client)
{
    uint8_t address[16];
    uint8_t net[16];

    if (!client->counted) {
        return;
    }
    client->counted = false;
    address_prefix(address, &client->counted_as, 4, 7);
    address_prefix(net, &client->counted_as, 3, 6);
    (void)prefix_count(core->strangers_by_address, address, false, 0);
    (void)prefix_count(core->strangers_by_net, net, false, 0);
}

void limits_session_init(struct relay_client *client, struct mono now)
{
    bucket_init(&client->control_bucket, &control_rate, now);
    bucket_init(&client->forward_bucket, &forward_rate, now);
}

bool limits_control_take(struct relay_client *client, struct mono now)
{
    return bucket_take(&client->control_bucket, &control_rate, 1, now);
}

bool limits_forward_take(struct relay_client *client, size_t size, struct mono now)
{
    return bucket_take(&client->forward_bucket, &forward_rate, size, now);
}

bool limits_broadcast_take(struct relay_core *core, const uint8_t key[KEY_SIZE], struct mono now)
{
    return bucket_table_take(core->broadcast_by_key, key, BROADCAST_COST, now);
}

bool limits_gone_take(struct relay_client *client, const uint8_t dst[KEY_SIZE], struct mono now)
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
        return false; /* all marks are younger than a second: enough for this session */
    }
    free_mark->used = true;
    memcpy(free_mark->dst, dst, KEY_SIZE);
    free_mark->at = now;
    return true;
}
