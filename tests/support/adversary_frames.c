/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attacks with frames and punches. */
#include "tests/support/adversary_frames.h"

#include "proto/base/bytes.h"
#include "proto/crypto/frame_word.h"
#include "proto/wire/relayed.h"
#include "tests/support/identities.h"
#include "tests/support/parts.h"

#include <string.h>

enum { ATTACKER_FRAME = 500 };

static void relayed_send(struct adversary *adversary, struct net_host *attacker,
                         const struct identity *src, const struct part *attachment,
                         const uint8_t *passed, size_t passed_count)
{
    uint8_t head[RELAYED_HEAD_SIZE_MAX], frame[ATTACKER_FRAME] = {FRAME_TYPE_DATA};
    size_t head_size = 0;
    const struct relayed relayed = {
        .hops = 1,
        .dst = adversary->town.a_key,
        .src = src->public_key,
        .passed = passed,
        .passed_count = passed_count,
        .attachment = attachment != NULL ? attachment->bytes : NULL,
        .attachment_size = attachment != NULL ? attachment->size : 0,
        .frame = frame,
        .frame_size = sizeof(frame),
    };

    CHECK(relayed_head_encode(head, &head_size, &relayed) == ERR_OK);
    net_host_datagram(attacker, head, head_size, frame, sizeof(frame));
}

void attack_forged_source(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const struct identity one = node_of(1000 + n);

    relayed_send(adversary, attacker, &one, NULL, attacker->identity.public_key, 1);
}

void attack_forged_source_attached(struct adversary *adversary, struct net_host *attacker,
                                   uint32_t n)
{
    const struct identity one = node_of(1000 + n);
    struct part part = attachment_of(adversary_wall_ms(adversary), &one,
                                     attacker->identity.public_key, 9, ADVERSARY_HOUR_MS);

    part.bytes[part.size - 1] ^= 1;
    relayed_send(adversary, attacker, &one, &part, attacker->identity.public_key, 1);
}

void attack_flooding_source(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const struct identity one = node_of(1000);
    struct part part = attachment_of(adversary_wall_ms(adversary), &one,
                                     attacker->identity.public_key, 9, ADVERSARY_HOUR_MS);

    for (int i = 0; i < 16; i++) {
        relayed_send(adversary, attacker, &one, n % 100 == 0 ? &part : NULL,
                     attacker->identity.public_key, 1);
    }
}

void attack_loop(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const struct identity one = node_of(1000 + n % 10);
    uint8_t passed[2 * KEY_SIZE];

    memcpy(passed, relay_net_key(adversary->town.net, 0), KEY_SIZE);
    memcpy(passed + KEY_SIZE, attacker->identity.public_key, KEY_SIZE);
    relayed_send(adversary, attacker, &one, NULL, passed, 2);
}

/* A word to the victim in the name of the relay that all believe in, made by `maker`. */
static void word_send(struct adversary *adversary, const struct identity *maker, uint64_t number)
{
    struct relay_net *net = adversary->town.net;
    const struct relay_node *known = &net->nodes[ADVERSARY_KNOWN];
    const struct identity src = node_of(1000);
    struct part part = attachment_of(adversary_wall_ms(adversary), &src, known->identity.public_key,
                                     9, ADVERSARY_HOUR_MS);
    uint8_t body[RELAYED_HEAD_SIZE_MAX + ATTACKER_FRAME], frame[ATTACKER_FRAME] = {FRAME_TYPE_DATA};
    uint8_t bytes[FRAME_WORD_SIZE_MAX], secret[KEY_SIZE] = {1};
    struct word word = {.number = number};
    const struct relayed relayed = {
        .dst = adversary->town.a_key,
        .src = src.public_key,
        .passed = known->identity.public_key,
        .passed_count = 1,
        .attachment = part.bytes,
        .attachment_size = part.size,
        .frame = frame,
        .frame_size = sizeof(frame),
    };
    size_t size = 0;

    CHECK(relayed_head_encode(body, &size, &relayed) == ERR_OK);
    memcpy(body + size, frame, sizeof(frame));
    size = frame_word_seal(bytes, &word, maker, relay_net_key(net, 0), secret, body,
                           size + sizeof(frame));
    memcpy(bytes + WORD_HEADER_SIZE, known->identity.public_key, KEY_SIZE);
    wire_send(&net->wire, &known->address, &net->nodes[0].address, bytes, size, net->now);
}

void attack_forged_word(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    word_send(adversary, &attacker->identity, adversary_wall_ms(adversary) + n % 1000);
}

void attack_replayed_word(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    (void)attacker;
    if (n == 0) {
        adversary->word_number = adversary_wall_ms(adversary);
    }
    word_send(adversary, &adversary->town.net->nodes[ADVERSARY_KNOWN].identity,
              adversary->word_number);
}

void attack_flooding_word(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    (void)attacker;
    word_send(adversary, &adversary->town.net->nodes[ADVERSARY_KNOWN].identity,
              adversary_wall_ms(adversary) + n % 10);
}

void attack_punch(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    static const uint8_t token[PUNCH_TOKEN_SIZE] = {1};
    const struct identity one = node_of(1000 + n);
    struct part part = attachment_of(adversary_wall_ms(adversary), &one,
                                     attacker->identity.public_key, 9, ADVERSARY_HOUR_MS);
    Ziglan__Address observed = ZIGLAN__ADDRESS__INIT;
    Ziglan__PunchRequest request = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__PunchRelayed body = ZIGLAN__PUNCH_RELAYED__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    observed.ip = control_ip(&attacker->address);
    observed.port = attacker->address.port;
    request.target = control_bytes(adversary->town.a_key, KEY_SIZE);
    request.token = control_bytes(token, sizeof(token));
    request.has_session = true;
    body.src = control_bytes(one.public_key, KEY_SIZE);
    body.dst = request.target;
    body.observed = &observed;
    body.attachment = control_bytes(part.bytes, part.size);
    body.message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_REQUEST;
    body.request = &request;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RELAYED;
    message.punch_relayed = &body;
    net_host_send(attacker, &message);
}

void attack_lane(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    static const uint8_t secret[LANE_SECRET_SIZE] = {1};
    const struct identity one = node_of(1000 + n % 100);
    struct part part = attachment_of(adversary_wall_ms(adversary), &one,
                                     attacker->identity.public_key, 9, ADVERSARY_HOUR_MS);
    Ziglan__LaneRelayed body = ZIGLAN__LANE_RELAYED__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.src = control_bytes(one.public_key, KEY_SIZE);
    body.dst = control_bytes(adversary->town.a_key, KEY_SIZE);
    body.label = n + 1;
    body.secret = control_bytes(secret, sizeof(secret));
    body.attachment = control_bytes(part.bytes, part.size);
    message.body_case = ZIGLAN__CONTROL__BODY_LANE_RELAYED;
    message.lane_relayed = &body;
    net_host_send(attacker, &message);
}
