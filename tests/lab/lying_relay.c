/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay that lies about relays. It has sessions with honest ones, dialled and accepted, proves
 * its key, tells a true record of itself, and then every lie of the list below, again and again. It
 * prints "NAME KEY" for each relay that it tells of, so that a test can look who believes it:
 *
 *   own         itself, at its true address; this one is true
 *   unsigned    the signature is not that of the key
 *   at-another  signed, but at the address there is another relay
 *   at-nobody   signed, but nobody is at the address
 *   at-liar     signed, and at the liar's own address, where the liar has another key
 *   friends     at nobody's address, attested by three relays that only the liar knows
 *   future      created in an hour
 *   loopback    at 127.0.0.1
 *   home        at 192.168.1.1
 *   crowd       one of many that are at nobody's address
 *
 * Besides, it tells the records of the honest relays with its own address in them ("spoilt").
 * usage: lying_relay OWN-IP IP-OF-ANOTHER IP-OF-NOBODY RELAY-URL...
 */
#include "proto/crypto/key_form.h"
#include "proto/crypto/signed.h"
#include "proto/host/os_env.h"
#include "proto/host/pump.h"
#include "proto/host/udp_batch.h"
#include "proto/link/link.h"
#include "proto/wire/stun.h"
#include "proto/wire/url.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SESSIONS_MAX = 64, CROWD = 40, FRIENDS = 3, PORT = 4433, TELL_MS = 500, SPOILT_MAX = 8 };

enum lie {
    LIE_OWN,
    LIE_UNSIGNED,
    LIE_AT_ANOTHER,
    LIE_AT_NOBODY,
    LIE_AT_LIAR,
    LIE_FRIENDS,
    LIE_FUTURE,
    LIE_LOOPBACK,
    LIE_HOME,
    LIE_CROWD,
    LIES,
};

static const char *const lie_names[LIES] = {"own",     "unsigned", "at-another", "at-nobody",
                                            "at-liar", "friends",  "future",     "loopback",
                                            "home",    "crowd"};

struct bytes {
    uint8_t data[RECORD_OTHER_SIGNED_SIZE_MAX];
    size_t size;
};

static struct liar {
    const struct env *env;
    struct link_hub *hub;
    struct pump *pump;
    struct ev_timer timer;
    struct mono tell_at;
    struct endpoint own, another, nobody;
    struct identity identity;
    struct handle sessions[SESSIONS_MAX];
    size_t sessions_count;
    struct bytes spoilt[SPOILT_MAX];
    size_t spoilt_count;
    struct control_arena arena;
} liar;

static void die(const char *what)
{
    (void)fprintf(stderr, "lying_relay: %s\n", what);
    exit(EXIT_FAILURE);
}

static struct identity puppet(unsigned number)
{
    const uint8_t seed[IDENTITY_SEED_SIZE] = {'l', 'i', 'e', (uint8_t)number};
    struct identity identity;

    identity_from_seed(&identity, seed);
    return identity;
}

static void sign(struct bytes *out, const struct identity *identity, const uint8_t *record,
                 size_t size)
{
    if (signed_make(out->data, sizeof(out->data), &out->size, identity, record, size) != ERR_OK) {
        die("a record cannot be signed");
    }
}

/* A record that says: I am at this address. */
static struct bytes record_at(const struct identity *identity, const struct endpoint *address,
                              int64_t later_ms)
{
    struct record_node node = {.service = RECORD_NODE_SERVICE,
                               .addresses = {*address},
                               .addresses_count = 1,
                               .protocols = RECORD_PROTOCOL_QUIC_FLAG};
    uint8_t encoded[RECORD_SIZE_MAX];
    struct bytes out;
    size_t size;

    memcpy(node.header.key, identity->public_key, KEY_SIZE);
    node.header.created_ms = env_wall_ms(liar.env) + (uint64_t)later_ms;
    node.header.sequence = node.header.created_ms;
    node.header.lifetime_s = RECORD_NODE_LIFETIME_S;
    link_hub_spki(liar.hub, node.spki_sha256);
    if (record_node_encode(encoded, &size, &node) != ERR_OK) {
        die("a record cannot be made");
    }
    sign(&out, identity, encoded, size);
    return out;
}

/* A friend says: I reached the relay of this record at this address. */
static struct bytes attest(const struct identity *friend, const struct bytes *record,
                           const struct endpoint *address)
{
    struct record_attestation attestation = {.address = *address, .fresh = true};
    uint8_t encoded[RECORD_SIZE_MAX];
    struct record_header subject;
    struct bytes out;
    size_t size;

    if (record_header_peek(&subject, record->data, record->size) != ERR_OK) {
        die("a record has no header");
    }
    attestation.header = subject;
    memcpy(attestation.header.key, friend->public_key, KEY_SIZE);
    memcpy(attestation.subject_key, subject.key, KEY_SIZE);
    attestation.subject_sequence = subject.sequence;
    if (record_attestation_encode(encoded, &size, &attestation) != ERR_OK) {
        die("an attestation cannot be made");
    }
    sign(&out, friend, encoded, size);
    return out;
}

