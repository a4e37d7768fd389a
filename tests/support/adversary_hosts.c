/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attacks by hosts, and with streams. */
#include "tests/support/adversary_hosts.h"

#include "proto/wire/capsule.h"
#include "tests/support/parts.h"

/* ---- hosts ---- */

void attack_join(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const uint8_t invite[INVITE_SIZE] = {(uint8_t)n, (uint8_t)(n >> 8)};
    struct record_member record = {
        .header = {.sequence = adversary_wall_ms(adversary) + n,
                   .created_ms = adversary_wall_ms(adversary),
                   .lifetime_s = 30 * 24 * 3600},
        .wanted_name = "mallory",
    };
    struct part part = part_sign(&attacker->identity, record);
    Ziglan__Join body = ZIGLAN__JOIN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.invite = control_bytes(invite, sizeof(invite));
    body.wanted_name = record.wanted_name;
    body.member_part = control_bytes(part.bytes, part.size);
    message.body_case = ZIGLAN__CONTROL__BODY_JOIN;
    message.join = &body;
    net_host_send(attacker, &message);
}

void attack_node_lookup(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    Ziglan__NodeLookup body = ZIGLAN__NODE_LOOKUP__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)adversary;
    (void)n;
    body.count = NODES_MAX;
    message.body_case = ZIGLAN__CONTROL__BODY_NODE_LOOKUP;
    message.node_lookup = &body;
    net_host_send(attacker, &message);
}

/* ---- streams ---- */

void attack_oversized(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    static const uint8_t body[1000];
    uint8_t head[CAPSULE_HEADER_SIZE_MAX];

    (void)adversary;
    (void)n;
    net_host_send_raw(attacker, head,
                      capsule_header(head, CONTROL_CAPSULE_TYPE, CONTROL_SIZE_MAX + 1), body,
                      sizeof(body));
}

void attack_slow(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    uint8_t head[CAPSULE_HEADER_SIZE_MAX];
    size_t head_size = n < adversary->attackers_count
                           ? capsule_header(head, CONTROL_CAPSULE_TYPE, CONTROL_SIZE_MAX)
                           : 0;

    net_host_send_raw(attacker, head, head_size, head, 1);
}
