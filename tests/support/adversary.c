/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The world of an attack, and the attacks. */
#include "tests/support/adversary.h"

#include "proto/base/bytes.h"
#include "proto/crypto/frame_word.h"
#include "proto/crypto/signed.h"
#include "proto/wire/capsule.h"
#include "proto/wire/lend.h"
#include "proto/wire/relayed.h"
#include "proto/wire/stun.h"
#include "tests/support/identities.h"
#include "tests/support/parts.h"

#include <string.h>

enum {
    HOUR_MS = 3600 * 1000,
    NOON_HOURS = 12,
    KNOWN = 2,             /* a relay that all believe in, and whose address can be forged */
    FRIENDS_EVERY_MS = 20, /* each of the two sends a frame */
    FRIENDS_FRAME = 500,
    ATTACKER_FRAME = 500,
};

/* ---- the world ---- */

void adversary_init(struct adversary *adversary, const struct adversary_attack *attack)
{
    struct far_hosts *town = &adversary->town;
    struct relay_net *net = relay_net_new(ADVERSARY_RELAYS, 41);

    memset(adversary, 0, sizeof(*adversary));
    town->net = net;
    net->ports.wall_ms += (uint64_t)NOON_HOURS * HOUR_MS;
    for (size_t i = 0; i < ADVERSARY_RELAYS; i++) {
        net->nodes[i].cfg.open_relay = true;
    }
    relay_net_peers(net);
    relay_net_start(net);
    relay_net_run(net, 60000);
    net_host_init(&town->a, net, 1);
    net_host_init(&town->b, net, 2);
    net_host_attach(&town->a, 0, 7);
    net_host_attach(&town->b, ADVERSARY_RELAYS - 1, 7);
    net_host_dial(&town->a, 0);
    net_host_dial(&town->b, ADVERSARY_RELAYS - 1);
    town->a_key = town->a.identity.public_key;
    town->b_key = town->b.identity.public_key;
    town->a.friend_key = town->b_key;
    town->b.friend_key = town->a_key;
    adversary->victim = net->nodes[0].core;
    adversary->attackers_count = attack->attackers;
    for (uint8_t i = 0; i < attack->attackers; i++) {
        const uint8_t ip[4] = {203, 0, 113, (uint8_t)(i + 1)};
        const struct endpoint address = endpoint_v4(ip, 5000);

        net_host_init_at(&adversary->attackers[i], net, (uint8_t)(100 + i), &address);
        net_host_dial_begin(&adversary->attackers[i], 0,
                            attack->relays ? LINK_ROLE_RELAY : LINK_ROLE_HOST);
    }
    far_hosts_talk(town, 10);
}

void adversary_fini(struct adversary *adversary)
{
    for (size_t i = 0; i < adversary->attackers_count; i++) {
        net_host_fini(&adversary->attackers[i]);
    }
    far_hosts_fini(&adversary->town);
}

static void friends_talk(struct adversary *adversary)
{
    struct far_hosts *town = &adversary->town;

    net_host_frame(&town->a, town->b_key, 1, FRIENDS_FRAME);
    net_host_frame(&town->b, town->a_key, 2, FRIENDS_FRAME);
    adversary->friends_sent += 2;
}

/* Let the attackers send the messages of this millisecond. */
static uint32_t attack_step(struct adversary *adversary, const struct adversary_attack *attack,
                            uint32_t ms, uint32_t sent)
{
    uint32_t due = (uint32_t)((uint64_t)attack->per_s * (ms + 1) / 1000);

    for (; sent < due; sent++) {
        struct net_host *attacker = &adversary->attackers[sent % attack->attackers];

        if (!attacker->open && !attacker->dialling) {
            net_host_dial_begin(attacker, 0, attack->relays ? LINK_ROLE_RELAY : LINK_ROLE_HOST);
        } else if (attacker->open) {
            attack->send(adversary, attacker, sent);
        }
    }
    return sent;
}