static void tell(const struct bytes *record, const struct bytes *attestations, size_t count)
{
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    Ziglan__Nodes nodes = ZIGLAN__NODES__INIT;
    Ziglan__NodeEntry entry = ZIGLAN__NODE_ENTRY__INIT, *entries = &entry;
    ProtobufCBinaryData list[FRIENDS];
    uint8_t packed[CONTROL_SIZE_MAX];
    size_t size;

    for (size_t i = 0; i < count; i++) {
        list[i] = control_bytes(attestations[i].data, attestations[i].size);
    }
    entry.record = control_bytes(record->data, record->size);
    entry.n_attestations = count;
    entry.attestations = list;
    nodes.n_entries = 1;
    nodes.entries = &entries;
    message.body_case = ZIGLAN__CONTROL__BODY_NODES;
    message.nodes = &nodes;
    if (control_pack(packed, sizeof(packed), &size, &message) != ERR_OK) {
        die("a message cannot be packed");
    }
    for (size_t i = 0; i < liar.sessions_count; i++) {
        (void)!link_hub_control(liar.hub, liar.sessions[i], packed, size);
    }
}

static struct identity identity_of(enum lie lie)
{
    return lie == LIE_OWN ? liar.identity : puppet(lie);
}

static void tell_friends(const struct identity *identity)
{
    struct bytes record = record_at(identity, &liar.nobody, 0), attestations[FRIENDS];

    for (unsigned i = 0; i < FRIENDS; i++) {
        const uint8_t ip[4] = {(uint8_t)(20 + i), 1, 1, 1};
        struct endpoint address = endpoint_v4(ip, PORT);
        struct identity friend = puppet(LIES + i);
        struct bytes its_own = record_at(&friend, &address, 0);

        tell(&its_own, NULL, 0);
        attestations[i] = attest(&friend, &record, &liar.nobody);
    }
    tell(&record, attestations, FRIENDS);
}

static void tell_all(void)
{
    static const uint8_t loopback_ip[4] = {127, 0, 0, 1}, home_ip[4] = {192, 168, 1, 1};
    const struct endpoint loopback = endpoint_v4(loopback_ip, PORT);
    const struct endpoint home = endpoint_v4(home_ip, PORT);
    const struct endpoint *where[LIES] = {[LIE_OWN] = &liar.own,
                                          [LIE_UNSIGNED] = &liar.nobody,
                                          [LIE_AT_ANOTHER] = &liar.another,
                                          [LIE_AT_NOBODY] = &liar.nobody,
                                          [LIE_AT_LIAR] = &liar.own,
                                          [LIE_FUTURE] = &liar.nobody,
                                          [LIE_LOOPBACK] = &loopback,
                                          [LIE_HOME] = &home};

    for (enum lie lie = LIE_OWN; lie < LIES; lie++) {
        struct identity identity = identity_of(lie);

        if (lie == LIE_FRIENDS) {
            tell_friends(&identity);
        } else if (lie == LIE_CROWD) {
            for (unsigned i = 0; i < CROWD; i++) {
                struct identity one = i == 0 ? identity : puppet(100 + i);
                struct bytes record = record_at(&one, &liar.nobody, 0);

                tell(&record, NULL, 0);
            }
        } else {
            struct bytes record = record_at(&identity, where[lie], lie == LIE_FUTURE ? 3600000 : 0);

            record.data[record.size - 1] ^= lie == LIE_UNSIGNED;
            tell(&record, NULL, 0);
        }
    }
    for (size_t i = 0; i < liar.spoilt_count; i++) {
        tell(&liar.spoilt[i], NULL, 0);
    }
}

/* An honest record, in which the liar puts its own address and a larger sequence. It cannot sign
 * it. */
static void spoil(const ProtobufCBinaryData *record)
{
    struct bytes *out = &liar.spoilt[liar.spoilt_count];
    struct record_node node;
    struct record_parts parts;
    size_t size;

    if (liar.spoilt_count == SPOILT_MAX || record_split(&parts, record->data, record->len) != 0 ||
        record_node_decode(&node, parts.record, parts.record_size) != ERR_OK ||
        memcmp(node.header.key, liar.identity.public_key, KEY_SIZE) == 0) {
        return;
    }
    node.addresses[0] = liar.own;
    node.header.sequence++;
    if (record_node_encode(out->data, &size, &node) == ERR_OK) {
        memcpy(out->data + size, parts.signature, SIGNATURE_SIZE);
        out->size = size + SIGNATURE_SIZE;
        liar.spoilt_count++;
        (void)printf("spoilt\n");
        (void)fflush(stdout);
    }
}

/* ---- the hub ---- */

static void session_gone(struct handle handle)
{
    for (size_t i = 0; i < liar.sessions_count; i++) {
        if (handle_equal(liar.sessions[i], handle)) {
            liar.sessions[i] = liar.sessions[--liar.sessions_count];
            return;
        }
    }
}

