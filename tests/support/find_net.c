/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Letters between searches, in order of their instants. */
#include "tests/support/find_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static size_t peer_of_key(const struct find_net *net, const uint8_t *key)
{
    size_t i = (size_t)key[0] << 8 | key[1];

    assert_true(i < net->count);
    assert_memory_equal(net->peers[i].key, key, KEY_SIZE);
    return i;
}

static size_t peer_of_record(const struct find_net *net, const ProtobufCBinaryData *record)
{
    struct record_node node;

    assert_int_equal(record_node_decode(&node, record->data, record->len - SIGNATURE_SIZE), ERR_OK);
    return peer_of_key(net, node.header.key);
}

/* ---- ports ---- */

struct find_relay find_net_relay(const struct find_peer *peer)
{
    return (struct find_relay){.key = peer->key,
                               .record = peer->record,
                               .record_size = peer->record_size,
                               .attestations = {peer->record, peer->record, peer->record},
                               .attestation_sizes = {150, 150, 150},
                               .attestations_count = 3,
                               .pool_size = 7};
}

static bool node_of(const struct find_peer *peer, struct record_node *node)
{
    return record_node_decode(node, peer->record, peer->record_size - SIGNATURE_SIZE) == ERR_OK;
}

/* Write the peer to *out if it is what the query wants. */
static bool known_one(const struct find_peer *peer, const struct find_query *query,
                      struct find_relay *out)
{
    struct record_node node;

    if (!node_of(peer, &node) || find_query_match(query, &node) == NULL) {
        return false;
    }
    *out = find_net_relay(peer);
    out->app = find_query_match(query, &node);
    return true;
}

/* A peer knows itself, and perhaps its neighbours. */
static size_t known(void *context, const struct find_query *query, struct find_relay *out,
                    size_t max)
{
    const struct find_peer *peer = context;
    size_t count = known_one(peer, query, &out[0]) ? 1 : 0;

    for (size_t i = 0; peer->knows && i < peer->neighbours_count && count < max; i++) {
        count += known_one(&peer->net->peers[peer->neighbours[i]], query, &out[count]) ? 1 : 0;
    }
    return count;
}

static void learn(void *context, const uint8_t from[KEY_SIZE], const Ziglan__NodeEntry *entry)
{
    (void)context;
    (void)from;
    (void)entry;
}

/* All are believed but those that forge. */
static bool believed(void *context, const uint8_t key[KEY_SIZE], struct find_relay *out,
                     struct record_node *node)
{
    const struct find_peer *peer = context;
    const struct find_peer *told = &peer->net->peers[peer_of_key(peer->net, key)];

    *out = find_net_relay(told);
    return !told->forged && node_of(told, node);
}

static size_t neighbours(void *context, uint8_t keys[FIND_NEIGHBOURS_MAX][KEY_SIZE])
{
    const struct find_peer *peer = context;

    for (size_t i = 0; i < peer->neighbours_count; i++) {
        memcpy(keys[i], peer->net->peers[peer->neighbours[i]].key, KEY_SIZE);
    }
    return peer->neighbours_count;
}

void find_net_post(struct find_net *net, size_t from, size_t to, const Ziglan__Control *message)
{
    uint8_t packed[CONTROL_SIZE_MAX];
    struct find_letter *letter = &net->letters[net->last++ % FIND_NET_LETTERS_MAX];

    assert_true(net->last - net->first < FIND_NET_LETTERS_MAX);
    assert_int_equal(control_pack(packed, sizeof(packed), &letter->size, message), ERR_OK);
    letter->at = mono_add_ms(net->now, FIND_NET_HOP_MS);
    letter->from = from;
    letter->to = to;
    letter->bytes = malloc(letter->size);
    assert_non_null(letter->bytes);
    memcpy(letter->bytes, packed, letter->size);
    net->finds += message->body_case == ZIGLAN__CONTROL__BODY_FIND ? 1 : 0;
    net->results += message->body_case == ZIGLAN__CONTROL__BODY_FIND_RESULT ? 1 : 0;
}

static void send(void *context, const uint8_t to[KEY_SIZE], const Ziglan__Control *message,
                 struct mono now)
{
    struct find_peer *peer = context;

    (void)now;
    find_net_post(peer->net, peer_of_key(peer->net, peer->key), peer_of_key(peer->net, to),
                  message);
}

static void answer(void *context, uint64_t client, const Ziglan__Control *message)
{
    struct find_peer *peer = context;
    const Ziglan__FindResult *body = message->find_result;
    uint8_t packed[CONTROL_SIZE_MAX];
    size_t size;

    assert_int_equal(control_pack(packed, sizeof(packed), &size, message), ERR_OK);
    assert_int_equal(message->request_id, 9);
    peer->answers++;
    peer->client = client;
    peer->found = body->n_relays;
    for (size_t i = 0; i < body->n_relays; i++) {
        peer->found_peers[i] = peer_of_record(peer->net, &body->relays[i]->node->record);
        assert_int_equal(body->relays[i]->size, 7);
    }
}

/* ---- the net ---- */

