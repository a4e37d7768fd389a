/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attacks with records of relays, and with attachments, which say where hosts are. */
#include "tests/support/adversary_records.h"

#include "proto/base/bytes.h"
#include "proto/crypto/signed.h"
#include "tests/support/identities.h"
#include "tests/support/parts.h"

#include <string.h>

/* ---- records of relays ---- */

static void record_send(struct net_host *attacker, const uint8_t *record, size_t size)
{
    Ziglan__NodeEntry entry = ZIGLAN__NODE_ENTRY__INIT, *entries[] = {&entry};
    Ziglan__Nodes nodes = ZIGLAN__NODES__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    entry.record = control_bytes(record, size);
    nodes.entries = entries;
    nodes.n_entries = 1;
    message.body_case = ZIGLAN__CONTROL__BODY_NODES;
    message.nodes = &nodes;
    net_host_send(attacker, &message);
}

/* A record of relay n of the whole world, as made at this time. */
static struct part record_make(const struct identity *identity, uint32_t n, uint64_t created_ms)
{
    const uint8_t ip[4] = {30, (uint8_t)(n >> 8), (uint8_t)n, 1};
    struct record_node record = {
        .header = {.sequence = created_ms, .created_ms = created_ms, .lifetime_s = 3600},
        .service = RECORD_NODE_SERVICE,
        .addresses = {endpoint_v4(ip, 4433)},
        .addresses_count = 1,
        .protocols = RECORD_PROTOCOL_QUIC_FLAG,
    };
    struct part part;

    memcpy(record.header.key, identity->public_key, KEY_SIZE);
    CHECK(record_node_encode(part.bytes, &part.size, &record) == ERR_OK);
    CHECK(signed_make(part.bytes, sizeof(part.bytes), &part.size, identity, part.bytes,
                      part.size) == ERR_OK);
    return part;
}

void attack_forged_record(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct identity one = node_of(1000 + n);
    struct part part = record_make(&one, n, adversary_wall_ms(adversary));

    part.bytes[part.size - 1] ^= 1;
    record_send(attacker, part.bytes, part.size);
}

void attack_claimed_key(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct identity claimed = node_of(4711);

    memcpy(claimed.public_key, relay_net_key(adversary->town.net, ADVERSARY_KNOWN), KEY_SIZE);
    struct part part = record_make(&claimed, n, adversary_wall_ms(adversary) + 1 + n);
    record_send(attacker, part.bytes, part.size);
}

void attack_future_record(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct identity one = node_of(1000 + n);
    struct part part = record_make(&one, n, adversary_wall_ms(adversary) + ADVERSARY_HOUR_MS);

    record_send(attacker, part.bytes, part.size);
}

void attack_replayed_record(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct node_found found;

    (void)n;
    CHECK(mesh_find(adversary->victim->mesh.mesh,
                    relay_net_key(adversary->town.net, ADVERSARY_KNOWN), &found));
    record_send(attacker, found.record, found.record_size);
}

void attack_many_records(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct identity one = node_of(1000 + n);
    struct part part = record_make(&one, n, adversary_wall_ms(adversary));

    record_send(attacker, part.bytes, part.size);
}

/* ---- places of hosts ---- */

static void attachment_send(struct net_host *attacker, const struct part *part)
{
    Ziglan__Announce announce = ZIGLAN__ANNOUNCE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    announce.record = control_bytes(part->bytes, part->size);
    message.body_case = ZIGLAN__CONTROL__BODY_ANNOUNCE;
    message.announce = &announce;
    net_host_send(attacker, &message);
}

static struct part attachment_make(uint32_t n, uint64_t wall_ms, const uint8_t *relay)
{
    const struct identity host = node_of(100000 + n);

    return attachment_of(wall_ms, &host, relay, wall_ms, ADVERSARY_HOUR_MS);
}

void attack_forged_attachment(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct part part =
        attachment_make(n, adversary_wall_ms(adversary), attacker->identity.public_key);

    part.bytes[part.size - 1] ^= 1;
    attachment_send(attacker, &part);
}

void attack_future_attachment(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct part part = attachment_make(n, adversary_wall_ms(adversary) + ADVERSARY_HOUR_MS,
                                       attacker->identity.public_key);

    attachment_send(attacker, &part);
}

void attack_foreign_attachment(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct part part = attachment_make(n, adversary_wall_ms(adversary),
                                       relay_net_key(adversary->town.net, ADVERSARY_KNOWN));

    attachment_send(attacker, &part);
}

void attack_replayed_attachment(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const struct identity host = node_of(7);
    uint64_t wall_ms = adversary_wall_ms(adversary);
    struct part part = attachment_of(wall_ms, &host, attacker->identity.public_key,
                                     n == 0 ? wall_ms : wall_ms - n, ADVERSARY_HOUR_MS);

    attachment_send(attacker, &part);
}