static void on_event(const struct link_event *event)
{
    Ziglan__Control *message;

    if (event->type == LINK_EVENT_OPEN && liar.sessions_count < SESSIONS_MAX) {
        liar.sessions[liar.sessions_count++] = event->handle;
        spoil(&event->hello->node_record);
    } else if (event->type == LINK_EVENT_CLOSED) {
        session_gone(event->handle);
    } else if (event->type == LINK_EVENT_CONTROL &&
               control_unpack(&message, &liar.arena, event->data, event->size) == ERR_OK &&
               message->body_case == ZIGLAN__CONTROL__BODY_NODES) {
        for (size_t i = 0; i < message->nodes->n_entries; i++) {
            spoil(&message->nodes->entries[i]->record);
        }
    }
}

static void hub_receive(void *context, const struct dgram *in, struct outbox *out, struct mono now)
{
    struct stun_message request;
    uint8_t answer[STUN_ANSWER_SIZE_MAX];
    size_t size = 0;

    (void)context;
    if (in->size > 0 && in->data[0] <= FRAME_STUN_LAST) { /* as every relay, before it is dialled */
        if (stun_parse(&request, in->data, in->size) == ERR_OK &&
            stun_answer(answer, &size, &request, &in->remote, &in->local, NULL) == ERR_OK) {
            outbox_put(out, &in->local, &in->remote, answer, size);
        }
        return;
    }
    link_hub_receive(liar.hub, in, now);
}

static void hub_expire(void *context, struct outbox *out, struct mono now)
{
    (void)context, (void)out;
    link_hub_expire(liar.hub, now);
}

static void hub_transmit(void *context, struct outbox *out, struct mono now)
{
    struct link_event event;

    (void)context;
    while (link_hub_event(liar.hub, &event)) {
        on_event(&event);
    }
    link_hub_transmit(liar.hub, out, now);
}

static struct mono hub_deadline(void *context)
{
    (void)context;
    return link_hub_deadline(liar.hub);
}

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)loop, (void)timer, (void)events;
    tell_all();
    pump_kick(liar.pump);
}

/* ---- start ---- */

static void hub_open(void)
{
    const struct link_config config = {.identity = &liar.identity,
                                       .server = true,
                                       .hello = {.session_max = SESSIONS_MAX},
                                       .connection_max = 2 * SESSIONS_MAX};

    if (link_library_init(liar.env) != ERR_OK ||
        link_hub_new(&liar.hub, &config, liar.env, clock_mono()) != ERR_OK) {
        die("the link does not start");
    }
}

static void dial(const char *text)
{
    struct link_dial dial = {.want = LINK_WANT_RELAY, .roles = LINK_ROLE_RELAY};
    char error[URL_ERROR_SIZE];
    struct handle handle;
    struct url url;

    if (url_parse(&url, text, strlen(text), error) != ERR_OK ||
        !endpoint_parse_ip(&dial.remote, url.hosts[0].name, PORT)) {
        die("this is no URL of a relay with an address");
    }
    dial.key = url.key;
    if (link_hub_dial(liar.hub, &handle, &dial, clock_mono()) != ERR_OK) {
        die("it cannot dial");
    }
}

static void names_print(void)
{
    char text[KEY_TEXT_SIZE];

    for (enum lie lie = LIE_OWN; lie < LIES; lie++) {
        struct identity identity = identity_of(lie);

        (void)printf("%s %s\n", lie_names[lie], key_text(identity.public_key, text));
    }
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    const struct pump_core core = {.receive = hub_receive,
                                   .expire = hub_expire,
                                   .transmit = hub_transmit,
                                   .deadline = hub_deadline};
    struct udp_options options = {0};
    struct udp_batch *socket = NULL;
    struct fault fault;
    struct os_env *os;

    if (argc < 5 || !endpoint_parse_ip(&liar.own, argv[1], PORT) ||
        !endpoint_parse_ip(&liar.another, argv[2], PORT) ||
        !endpoint_parse_ip(&liar.nobody, argv[3], PORT)) {
        die("usage: lying_relay OWN-IP IP-OF-ANOTHER IP-OF-NOBODY RELAY-URL...");
    }
    options.local = liar.own;
    if (os_env_new(&os, TRACE_LEVEL_WARN) != ERR_OK || identity_library_init() != ERR_OK ||
        udp_batch_open(&socket, &options, &fault) != ERR_OK) {
        die("it cannot start");
    }
    liar.env = os_env_port(os);
    liar.identity = puppet(99);
    hub_open();
    if (pump_new(&liar.pump, EV_DEFAULT, &core, &socket, 1) != ERR_OK) {
        die("out of memory");
    }
    names_print();
    for (int i = 4; i < argc; i++) {
        dial(argv[i]);
    }
    ev_timer_init(&liar.timer, on_timer, TELL_MS / 1e3, TELL_MS / 1e3);
    ev_timer_start(EV_DEFAULT, &liar.timer);
    pump_kick(liar.pump);
    ev_run(EV_DEFAULT, 0);
    return EXIT_SUCCESS;
}