void adversary_run(struct adversary *adversary, const struct adversary_attack *attack, bool calm,
                   uint32_t ms, struct adversary_result *result)
{
    struct far_hosts *town = &adversary->town;
    struct relay_net *net = town->net;
    uint64_t counted = attack->count(adversary->victim);
    uint64_t received = adversary->victim->base.counters.received_bytes;
    uint64_t sent_bytes = net->sent[0].bytes;
    size_t frames = town->a.friend_frames + town->b.friend_frames;
    uint32_t sent = 0;

    adversary->friends_sent = 0;
    for (uint32_t i = 0; i < ms; i++) {
        if (i % FRIENDS_EVERY_MS == 0) {
            friends_talk(adversary);
        }
        if (!calm) {
            sent = attack_step(adversary, attack, i, sent);
        }
        relay_net_run(net, 1);
    }
    relay_net_run(net, 1000);
    *result = (struct adversary_result){
        .messages = sent,
        .counted = attack->count(adversary->victim) - counted,
        .received_bytes = adversary->victim->base.counters.received_bytes - received,
        .sent_bytes = net->sent[0].bytes - sent_bytes,
        .friends_sent = adversary->friends_sent,
    };
    result->friends_lost =
        result->friends_sent - (town->a.friend_frames + town->b.friend_frames - frames);
}

static uint64_t wall_of(const struct adversary *adversary)
{
    return env_wall_ms(&adversary->town.net->ports.env);
}

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

static void forged_record(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct identity one = node_of(1000 + n);
    struct part part = record_make(&one, n, wall_of(adversary));

    part.bytes[part.size - 1] ^= 1;
    record_send(attacker, part.bytes, part.size);
}

/* The record of a relay that all believe in, but for its address: the attacker has not its key. */
static void claimed_key(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct identity claimed = node_of(4711);

    memcpy(claimed.public_key, relay_net_key(adversary->town.net, KNOWN), KEY_SIZE);
    struct part part = record_make(&claimed, n, wall_of(adversary) + 1 + n);
    record_send(attacker, part.bytes, part.size);
}

static void future_record(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct identity one = node_of(1000 + n);
    struct part part = record_make(&one, n, wall_of(adversary) + HOUR_MS);

    record_send(attacker, part.bytes, part.size);
}

static void replayed_record(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct node_found found;

    (void)n;
    CHECK(
        mesh_find(adversary->victim->mesh.mesh, relay_net_key(adversary->town.net, KNOWN), &found));
    record_send(attacker, found.record, found.record_size);
}

/* Genuine records of relays that are not there. */
static void many_records(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct identity one = node_of(1000 + n);
    struct part part = record_make(&one, n, wall_of(adversary));

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

    return attachment_of(wall_ms, &host, relay, wall_ms, HOUR_MS);
}

static void forged_attachment(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct part part = attachment_make(n, wall_of(adversary), attacker->identity.public_key);

    part.bytes[part.size - 1] ^= 1;
    attachment_send(attacker, &part);
}

static void future_attachment(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct part part =
        attachment_make(n, wall_of(adversary) + HOUR_MS, attacker->identity.public_key);

    attachment_send(attacker, &part);
}

static void foreign_attachment(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    struct part part =
        attachment_make(n, wall_of(adversary), relay_net_key(adversary->town.net, KNOWN));

    attachment_send(attacker, &part);
}

/* First a newer one, then older ones of the same host. */
static void replayed_attachment(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const struct identity host = node_of(7);
    uint64_t wall_ms = wall_of(adversary);
    struct part part = attachment_of(wall_ms, &host, attacker->identity.public_key,
                                     n == 0 ? wall_ms : wall_ms - n, HOUR_MS);

    attachment_send(attacker, &part);
}

static void locate(struct adversary *adversary, struct net_host *attacker, uint32_t n)
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

/* ---- searches, measurements ---- */

static void find(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    char *apps[] = {control_text("chat")};
    Ziglan__Find body = ZIGLAN__FIND__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)adversary;
    body.apps = apps;
    body.n_apps = 1;
    body.count = 24;
    body.origin = control_bytes(attacker->identity.public_key, KEY_SIZE);
    body.query = n + 1;
    body.hops = 4;
    message.body_case = ZIGLAN__CONTROL__BODY_FIND;
    message.find = &body;
    net_host_send(attacker, &message);
}

/* Measure a bystander, one at ever other addresses. */
static void reach_job(struct adversary *adversary, struct net_host *attacker, uint32_t n)
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

/* Send a stranger something, once knocks and once an answer. */
static void lend_job(struct adversary *adversary, struct net_host *attacker, uint32_t n)
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

