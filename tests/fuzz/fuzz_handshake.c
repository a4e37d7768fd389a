/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hostile handshake frames and cookie replies. The first byte says what the rest is:
 *   0  a frame of any type, as it is
 *   1  a frame whose mac1 is made right, so that Noise reads it
 *   2  the payload of an initiation that is right in everything else
 *   3  the payload of a response that is right in everything else
 */
#include "proto/base/bytes.h"
#include "proto/base/env.h"
#include "proto/crypto/cookie.h"
#include "proto/crypto/handshake.h"
#include "proto/crypto/hash.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fill(void *context, void *buf, size_t size)
{
    (void)context;
    memset(buf, 0x42, size); /* so that the ephemeral keys are the same in every run */
}

struct world {
    struct env env;
    struct identity ids[2];
    struct handshake_local a, b;
    struct handshake handshake;
    struct handshake_initiation initiation;
    struct session_keys keys;
    struct cookie_baker baker;
    struct cookie_jar jar;
    uint8_t first[HANDSHAKE_INITIATION_SIZE], second[HANDSHAKE_RESPONSE_SIZE];
};

static void world_init(struct world *w)
{
    uint8_t seed[IDENTITY_SEED_SIZE];

    CHECK(identity_library_init() == ERR_OK);
    memset(w, 0, sizeof(*w));
    w->env.random = fill;
    for (size_t i = 0; i < 2; i++) {
        memset(seed, (int)i + 1, sizeof(seed));
        identity_from_seed(&w->ids[i], seed);
    }
    w->a = (struct handshake_local){&w->ids[0], NULL, aead_list_local(), &w->env};
    w->b = (struct handshake_local){&w->ids[1], NULL, aead_list_local(), &w->env};
    cookie_baker_init(&w->baker, &w->env, (struct mono){0});
    CHECK(handshake_initiate(&w->handshake, &w->a, w->ids[1].public_key, 7, 1, w->first) == ERR_OK);
    cookie_jar_stamp(&w->jar, w->first, sizeof(w->first), (struct mono){0});
}

static void mac1_again(uint8_t *frame, size_t size, const struct identity *reader)
{
    uint8_t key[HASH_SIZE];

    hash_label(key, "ziglan mac1 1", reader->x25519_public, KEY_SIZE, NULL, 0);
    mac_label(frame + size - 32, key, sizeof(key), "", frame, size - 32);
}

/* Whether this is host a's key, or the negative of it, which has the same owner (handshake.h). */
static bool is_host_a(const struct world *w, const uint8_t key[KEY_SIZE])
{
    const uint8_t *a = w->ids[0].public_key;

    return memcmp(key, a, KEY_SIZE - 1) == 0 && ((key[31] ^ a[31]) & 0x7f) == 0;
}

/* Everything that a host does with a frame from the network. */
static void receive(struct world *w, const uint8_t *frame, size_t size)
{
    static const uint8_t source[18] = {1};
    uint32_t index;
    int rc;

    (void)handshake_receiver_index(frame, size, &index);
    /* Nobody was given a cookie. */
    CHECK(!cookie_mac2_ok(&w->baker, frame, size, source, sizeof(source), (struct mono){0}));
    if (handshake_mac1_ok(&w->ids[1], frame, size)) {
        uint8_t reply[COOKIE_REPLY_SIZE];

        cookie_reply_write(&w->baker, &w->ids[1], frame, size, source, sizeof(source),
                           (struct mono){0}, reply);
    }
    rc = handshake_read_initiation(&w->initiation, &w->b, frame, size);
    CHECK(rc != ERR_OK || is_host_a(w, w->initiation.peer_key)); /* nobody else can write one */
    if (rc == ERR_OK) {
        rc = handshake_respond(&w->initiation, &w->b, 8, w->second, &w->keys);
        CHECK(rc == ERR_OK || rc == ERR_DROP);
    }
    rc = handshake_read_response(&w->handshake, &w->a, frame, size, &w->keys);
    CHECK(rc != ERR_OK || aead_list_has(&w->a.aeads, (uint8_t)w->keys.aead));
    rc = cookie_jar_receive(&w->jar, w->ids[1].x25519_public, frame, size, (struct mono){0});
    CHECK(rc == ERR_OK || rc == ERR_DROP);
}

static void receive_with_mac1(struct world *w, const uint8_t *data, size_t size)
{
    uint8_t frame[HANDSHAKE_INITIATION_SIZE];

    if (size == HANDSHAKE_INITIATION_SIZE || size == HANDSHAKE_RESPONSE_SIZE) {
        memcpy(frame, data, size);
        mac1_again(frame, size, &w->ids[size == HANDSHAKE_INITIATION_SIZE]);
        receive(w, frame, size);
    }
}

static struct noise_config config_of(const struct identity *identity)
{
    return (struct noise_config){
        .prologue = (const uint8_t *)"ziglan 1",
        .prologue_size = 8,
        .static_secret = identity->x25519_secret,
        .static_public = identity->x25519_public,
    };
}

static void receive_initiator_payload(struct world *w, const uint8_t *data, size_t size)
{
    static const uint8_t ephemeral[NOISE_KEY_SIZE] = {3};
    struct noise_config config = config_of(&w->ids[0]);
    struct noise noise;

    if (size == HANDSHAKE_INITIATOR_PAYLOAD_SIZE) {
        noise_init_initiator(&noise, &config, w->ids[1].x25519_public);
        CHECK(noise_write_first(&noise, ephemeral, data, size, w->first + 8) == ERR_OK);
        mac1_again(w->first, sizeof(w->first), &w->ids[1]);
        receive(w, w->first, sizeof(w->first));
    }
}

static void receive_responder_payload(struct world *w, const uint8_t *data, size_t size)
{
    static const uint8_t ephemeral[NOISE_KEY_SIZE] = {4};
    struct noise noise;

    if (size != HANDSHAKE_RESPONDER_PAYLOAD_SIZE) {
        return;
    }
    CHECK(handshake_read_initiation(&w->initiation, &w->b, w->first, sizeof(w->first)) == ERR_OK);
    noise = w->initiation.noise;
    CHECK(handshake_respond(&w->initiation, &w->b, 8, w->second, &w->keys) == ERR_OK);
    CHECK(noise_write_second(&noise, ephemeral, data, size, w->second + 12) == ERR_OK);
    mac1_again(w->second, sizeof(w->second), &w->ids[0]);
    receive(w, w->second, sizeof(w->second));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world w;

    if (size == 0) {
        return 0;
    }
    world_init(&w);
    switch (data[0]) {
    case 0:
        receive(&w, data + 1, size - 1);
        break;
    case 1:
        receive_with_mac1(&w, data + 1, size - 1);
        break;
    case 2:
        receive_initiator_payload(&w, data + 1, size - 1);
        break;
    case 3:
        receive_responder_payload(&w, data + 1, size - 1);
        break;
    default:
        break;
    }
    return 0;
}
