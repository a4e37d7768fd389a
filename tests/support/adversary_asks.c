/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attacks with what relays ask for each other and for strangers. */
#include "tests/support/adversary_asks.h"

#include "proto/wire/lend.h"
#include "proto/wire/stun.h"
#include "tests/support/identities.h"

/* ---- look-ups, searches, measurements ---- */

void attack_locate(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const uint8_t key[KEY_SIZE] = {(uint8_t)n, (uint8_t)(n >> 8), 1};
    Ziglan__Locate body = ZIGLAN__LOCATE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)adversary;
    body.key = control_bytes(key, KEY_SIZE);
    message.body_case = ZIGLAN__CONTROL__BODY_LOCATE;
    message.locate = &body;
    net_host_send(attacker, &message);
}

/* origin is NULL in a search of the attacker's own. */
static void find_send(struct net_host *attacker, const uint8_t *origin, uint64_t query)
{
    char *apps[] = {control_text("chat")};
    Ziglan__Find body = ZIGLAN__FIND__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.apps = apps;
    body.n_apps = 1;
    body.count = 24;
    if (origin != NULL) {
        body.origin = control_bytes(origin, KEY_SIZE);
        body.query = query;
        body.hops = 4;
    }
    message.body_case = ZIGLAN__CONTROL__BODY_FIND;
    message.find = &body;
    net_host_send(attacker, &message);
}

void attack_find(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    (void)adversary;
    find_send(attacker, attacker->identity.public_key, n + 1);
}

void attack_host_find(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    (void)adversary;
    (void)n;
    find_send(attacker, NULL, 0);
}

void attack_reach_job(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const uint8_t ip[4] = {30, (uint8_t)(n >> 8), (uint8_t)n, 1};
    const struct endpoint at = endpoint_v4(ip, 4433);
    const struct identity one = node_of(1000 + n);
    Ziglan__Address address = ZIGLAN__ADDRESS__INIT;
    Ziglan__ReachJob body = ZIGLAN__REACH_JOB__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)adversary;
    address.ip = control_ip(&at);
    address.port = at.port;
    body.id = n + 1;
    body.subject = control_bytes(one.public_key, KEY_SIZE);
    body.address = &address;
    message.body_case = ZIGLAN__CONTROL__BODY_REACH_JOB;
    message.reach_job = &body;
    net_host_send(attacker, &message);
}

/* ---- what stock STUN clients and hosts that measure their NAT make relays send ---- */

static const uint8_t stranger_ip[4] = {192, 0, 2, 66};

void attack_lend_job(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const struct endpoint stranger = endpoint_v4(stranger_ip, 53);
    static const uint8_t transaction[STUN_ID_SIZE] = {9};
    Ziglan__LendJob body = ZIGLAN__LEND_JOB__INIT;
    Ziglan__Address address = ZIGLAN__ADDRESS__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)adversary;
    address.ip = control_ip(&stranger);
    address.port = stranger.port;
    body.id = n + 1;
    body.target = &address;
    body.transaction = control_bytes(transaction, sizeof(transaction));
    body.from_port = n % 2 == 0 ? 0 : 4433;
    message.body_case = ZIGLAN__CONTROL__BODY_LEND_JOB;
    message.lend_job = &body;
    net_host_send(attacker, &message);
}

static void request_send(struct adversary *adversary, const struct endpoint *from,
                         const uint8_t *packet, size_t size)
{
    struct relay_net *net = adversary->town.net;

    wire_send(&net->wire, from, &net->nodes[0].address, packet, size, net->now);
}

void attack_forged_change(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const uint8_t packet[] = {0,          1,        0, 8, 0x21, 0x12, 0xa4, 0x42, (uint8_t)(n >> 8),
                              (uint8_t)n, [20] = 0, 3, 0, 4,    0,    0,    0,    6};
    const struct endpoint stranger = endpoint_v4(stranger_ip, 53);

    (void)attacker;
    request_send(adversary, &stranger, packet, sizeof(packet));
}

void attack_forged_network(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const uint8_t packet[] = {0,          1,        0, 8, 0x21, 0x12, 0xa4, 0x42, (uint8_t)(n >> 8),
                              (uint8_t)n, [20] = 0, 3, 0, 4,    0,    0,    0,    6};
    uint8_t ip[4] = {192, 0, 2, (uint8_t)(1 + n % 250)};
    const struct endpoint stranger = endpoint_v4(ip, 53);

    (void)attacker;
    request_send(adversary, &stranger, packet, sizeof(packet));
}

void attack_report(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const uint8_t id[STUN_ID_SIZE] = {1, (uint8_t)(n >> 8), (uint8_t)n};
    const uint8_t cookie[LEND_COOKIE_SIZE] = {7, (uint8_t)n};
    const struct endpoint stranger = endpoint_v4(stranger_ip, (uint16_t)(1024 + n % 60000));
    uint8_t value[LEND_REQUEST_SIZE], packet[LEND_REQUEST_SIZE + STUN_REQUEST_SIZE + 4];

    (void)attacker;
    lend_request_encode(value, cookie);
    request_send(adversary, &stranger, packet, stun_lend_request(packet, id, value, sizeof(value)));
}
