/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dials are answered at once, sessions are calls of mesh_on_up on both sides. */
#include "tests/support/subnet.h"

#include "proto/base/bytes.h"
#include "proto/crypto/signed.h"
#include "tests/support/identities.h"
#include "tests/support/instants.h"

#include <stdlib.h>
#include <string.h>

static struct part sign(const struct identity *identity, const uint8_t *bytes, size_t size)
{
    struct part part;

    CHECK(signed_make(part.bytes, sizeof(part.bytes), &part.size, identity, bytes, size) == ERR_OK);
    return part;
}

struct endpoint subnet_address(uint32_t n)
{
    uint8_t ip[4] = {(uint8_t)(16 + n % 64), (uint8_t)(n / 64), 1, 1};

    return endpoint_v4(ip, 4433);
}

struct subnet *subnet_new(uint32_t count)
{
    struct subnet *subnet = calloc(1, sizeof(*subnet));

    CHECK(subnet != NULL);
    test_env_init(&subnet->ports, count);
    subnet->now = test_at_ms(0);
    subnet->ports.clock = &subnet->now;
    subnet->count = count;
    subnet->relays = calloc(count, sizeof(*subnet->relays));
    CHECK(subnet->relays != NULL);
    CHECK(node_shelf_new(&subnet->shelf, &subnet->ports.env) == ERR_OK);
    for (uint32_t i = 0; i < count; i++) {
        struct subnet_relay *relay = &subnet->relays[i];
        struct mesh_config config = {.identity = &relay->identity, .shelf = subnet->shelf};

        relay->identity = node_of(i);
        relay->address = subnet_address(i);
        CHECK(mesh_new(&relay->mesh, &config, &subnet->ports.env, subnet->now) == ERR_OK);
    }
    return subnet;
}

void subnet_free(struct subnet *subnet)
{
    for (uint32_t i = 0; i < subnet->count; i++) {
        mesh_free(subnet->relays[i].mesh);
    }
    node_shelf_free(subnet->shelf);
    free(subnet->relays);
    free(subnet);
}

struct part subnet_record(const struct subnet *subnet, const struct identity *identity,
                          const struct endpoint *address, uint64_t sequence)
{
    struct record_node record = {.header = {.sequence = sequence,
                                            .created_ms = env_wall_ms(&subnet->ports.env),
                                            .lifetime_s = RECORD_NODE_LIFETIME_S},
                                 .service = RECORD_NODE_SERVICE,
                                 .addresses = {*address},
                                 .addresses_count = 1,
                                 .protocols = RECORD_PROTOCOL_QUIC_FLAG,
                                 .apps = {"ziglan", "depots.v1"},
                                 .apps_count = 2,
                                 .rewards = {{"any", "somebody-somewhere", ""}},
                                 .rewards_count = 1};
    uint8_t bytes[RECORD_SIZE_MAX];
    size_t size;

    memcpy(record.header.key, identity->public_key, KEY_SIZE);
    CHECK(record_node_encode(bytes, &size, &record) == ERR_OK);
    return sign(identity, bytes, size);
}

struct part subnet_attestation(const struct subnet *subnet, const struct identity *attester,
                               const uint8_t subject[KEY_SIZE], const struct endpoint *address)
{
    struct record_attestation record = {.header = {.sequence = 1,
                                                   .created_ms = env_wall_ms(&subnet->ports.env),
                                                   .lifetime_s = RECORD_NODE_LIFETIME_S},
                                        .subject_sequence = 1,
                                        .address = *address,
                                        .fresh = true};
    uint8_t bytes[RECORD_SIZE_MAX];
    size_t size;

    memcpy(record.header.key, attester->public_key, KEY_SIZE);
    memcpy(record.subject_key, subject, KEY_SIZE);
    CHECK(record_attestation_encode(bytes, &size, &record) == ERR_OK);
    return sign(attester, bytes, size);
}

void subnet_announce(struct subnet *subnet, uint32_t n)
{
    struct subnet_relay *relay = &subnet->relays[n];
    uint64_t sequence = env_wall_ms(&subnet->ports.env);

    if (sequence <= mesh_own_sequence(relay->mesh)) {
        sequence = mesh_own_sequence(relay->mesh) + 1;
    }
    struct part part = subnet_record(subnet, &relay->identity, &relay->address, sequence);

    CHECK(mesh_own_set(relay->mesh, part.bytes, part.size, subnet->now) == ERR_OK);
}

static struct subnet_relay *relay_of(const struct subnet *subnet, const uint8_t key[KEY_SIZE])
{
    for (uint32_t i = 0; i < subnet->count; i++) {
        if (memcmp(subnet->relays[i].identity.public_key, key, KEY_SIZE) == 0) {
            return &subnet->relays[i];
        }
    }
    return NULL;
}

static bool reaches(const struct subnet_relay *a, const struct subnet_relay *b)
{
    return b != NULL && a != b && !a->down && !b->down && a->island == b->island;
}

static void connect(struct subnet *subnet, struct subnet_relay *a, struct subnet_relay *b)
{
    struct mesh_session session = {.address = b->address, .dialled = true};

    memcpy(session.key, b->identity.public_key, KEY_SIZE);
    if (mesh_on_up(a->mesh, &session, subnet->now) != ERR_OK) {
        return;
    }
    session = (struct mesh_session){.address = a->address};
    memcpy(session.key, a->identity.public_key, KEY_SIZE);
    if (mesh_on_up(b->mesh, &session, subnet->now) != ERR_OK) {
        mesh_on_down(a->mesh, b->identity.public_key, subnet->now);
    }
}