/* A stock client's request (RFC 5780) in a stranger's name. */
static void forged_change(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const uint8_t packet[] = {0,          1,        0, 8, 0x21, 0x12, 0xa4, 0x42, (uint8_t)(n >> 8),
                              (uint8_t)n, [20] = 0, 3, 0, 4,    0,    0,    0,    6};
    const struct endpoint stranger = endpoint_v4(stranger_ip, 53);

    (void)attacker;
    request_send(adversary, &stranger, packet, sizeof(packet));
}

/* The same in the names of all addresses of its network. */
static void forged_network(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const uint8_t packet[] = {0,          1,        0, 8, 0x21, 0x12, 0xa4, 0x42, (uint8_t)(n >> 8),
                              (uint8_t)n, [20] = 0, 3, 0, 4,    0,    0,    0,    6};
    uint8_t ip[4] = {192, 0, 2, (uint8_t)(1 + n % 250)};
    const struct endpoint stranger = endpoint_v4(ip, 53);

    (void)attacker;
    request_send(adversary, &stranger, packet, sizeof(packet));
}

/* A host asks to be measured again and again, with a cookie that it made up. */
static void report(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const uint8_t id[STUN_ID_SIZE] = {1, (uint8_t)(n >> 8), (uint8_t)n};
    const uint8_t cookie[LEND_COOKIE_SIZE] = {7, (uint8_t)n};
    const struct endpoint stranger = endpoint_v4(stranger_ip, (uint16_t)(1024 + n % 60000));
    uint8_t value[LEND_REQUEST_SIZE], packet[LEND_REQUEST_SIZE + STUN_REQUEST_SIZE + 4];

    (void)attacker;
    lend_request_encode(value, cookie);
    request_send(adversary, &stranger, packet, stun_lend_request(packet, id, value, sizeof(value)));
}

/* ---- frames and punches between relays ---- */

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

static void forged_source(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const struct identity one = node_of(1000 + n);

    relayed_send(adversary, attacker, &one, NULL, attacker->identity.public_key, 1);
}

static void forged_source_attached(struct adversary *adversary, struct net_host *attacker,
                                   uint32_t n)
{
    const struct identity one = node_of(1000 + n);
    struct part part =
        attachment_of(wall_of(adversary), &one, attacker->identity.public_key, 9, HOUR_MS);

    part.bytes[part.size - 1] ^= 1;
    relayed_send(adversary, attacker, &one, &part, attacker->identity.public_key, 1);
}

/* A source of its own, and more than one may send. */
static void flooding_source(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const struct identity one = node_of(1000);
    struct part part =
        attachment_of(wall_of(adversary), &one, attacker->identity.public_key, 9, HOUR_MS);

    for (int i = 0; i < 16; i++) {
        relayed_send(adversary, attacker, &one, n % 100 == 0 ? &part : NULL,
                     attacker->identity.public_key, 1);
    }
}

/* What was here before and was sent on comes back over a colluding relay. */
static void loop(struct adversary *adversary, struct net_host *attacker, uint32_t n)
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
    const struct relay_node *known = &net->nodes[KNOWN];
    const struct identity src = node_of(1000);
    struct part part =
        attachment_of(wall_of(adversary), &src, known->identity.public_key, 9, HOUR_MS);
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

static void forged_word(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    word_send(adversary, &attacker->identity, wall_of(adversary) + n % 1000);
}

/* What the relay that all believe in did send. */
static void replayed_word(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    (void)attacker;
    if (n == 0) {
        adversary->word_number = wall_of(adversary);
    }
    word_send(adversary, &adversary->town.net->nodes[KNOWN].identity, adversary->word_number);
}

/* That relay itself, a word each ms. */
static void flooding_word(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    (void)attacker;
    word_send(adversary, &adversary->town.net->nodes[KNOWN].identity, wall_of(adversary) + n % 10);
}