void find_net_help(struct find_peer *peer, bool helps, uint8_t nat_kind)
{
    struct record_node node = {.header = {.sequence = 1, .created_ms = 1, .lifetime_s = 100},
                               .service = RECORD_NODE_SERVICE,
                               .addresses_count = 1,
                               .nat_kind = nat_kind,
                               .apps_count = helps ? 2 : 0};

    peer->helps = helps;
    memcpy(node.header.key, peer->key, KEY_SIZE);
    assert_true(endpoint_parse(&node.addresses[0], "192.0.2.1:4433", 0));
    (void)snprintf(node.apps[0], RECORD_APP_SIZE, "%s", "other");
    (void)snprintf(node.apps[1], RECORD_APP_SIZE, "%s", "chess");
    assert_int_equal(record_node_encode(peer->record, &peer->record_size, &node), ERR_OK);
    memset(peer->record + peer->record_size, 0, SIGNATURE_SIZE);
    peer->record_size += SIGNATURE_SIZE;
}

struct find_net *find_net_new(size_t count, uint64_t seed)
{
    struct find_net *net = calloc(1, sizeof(*net));

    assert_non_null(net);
    net->letters = calloc(FIND_NET_LETTERS_MAX, sizeof(*net->letters));
    assert_non_null(net->letters);
    test_env_init(&net->ports, seed);
    net->rng = rng_stream(seed, "graph");
    net->now = (struct mono){NS_PER_S};
    net->count = count;
    for (size_t i = 0; i < count; i++) {
        struct find_peer *peer = &net->peers[i];
        const struct find_ports ports = {.context = peer,
                                         .known = known,
                                         .learn = learn,
                                         .believed = believed,
                                         .neighbours = neighbours,
                                         .send = send,
                                         .answer = answer};

        peer->net = net;
        memset(peer->key, 0x33, KEY_SIZE);
        for (size_t k = 2; k < 8; k++) { /* real keys differ in their beginnings */
            peer->key[k] = (uint8_t)rng_u64(&net->rng);
        }
        peer->key[0] = (uint8_t)(i >> 8);
        peer->key[1] = (uint8_t)i;
        find_net_help(peer, false, 1);
        assert_int_equal(find_new(&peer->find, &ports, peer->key, &net->ports.env, net->now),
                         ERR_OK);
    }
    return net;
}

void find_net_free(struct find_net *net)
{
    while (net->first < net->last) {
        free(net->letters[net->first++ % FIND_NET_LETTERS_MAX].bytes);
    }
    for (size_t i = 0; i < net->count; i++) {
        find_free(net->peers[i].find);
    }
    free(net->letters);
    free(net);
}

static bool linked(const struct find_net *net, size_t a, size_t b)
{
    for (size_t i = 0; i < net->peers[a].neighbours_count; i++) {
        if (net->peers[a].neighbours[i] == b) {
            return true;
        }
    }
    return false;
}

void find_net_link(struct find_net *net, size_t a, size_t b)
{
    if (a != b && !linked(net, a, b)) {
        net->peers[a].neighbours[net->peers[a].neighbours_count++] = b;
        net->peers[b].neighbours[net->peers[b].neighbours_count++] = a;
    }
}

static void deliver(struct find_net *net)
{
    struct find_letter letter = net->letters[net->first++ % FIND_NET_LETTERS_MAX];
    struct find_peer *to = &net->peers[letter.to];
    Ziglan__Control *message;

    assert_int_equal(control_unpack(&message, &net->arena, letter.bytes, letter.size), ERR_OK);
    free(letter.bytes);
    if (to->silent) {
        return;
    }
    if (message->body_case == ZIGLAN__CONTROL__BODY_FIND) {
        find_on_find(to->find, net->peers[letter.from].key, message->find, net->now);
    } else {
        find_on_result(to->find, net->peers[letter.from].key, message->find_result, net->now);
    }
}

void find_net_run(struct find_net *net, uint64_t ms)
{
    for (struct mono end = mono_add_ms(net->now, ms); net->now.ns < end.ns;) {
        net->now = mono_add_ms(net->now, 10);
        while (net->first < net->last &&
               mono_due(net->letters[net->first % FIND_NET_LETTERS_MAX].at, net->now)) {
            deliver(net);
        }
        for (size_t i = 0; i < net->count; i++) {
            if (mono_due(find_deadline(net->peers[i].find), net->now)) {
                find_expire(net->peers[i].find, net->now);
            }
        }
    }
}

/* A client of this peer looks for relays that help "chess". */
static enum verdict look(struct find_net *net, size_t at, uint64_t client, uint32_t count,
                         bool may_search, bool member)
{
    struct find_asker asker = {
        .client = client, .request_id = 9, .may_search = may_search, .member = member};
    Ziglan__Find body = ZIGLAN__FIND__INIT;
    char *apps[] = {control_text("poker"), control_text("chess")};

    memcpy(asker.key, &client, sizeof(client));
    body.apps = apps;
    body.n_apps = 2;
    body.count = count;
    return find_ask(net->peers[at].find, &asker, &body, net->now);
}

enum verdict find_net_look(struct find_net *net, size_t at, uint64_t client, uint32_t count,
                           bool may_search)
{
    return look(net, at, client, count, may_search, false);
}

enum verdict find_net_look_member(struct find_net *net, size_t at, uint64_t client, uint32_t count)
{
    return look(net, at, client, count, true, true);
}

struct find_net *find_net_chain(size_t count)
{
    struct find_net *net = find_net_new(count, 1);

    for (size_t i = 0; i + 1 < count; i++) {
        find_net_link(net, i, i + 1);
    }
    return net;
}

/* Everybody is linked to everybody. */
struct find_net *find_net_clique(size_t count)
{
    struct find_net *net = find_net_new(count, 2);

    for (size_t a = 0; a < count; a++) {
        for (size_t b = 0; b < a; b++) {
            find_net_link(net, a, b);
        }
    }
    return net;
}