void subnet_connect(struct subnet *subnet, uint32_t a, uint32_t b)
{
    connect(subnet, &subnet->relays[a], &subnet->relays[b]);
    subnet_pump(subnet);
}

static void disconnect(struct subnet *subnet, struct subnet_relay *a, struct subnet_relay *b)
{
    mesh_on_down(a->mesh, b->identity.public_key, subnet->now);
    mesh_on_down(b->mesh, a->identity.public_key, subnet->now);
}

void subnet_cut(struct subnet *subnet)
{
    for (uint32_t a = 0; a < subnet->count; a++) {
        for (uint32_t b = 0; b < a; b++) {
            if (!reaches(&subnet->relays[a], &subnet->relays[b])) {
                disconnect(subnet, &subnet->relays[a], &subnet->relays[b]);
            }
        }
    }
}

void subnet_kill(struct subnet *subnet, uint32_t n)
{
    subnet->relays[n].down = true;
    subnet_cut(subnet);
}

/* As between two programs. */
static void deliver(struct subnet *subnet, struct subnet_relay *from, struct subnet_relay *to)
{
    uint8_t bytes[CONTROL_SIZE_MAX];
    Ziglan__Control *control;
    size_t size;

    CHECK(control_pack(bytes, sizeof(bytes), &size, &subnet->message.control) == ERR_OK);
    from->sent++;
    from->sent_bytes += size;
    if (reaches(from, to)) {
        CHECK(control_unpack(&control, &subnet->arena, bytes, size) == ERR_OK);
        (void)mesh_on_control(to->mesh, from->identity.public_key, control, subnet->now);
    }
}

static void dial(struct subnet *subnet, struct subnet_relay *from, const struct mesh_output *out)
{
    struct subnet_relay *to = relay_of(subnet, out->key);
    struct mesh_dialled dialled = {.address = out->address, .rtt_us = 1000};

    memcpy(dialled.key, out->key, KEY_SIZE);
    dialled.proved = reaches(from, to) && endpoint_equal(&to->address, &out->address);
    if (dialled.proved && from > to) {
        dialled.rtt_us += (uint32_t)(from - to) * 100;
    } else if (dialled.proved) {
        dialled.rtt_us += (uint32_t)(to - from) * 100;
    }
    mesh_on_dialled(from->mesh, &dialled, subnet->now);
    if (dialled.proved && out->type == MESH_OUTPUT_CONNECT) {
        connect(subnet, from, to);
        mesh_on_rtt(from->mesh, out->key, dialled.rtt_us, subnet->now);
        mesh_on_rtt(to->mesh, from->identity.public_key, dialled.rtt_us, subnet->now);
    }
}

static bool work(struct subnet *subnet, struct subnet_relay *relay)
{
    struct mesh_output out;

    if (!mesh_output(relay->mesh, &out, &subnet->message, subnet->now)) {
        return false;
    }
    switch (out.type) {
    case MESH_OUTPUT_SEND:
        deliver(subnet, relay, relay_of(subnet, out.key));
        break;
    case MESH_OUTPUT_REACH:
    case MESH_OUTPUT_CONNECT:
        dial(subnet, relay, &out);
        break;
    case MESH_OUTPUT_RELEASE:
        disconnect(subnet, relay, relay_of(subnet, out.key));
        break;
    }
    return true;
}

void subnet_pump(struct subnet *subnet)
{
    bool busy = true;

    while (busy) {
        busy = false;
        for (uint32_t i = 0; i < subnet->count; i++) {
            struct subnet_relay *relay = &subnet->relays[i];

            while (!relay->down && work(subnet, relay)) {
                busy = true;
            }
        }
    }
}

void subnet_run(struct subnet *subnet, uint64_t ms)
{
    struct mono end = mono_add_ms(subnet->now, ms);

    subnet_pump(subnet);
    while (mono_before(subnet->now, end)) {
        struct mono next = end;

        for (uint32_t i = 0; i < subnet->count; i++) {
            if (!subnet->relays[i].down) {
                next = mono_min(next, mesh_deadline(subnet->relays[i].mesh));
            }
        }
        if (mono_before(subnet->now, next)) {
            subnet->now = next;
        } else {
            subnet->now = mono_add_ms(subnet->now, 1); /* nobody may demand to run all the time */
        }
        for (uint32_t i = 0; i < subnet->count; i++) {
            if (!subnet->relays[i].down) {
                mesh_expire(subnet->relays[i].mesh, subnet->now);
            }
        }
        subnet_pump(subnet);
    }
}

void subnet_tell(struct subnet *subnet, uint32_t to, const struct identity *from,
                 const struct part *record, const struct part *attestations, size_t count)
{
    ProtobufCBinaryData attested[NODE_ATTESTATIONS_MAX];
    Ziglan__NodeEntry entry = ZIGLAN__NODE_ENTRY__INIT;

    CHECK(count <= NODE_ATTESTATIONS_MAX);
    entry.record = control_bytes(record->bytes, record->size);
    for (size_t i = 0; i < count; i++) {
        attested[i] = control_bytes(attestations[i].bytes, attestations[i].size);
    }
    entry.attestations = attested;
    entry.n_attestations = count;
    mesh_on_entry(subnet->relays[to].mesh, from->public_key, &entry, subnet->now);
}

bool subnet_knows(const struct subnet *subnet, uint32_t a, uint32_t b)
{
    struct node_found found;

    return mesh_find(subnet->relays[a].mesh, subnet->relays[b].identity.public_key, &found);
}

uint32_t subnet_known_by(const struct subnet *subnet, uint32_t n)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < subnet->count; i++) {
        count += !subnet->relays[i].down && subnet_knows(subnet, i, n);
    }
    return count;
}
