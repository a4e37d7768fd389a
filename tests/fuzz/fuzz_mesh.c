/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a control message of a neighbour, and as what stands in the store under a key. The
 * mesh knows one neighbour, and is asked afterwards for all that it has to do.
 */
#include "proto/base/bytes.h"
#include "rendezvous/mesh/mesh.h"
#include "rendezvous/mesh/node_store.h"
#include "tests/support/env.h"
#include "tests/support/identities.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUTPUTS_MAX = 64 };

static void as_control(struct mesh *mesh, const uint8_t *from, const uint8_t *data, size_t size,
                       struct mono now)
{
    static struct control_arena arena;
    static struct mesh_message message;
    Ziglan__Control *control;
    struct mesh_output out;

    if (control_unpack(&control, &arena, data, size) != ERR_OK) {
        return;
    }
    (void)mesh_on_control(mesh, from, control, now);
    for (int i = 0; i < OUTPUTS_MAX && mesh_output(mesh, &out, &message, now); i++) {
        uint8_t bytes[CONTROL_SIZE_MAX];
        size_t packed;

        if (out.type == MESH_OUTPUT_SEND) {
            CHECK(control_pack(bytes, sizeof(bytes), &packed, &message.control) == ERR_OK);
        }
    }
}

static void as_stored(struct node_shelf *shelf, const uint8_t *data, size_t size)
{
    struct node_stored stored;

    if (size > KEY_SIZE &&
        node_store_read(&stored, shelf, data, KEY_SIZE, data + KEY_SIZE, size - KEY_SIZE)) {
        CHECK(memcmp(node_item_key(stored.node), data, KEY_SIZE) == 0);
        node_stored_release(&stored, shelf);
    }
    CHECK(node_shelf_count(shelf) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct identity own, other;
    struct mesh_config config = {.identity = &own};
    struct mesh_session session = {.address = {.port = 1}};
    struct mono now = {NS_PER_S};
    struct test_env ports;
    struct mesh *mesh;

    CHECK(identity_library_init() == ERR_OK);
    own = node_of(1);
    other = node_of(2);
    test_env_init(&ports, 1);
    CHECK(node_shelf_new(&config.shelf, &ports.env) == ERR_OK);
    as_stored(config.shelf, data, size);
    CHECK(mesh_new(&mesh, &config, &ports.env, now) == ERR_OK);
    memcpy(session.key, other.public_key, KEY_SIZE);
    CHECK(mesh_on_up(mesh, &session, now) == ERR_OK);
    as_control(mesh, session.key, data, size, now);
    mesh_free(mesh);
    node_shelf_free(config.shelf);
    return 0;
}