static void punch(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    static const uint8_t token[PUNCH_TOKEN_SIZE] = {1};
    const struct identity one = node_of(1000 + n);
    struct part part =
        attachment_of(wall_of(adversary), &one, attacker->identity.public_key, 9, HOUR_MS);
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

/* ---- hosts ---- */

/* An invite that nobody gave, with a member part that the host did sign. */
static void join(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    const uint8_t invite[INVITE_SIZE] = {(uint8_t)n, (uint8_t)(n >> 8)};
    struct record_member record = {
        .header = {.sequence = wall_of(adversary) + n,
                   .created_ms = wall_of(adversary),
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

static void host_find(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    char *apps[] = {control_text("chat")};
    Ziglan__Find body = ZIGLAN__FIND__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)adversary;
    (void)n;
    body.apps = apps;
    body.n_apps = 1;
    body.count = 24;
    message.body_case = ZIGLAN__CONTROL__BODY_FIND;
    message.find = &body;
    net_host_send(attacker, &message);
}

static void node_lookup(struct adversary *adversary, struct net_host *attacker, uint32_t n)
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

/* The head of a message that is too long, and some of it. */
static void oversized(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    static const uint8_t body[1000];
    uint8_t head[CAPSULE_HEADER_SIZE_MAX];

    (void)adversary;
    (void)n;
    net_host_send_raw(attacker, head,
                      capsule_header(head, CONTROL_CAPSULE_TYPE, CONTROL_SIZE_MAX + 1), body,
                      sizeof(body));
}

/* The longest message that is taken, a byte at a time. */
static void slow(struct adversary *adversary, struct net_host *attacker, uint32_t n)
{
    uint8_t head[CAPSULE_HEADER_SIZE_MAX];
    size_t head_size = n < adversary->attackers_count
                           ? capsule_header(head, CONTROL_CAPSULE_TYPE, CONTROL_SIZE_MAX)
                           : 0;

    net_host_send_raw(attacker, head, head_size, head, 1);
}

/* ---- what counts them ---- */

#define COUNT(name, expression)                                                                    \
    static uint64_t count_##name(const struct relay_core *core)                                    \
    {                                                                                              \
        return expression;                                                                         \
    }

COUNT(record_forged, mesh_stats(core->mesh.mesh)->forged)
COUNT(record_future, mesh_stats(core->mesh.mesh)->future)
COUNT(record_known, mesh_stats(core->mesh.mesh)->known)
COUNT(record_limit,
      mesh_stats(core->mesh.mesh)->limit_unproven + mesh_stats(core->mesh.mesh)->limit_believed)
COUNT(attachment_forged, presence_table_stats(core->presence.table)->forged)
COUNT(attachment_future, presence_table_stats(core->presence.table)->future)
COUNT(attachment_foreign, presence_table_stats(core->presence.table)->foreign)
COUNT(attachment_replayed, presence_table_stats(core->presence.table)->replayed +
                               presence_table_stats(core->presence.table)->limit_key)
COUNT(control_rate, core->base.counters.control_rate)
COUNT(locate_limit, core->base.counters.locate_limit)
COUNT(find_link, find_stats(core->search.find)->limit_link)
COUNT(find_asks, find_stats(core->search.find)->limit_asks)
COUNT(reach, core->base.counters.reach_jobs_refused)
COUNT(not_attached, core->base.counters.drop_not_attached)
COUNT(attachment_bad, core->base.counters.attachment_foreign_bad)
COUNT(rate_source, core->base.counters.drop_rate_source)
COUNT(word_bad, core->base.counters.frame_words_bad)
COUNT(word_old, core->base.counters.frame_words_old)
COUNT(word_limit, core->base.counters.frame_words_limit)
COUNT(loop, core->base.counters.drop_loop)
COUNT(punch_rate, core->base.counters.punch_relayed_rate)
COUNT(join_invite, core->base.counters.join_invite_invalid)
COUNT(join_limit, core->base.counters.join_limit)
COUNT(node_lookup, core->base.counters.node_lookups_limit)
COUNT(protocol, link_hub_stats(core->base.hub)->protocol_errors)
COUNT(lent_limited,
      core->base.counters.lent_limited_net + core->base.counters.lent_limited_neighbour)
COUNT(stun_limited, core->base.counters.stun_limited_address)
COUNT(stun_lent_limited,
      core->base.counters.stun_lent_limited + core->base.counters.stun_limited_address)
COUNT(nothing, core->base.counters.drop_first_byte)

#define CONTROL_RATE "control_refused rate"

const struct adversary_attack adversary_attacks[] = {
    {"forged records", "node_records forged", true, 1, 1000, forged_record, count_record_forged},
    {"records with the key of another relay", "node_records forged", true, 1, 1000, claimed_key,
     count_record_forged},
    {"records of the future", "node_records future", true, 1, 1000, future_record,
     count_record_future},
    {"a record again and again", "node_records known", true, 1, 1000, replayed_record,
     count_record_known},
    {"records of relays that are not there", "node_records limit_...", true, 1, 1000, many_records,
     count_record_limit},
    {"the same of four relays of one /24", "node_records limit_...", true, 4, 1000, many_records,
     count_record_limit},
    {"forged attachments", "presence_announced forged", true, 1, 1000, forged_attachment,
     count_attachment_forged},
    {"attachments of the future", "presence_announced future", true, 1, 1000, future_attachment,
     count_attachment_future},
    {"attachments to another relay", "presence_announced foreign", true, 1, 1000,
     foreign_attachment, count_attachment_foreign},
    {"older attachments of a host", "presence_announced replayed, limit_key", true, 1, 1000,
     replayed_attachment, count_attachment_replayed},
    {"Locates", CONTROL_RATE, true, 1, 1000, locate, count_control_rate},
    {"Finds", "search_queries limit_link", true, 1, 1000, find, count_find_link},
    {"Finds of four relays of one /24", "search_queries limit_link", true, 4, 1000, find,
     count_find_link},
    {"ReachJobs about bystanders", "reach_jobs_refused", true, 1, 1000, reach_job, count_reach},
    {"LendJobs about a stranger", "lent_jobs limited_net, limited_neighbour", true, 1, 1000,
     lend_job, count_lent_limited},
    {"CHANGE-REQUESTs in a stranger's name", "stun_requests limited_address", false, 1, 1000,
     forged_change, count_stun_limited},
    {"the same in the names of all of a /24", "stun_requests lent_limited, limited_address", false,
     1, 1000, forged_network, count_stun_lent_limited},
    {"requests to be measured, with made-up cookies", "stun_requests limited_address", false, 1,
     1000, report, count_stun_limited},
    {"punches for hosts of its own", "relayed_punches_refused rate", true, 1, 1000, punch,
     count_punch_rate},
    {"kind 3 with a forged source", "dropped_packets not_attached", true, 1, 1000, forged_source,
     count_not_attached},
    {"the same with a forged attachment", "foreign_attachments bad", true, 1, 1000,
     forged_source_attached, count_attachment_bad},
    {"kind 3 in a loop", "dropped_packets loop", true, 1, 1000, loop, count_loop},
    {"kind 3 of a good source, 64 Mbit/s", "dropped_packets rate_source", true, 1, 1000,
     flooding_source, count_rate_source},
    {"forged words with frames", "frame_words bad", true, 1, 1000, forged_word, count_word_bad},
    {"a word with a frame again and again", "frame_words old", true, 1, 1000, replayed_word,
     count_word_old},
    {"words with frames of a good relay", "frame_words limit", true, 1, 1000, flooding_word,
     count_word_limit},
    {"Joins with made-up invites, 20 hosts of one /24", "joins limit", false, 20, 360, join,
     count_join_limit},
    {"the same below the limit of a network", "joins invite_invalid", false, 20, 20, join,
     count_join_invite},
    {"Joins beyond their rate, 20 hosts of one /24", CONTROL_RATE, false, 20, 2000, join,
     count_control_rate},
    {"Locates, 20 hosts of one /24", "locates limit", false, 20, 360, locate, count_locate_limit},
    {"Finds, 20 hosts of one /24", "searches limit_asks", false, 20, 360, host_find,
     count_find_asks},
    {"NodeLookups, 20 hosts of one /24", "node_lookups limit", false, 20, 360, node_lookup,
     count_node_lookup},
    {"messages that are too long, of a relay", "protocol_errors", true, 1, 100, oversized,
     count_protocol},
    {"messages that are too long, 20 hosts", "protocol_errors", false, 20, 400, oversized,
     count_protocol},
    {"the longest message, a byte at a time, 4 relays", "", true, 4, 400, slow, count_nothing},
    {"the same, 20 hosts", "", false, 20, 1000, slow, count_nothing},
};

const size_t adversary_attacks_count = sizeof(adversary_attacks) / sizeof(adversary_attacks[0]);
