/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host core, and in memory what the daemon gives it. */
#include "tests/support/host_node.h"

#include "client/admin/host_admin.h"
#include "client/core/core_internal.h"
#include "client/core/network.h"
#include "client/core/sockets.h"
#include "proto/base/bytes.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/naive_sum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So that everything can be run without lanes, too (docs/testing.md). */
static bool lanes_wanted(void)
{
    const char *word = getenv("TEST_LANES");

    return word == NULL || strcmp(word, "off") != 0;
}

void host_node_init(struct host_node *node, const struct env *env, const struct identity *identity,
                    const struct endpoint *address)
{
    memset(node, 0, sizeof(*node));
    node->env = env;
    node->identity = *identity;
    node->address = *address;
    node->prefix_bits = 128;
    node->cfg.identity = &node->identity;
    node->cfg.lanes = lanes_wanted();
    node->io = (struct host_io){.net = &node->box, .tun = &node->tun};
    CHECK(outbox_init(&node->box, 1 << 20, 1024) == ERR_OK);
    CHECK(packet_box_init(&node->tun, 1 << 20, 1024) == ERR_OK);
    CHECK(store_memory_new(&node->store) == ERR_OK);
}

void host_node_fini(struct host_node *node)
{
    host_core_free(node->core);
    store_close(node->store);
    outbox_fini(&node->box);
    packet_box_fini(&node->tun);
    identity_wipe(&node->identity);
}

void host_node_tell_network(struct host_node *node, struct mono now)
{
    struct host_local_addr addr = {.prefix_bits = node->prefix_bits};

    memcpy(addr.ip, node->address.ip, sizeof(addr.ip));
    host_core_network(node->core, &addr, 1, node->address.port, NULL, now);
}

void host_node_start(struct host_node *node, struct mono now)
{
    host_core_free(node->core);
    node->sockets_count = 0;
    CHECK(host_core_new(&node->core, &node->cfg, node->store, node->env, now) == ERR_OK);
    host_node_tell_network(node, now);
}

static size_t tun_flush(struct host_node *node)
{
    size_t count = node->tun.items_count;

    for (size_t i = 0; i < count; i++) {
        const struct packet *packet = &node->tun.items[i];

        node->delivered++;
        node->last_size = packet->size;
        memcpy(node->last, packet->data, packet->size);
        if (node->arrived != NULL) {
            node->arrived(node->context, packet);
        }
    }
    packet_box_clear(&node->tun);
    return count;
}

bool host_node_has_socket(const struct host_node *node, uint16_t port)
{
    for (size_t i = 0; i < node->sockets_count; i++) {
        if (node->sockets[i] == port) {
            return true;
        }
    }
    return port == node->address.port;
}

static void socket_open(struct host_node *node, struct mono now)
{
    do {
        node->sockets_next = node->sockets_next < 50000 ? 50000 : node->sockets_next + 1;
    } while (host_node_has_socket(node, node->sockets_next));
    CHECK(node->sockets_count < SPARE_SOCKETS_MAX);
    node->sockets[node->sockets_count++] = node->sockets_next;
    host_core_socket_opened(node->core, node->sockets_next, now);
}

static void socket_close(struct host_node *node, uint16_t port)
{
    for (size_t i = 0; i < node->sockets_count; i++) {
        if (node->sockets[i] == port) {
            node->sockets[i] = node->sockets[--node->sockets_count];
            return;
        }
    }
    CHECK(false);
}

static void sockets_settle(struct host_node *node, struct mono now)
{
    struct host_socket_wanted wanted;

    while (host_core_socket_wanted(node->core, &wanted)) {
        if (wanted.open) {
            socket_open(node, now);
        } else {
            socket_close(node, wanted.port);
        }
    }
    node->sockets_most =
        node->sockets_count > node->sockets_most ? node->sockets_count : node->sockets_most;
}

size_t host_node_pump(struct host_node *node, struct mono now)
{
    size_t total = tun_flush(node);

    do {
        total += node->box.items_count;
        node->send(node->context, node);
        outbox_clear(&node->box);
        host_core_transmit(node->core, &node->io, now);
        total += tun_flush(node);
    } while (node->box.items_count > 0);
    sockets_settle(node, now);
    return total;
}

size_t host_node_receive(struct host_node *node, const struct dgram *in, struct mono now)
{
    host_core_receive(node->core, in, &node->io, now);
    return host_node_pump(node, now);
}

size_t host_node_packet(struct host_node *node, struct packet *packet, struct mono now)
{
    host_core_packets(node->core, packet, 1, &node->io, now);
    return host_node_pump(node, now);
}

