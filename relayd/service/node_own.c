/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two places for the record: the link borrows one while the next is signed. */
#include "relayd/service/node_own.h"

#include "proto/crypto/signed.h"

#include <stdio.h>
#include <string.h>

enum { RETRY_MS = 60000 };

/* A sequence that is larger than any former one, also if the clock was set back. */
static uint64_t sequence_next(const struct node_own *own)
{
    uint64_t wall_ms = env_wall_ms(&own->base->env), last = mesh_own_sequence(own->mesh);

    return wall_ms > last ? wall_ms : last + 1;
}

static void rewards_take(struct record_node *record, const struct link_hello *hello)
{
    for (size_t i = 0; i < hello->rewards_count && i < RECORD_REWARDS_MAX; i++) {
        struct record_reward *reward = &record->rewards[i];

        (void)snprintf(reward->chain, sizeof(reward->chain), "%s", hello->rewards[i].chain);
        (void)snprintf(reward->address, sizeof(reward->address), "%s", hello->rewards[i].address);
        (void)snprintf(reward->identity, sizeof(reward->identity), "%s",
                       hello->rewards[i].identity);
        record->rewards_count = i + 1;
    }
}

static void apps_take(struct record_node *record, const struct app_pool_config *pools)
{
    memcpy(record->apps, pools->apps, sizeof(record->apps));
    record->apps_count = pools->apps_count;
}

/* Sign what the record is to say now; ERR_OK if it is in force. */
static int sign(struct node_own *own, struct mono now)
{
    struct record_node record = {
        .service = RECORD_NODE_SERVICE,
        .addresses_count = 1,
        .protocols =
            RECORD_PROTOCOL_QUIC_FLAG | RECORD_PROTOCOL_WORD_FLAG | RECORD_PROTOCOL_FRAME_WORD_FLAG,
        .nat_kind = own->nat_kind,
    };
    unsigned next = 1 - own->index;
    uint8_t plain[RECORD_SIZE_MAX];
    size_t size;
    int rc;

    memcpy(record.header.key, own->base->cfg.identity->public_key, KEY_SIZE);
    record.header.sequence = sequence_next(own);
    record.header.created_ms = env_wall_ms(&own->base->env);
    record.header.lifetime_s = RECORD_NODE_LIFETIME_S;
    record.addresses[0] = own->address;
    memcpy(record.spki_sha256, own->base->spki, sizeof(record.spki_sha256));
    apps_take(&record, &own->base->cfg.pools);
    rewards_take(&record, own->hello);
    rc = record_node_encode(plain, &size, &record);
    if (rc == ERR_OK) {
        rc = signed_make(own->records[next], sizeof(own->records[next]), &own->sizes[next],
                         own->base->cfg.identity, plain, size);
    }
    if (rc == ERR_OK) {
        rc = mesh_own_set(own->mesh, own->records[next], own->sizes[next], now);
    }
    if (rc == ERR_OK) {
        own->index = next;
    }
    return rc;
}

/* Let the Hello say what is in force. */
static void hello_set(struct node_own *own, bool any)
{
    own->hello->node_record = any ? own->records[own->index] : NULL;
    own->hello->node_record_size = any ? own->sizes[own->index] : 0;
    link_hub_set_hello(own->base->hub, own->hello);
}

static void renew(struct node_own *own, struct mono now)
{
    int rc = sign(own, now);

    own->renew_at = mono_add_ms(now, rc == ERR_OK ? NODE_OWN_RENEW_MS : RETRY_MS);
    if (rc == ERR_OK) {
        hello_set(own, true);
    } else {
        env_trace(&own->base->env, TRACE_LEVEL_WARN, "node.unsigned", "why=%s", err_name(rc));
    }
}

void node_own_set(struct node_own *own, const struct endpoint *address, uint8_t nat_kind,
                  struct mono now)
{
    if (endpoint_equal(address, &own->address) && nat_kind == own->nat_kind) {
        return;
    }
    own->address = *address;
    own->nat_kind = nat_kind;
    if (!endpoint_is_none(address)) {
        renew(own, now);
        return;
    }
    own->renew_at = MONO_NEVER;
    hello_set(own, false);
    (void)!mesh_own_set(own->mesh, NULL, 0, now); /* to say nothing is never refused */
}

void node_own_changed(struct node_own *own, struct mono now)
{
    if (!endpoint_is_none(&own->address)) {
        own->renew_at = now;
    }
}

void node_own_expire(struct node_own *own, struct mono now)
{
    if (!endpoint_is_none(&own->address) && mono_due(own->renew_at, now)) {
        renew(own, now);
    }
}

struct mono node_own_deadline(const struct node_own *own)
{
    return endpoint_is_none(&own->address) ? MONO_NEVER : own->renew_at;
}