size_t host_node_expire(struct host_node *node, struct mono now)
{
    host_core_expire(node->core, &node->io, now);
    return host_node_pump(node, now);
}

bool host_node_ping(struct host_node *node, const char *peer, size_t size, struct mono now)
{
    struct host_name_record to;
    uint8_t v4[4], v6[16], resolver[4], bits;
    uint8_t bytes[INNER_MTU_MAX] = {0x45, 0, (uint8_t)(size >> 8), (uint8_t)size, 0, 0, 0x40, 0,
                                    64,   1};
    struct packet packet = {.data = bytes, .size = size};

    if (!host_core_lookup_name(node->core, peer, &to)) {
        return false;
    }
    host_core_addresses(node->core, v4, v6, resolver, &bits);
    memcpy(bytes + 12, v4, 4);
    memcpy(bytes + 16, to.v4, 4);
    be16_write(bytes + 10, naive_checksum(bytes, 20));
    bytes[20] = 8;
    be16_write(bytes + 22, naive_checksum(bytes + 20, size - 20));
    (void)host_node_packet(node, &packet, now);
    return true;
}

/* ---- what it says ---- */

static json_t *ask(struct host_node *node, const char *what, struct mono now)
{
    json_t *request = json_pack("{s:s}", "do", what);
    json_t *answer = host_admin_request(node->core, request, now);

    json_decref(request);
    return answer;
}

const char *host_node_path(struct host_node *node, const char *peer, struct mono now)
{
    static char path[32];
    json_t *answer = ask(node, "peers", now);
    json_t *row;
    size_t i;

    path[0] = '\0';
    json_array_foreach(json_object_get(answer, "peers"), i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        const char *state = json_string_value(json_object_get(row, "state"));

        if (name != NULL && state != NULL && strcmp(name, peer) == 0) {
            (void)snprintf(path, sizeof(path), "%s", state);
        }
    }
    json_decref(answer);
    return path;
}

bool host_node_on_lane(struct host_node *node, const char *peer, struct mono now)
{
    json_t *answer = ask(node, "peers", now);
    bool used = false;
    json_t *row;
    size_t i;

    json_array_foreach(json_object_get(answer, "peers"), i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));

        used = used || (name != NULL && strcmp(name, peer) == 0 &&
                        json_is_true(json_object_get(json_object_get(row, "lane"), "used")));
    }
    json_decref(answer);
    return used;
}

bool host_node_settled(const struct host_node *node)
{
    const struct ziglan *ziglan;

    TAILQ_FOREACH(ziglan, &node->core->ziglans.head, in_list)
    {
        if (!host_core_settled(node->core, ziglan->record.url.key)) {
            return false;
        }
    }
    return true;
}

bool host_node_is_at(struct host_node *node, const char *relay, struct mono now)
{
    json_t *answer = ask(node, "status", now);
    json_t *row;
    bool is_at = false;
    size_t i;

    json_array_foreach(json_object_get(answer, "relays"), i, row)
    {
        const char *host = json_string_value(json_object_get(row, "host"));
        const char *state = json_string_value(json_object_get(row, "state"));

        is_at = is_at || (host != NULL && state != NULL && strcmp(host, relay) == 0 &&
                          strcmp(state, "connected") == 0);
    }
    json_decref(answer);
    return is_at;
}

bool host_node_is_home(struct host_node *node, const uint8_t relay_key[KEY_SIZE], bool connected,
                       struct mono now)
{
    json_t *answer = ask(node, "relays", now);
    json_t *row;
    char key[KEY_TEXT_SIZE];
    bool is_home = false;
    size_t i;

    (void)key_text(relay_key, key);
    json_array_foreach(json_object_get(answer, "relays"), i, row)
    {
        const char *of = json_string_value(json_object_get(row, "key"));
        const char *state = json_string_value(json_object_get(row, "state"));

        is_home = is_home || (of != NULL && strcmp(of, key) == 0 &&
                              json_is_true(json_object_get(row, "home")) &&
                              (!connected || (state != NULL && strcmp(state, "connected") == 0)));
    }
    json_decref(answer);
    return is_home;
}

void host_node_describe(struct host_node *node, struct mono now)
{
    json_t *answer = ask(node, "peers", now);
    char *text = json_dumps(answer, JSON_COMPACT);

    (void)fprintf(stderr, "  %s: %s\n", node->cfg.name, text == NULL ? "" : text);
    free(text);
    json_decref(answer);
}
