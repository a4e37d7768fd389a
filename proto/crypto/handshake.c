/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Noise makes and reads the messages; here are the frames around them, the payloads, and mac1. */
#include "proto/crypto/handshake.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/crypto/hash.h"

#include <sodium.h>
#include <string.h>

enum {
    SENDER_AT = 4,
    RESPONSE_RECEIVER_AT = 8,
    COOKIE_RECEIVER_AT = 4,
    INITIATION_NOISE_AT = 8,
    INITIATION_NOISE_SIZE = NOISE_FIRST_OVERHEAD + HANDSHAKE_INITIATOR_PAYLOAD_SIZE,
    RESPONSE_NOISE_AT = 12,
    RESPONSE_NOISE_SIZE = NOISE_SECOND_OVERHEAD + HANDSHAKE_RESPONDER_PAYLOAD_SIZE,
    MACS_SIZE = 2 * MAC_SIZE,
};

_Static_assert(INITIATION_NOISE_AT + INITIATION_NOISE_SIZE + MACS_SIZE == HANDSHAKE_INITIATION_SIZE,
               "layout of an initiation");
_Static_assert(RESPONSE_NOISE_AT + RESPONSE_NOISE_SIZE + MACS_SIZE == HANDSHAKE_RESPONSE_SIZE,
               "layout of a response");
_Static_assert((int)HANDSHAKE_PSK_SIZE == (int)NOISE_KEY_SIZE, "size of a pre-shared key");

static const uint8_t prologue[8] = {'z', 'i', 'g', 'l', 'a', 'n', ' ', '1'};

static struct noise_config config_of(const struct handshake_local *local)
{
    return (struct noise_config){
        .prologue = prologue,
        .prologue_size = sizeof(prologue),
        .static_secret = local->identity->x25519_secret,
        .static_public = local->identity->x25519_public,
        .psk = local->psk,
    };
}

/* ---- mac1 ---- */

static void mac1_key(uint8_t key[HASH_SIZE], const uint8_t reader_x25519[KEY_SIZE])
{
    hash_label(key, "ziglan mac1 1", reader_x25519, KEY_SIZE, NULL, 0);
}

/* Fill the last 32 bytes: mac1, and zeros for mac2, which cookie_jar_stamp may write later. */
static void macs_write(uint8_t *frame, size_t size, const uint8_t reader_x25519[KEY_SIZE])
{
    uint8_t key[HASH_SIZE];
    size_t mac1_at = size - MACS_SIZE;

    mac1_key(key, reader_x25519);
    mac_label(frame + mac1_at, key, sizeof(key), "", frame, mac1_at);
    memset(frame + mac1_at + MAC_SIZE, 0, MAC_SIZE);
}

bool handshake_shape_ok(const uint8_t *frame, size_t size)
{
    struct rbuf r = rbuf_over(frame, size);
    uint8_t type = rbuf_u8(&r);
    uint8_t version = rbuf_u8(&r);
    uint16_t reserved = rbuf_u16(&r);

    if (r.failed || version != HANDSHAKE_VERSION || reserved != 0) {
        return false;
    }
    return (type == FRAME_TYPE_INITIATION && size == HANDSHAKE_INITIATION_SIZE) ||
           (type == FRAME_TYPE_RESPONSE && size == HANDSHAKE_RESPONSE_SIZE);
}

bool handshake_mac1_ok(const struct identity *identity, const uint8_t *frame, size_t size)
{
    uint8_t key[HASH_SIZE];

    if (!handshake_shape_ok(frame, size)) {
        return false;
    }
    mac1_key(key, identity->x25519_public);
    return mac_ok(frame + size - MACS_SIZE, key, sizeof(key), frame, size - MACS_SIZE);
}

/* ---- initiation ---- */

static void initiator_payload_write(uint8_t out[HANDSHAKE_INITIATOR_PAYLOAD_SIZE],
                                    const struct handshake_local *local, uint64_t timestamp_ms)
{
    struct wbuf w = wbuf_over(out, HANDSHAKE_INITIATOR_PAYLOAD_SIZE);
    const struct aead_list *aeads = &local->aeads;

    CHECK(aeads->count > 0 && aeads->count <= AEAD_LIST_MAX);
    wbuf_put(&w, local->identity->public_key, KEY_SIZE);
    wbuf_u64(&w, timestamp_ms);
    wbuf_u8(&w, HANDSHAKE_VERSION);
    wbuf_u8(&w, aeads->count);
    wbuf_put(&w, aeads->ids, aeads->count);
    wbuf_zeros(&w, AEAD_LIST_MAX - (size_t)aeads->count);
    CHECK(wbuf_ok(&w) && wbuf_size(&w) == HANDSHAKE_INITIATOR_PAYLOAD_SIZE);
}

static int initiator_payload_read(struct handshake_initiation *out,
                                  const uint8_t payload[HANDSHAKE_INITIATOR_PAYLOAD_SIZE])
{
    struct rbuf r = rbuf_over(payload, HANDSHAKE_INITIATOR_PAYLOAD_SIZE);
    uint8_t version;

    rbuf_copy(&r, out->peer_key, KEY_SIZE);
    out->timestamp_ms = rbuf_u64(&r);
    version = rbuf_u8(&r);
    out->aeads.count = rbuf_u8(&r);
    if (version != HANDSHAKE_VERSION || out->aeads.count == 0 || out->aeads.count > AEAD_LIST_MAX) {
        return ERR_DROP;
    }
    rbuf_copy(&r, out->aeads.ids, out->aeads.count);
    rbuf_zeros(&r, AEAD_LIST_MAX - (size_t)out->aeads.count);
    if (!rbuf_done(&r) || aead_list_has(&out->aeads, AEAD_NONE)) {
        return ERR_DROP;
    }
    return ERR_OK;
}

int handshake_initiate(struct handshake *out, const struct handshake_local *local,
                       const uint8_t peer_key[KEY_SIZE], uint32_t index, uint64_t timestamp_ms,
                       uint8_t frame[HANDSHAKE_INITIATION_SIZE])
{
    struct noise_config config = config_of(local);
    uint8_t payload[HANDSHAKE_INITIATOR_PAYLOAD_SIZE];
    uint8_t ephemeral[NOISE_KEY_SIZE] = {0};
    uint8_t peer_x25519[KEY_SIZE];
    int rc;

    memset(out, 0, sizeof(*out));
    rc = key_x25519(peer_x25519, peer_key);
    if (rc != ERR_OK) {
        goto out;
    }
    out->local_index = index;
    out->offered = local->aeads;
    memcpy(out->peer_key, peer_key, KEY_SIZE);
    noise_init_initiator(&out->noise, &config, peer_x25519);
    initiator_payload_write(payload, local, timestamp_ms);
    env_random(local->env, ephemeral, sizeof(ephemeral));

    frame[0] = FRAME_TYPE_INITIATION;
    frame[1] = HANDSHAKE_VERSION;
    be16_write(frame + 2, 0);
    be32_write(frame + SENDER_AT, index);
    rc = noise_write_first(&out->noise, ephemeral, payload, sizeof(payload),
                           frame + INITIATION_NOISE_AT);
    if (rc != ERR_OK) {
        goto out;
    }
    macs_write(frame, HANDSHAKE_INITIATION_SIZE, peer_x25519);
out:
    sodium_memzero(ephemeral, sizeof(ephemeral));
    if (rc != ERR_OK) {
        handshake_wipe(out);
    }
    return rc;
}

int handshake_read_initiation(struct handshake_initiation *out, const struct handshake_local *local,
                              const uint8_t *frame, size_t size)
{
    struct noise_config config = config_of(local);
    struct handshake_initiation m = {0};
    uint8_t payload[HANDSHAKE_INITIATOR_PAYLOAD_SIZE];
    uint8_t peer_x25519[KEY_SIZE];
    int rc = ERR_DROP;

    if (!handshake_mac1_ok(local->identity, frame, size) || frame[0] != FRAME_TYPE_INITIATION) {
        goto out;
    }
    noise_init_responder(&m.noise, &config);
    rc = noise_read_first(&m.noise, frame + INITIATION_NOISE_AT, INITIATION_NOISE_SIZE, payload,
                          sizeof(payload));
    if (rc != ERR_OK) {
        goto out;
    }
    rc = initiator_payload_read(&m, payload);
    if (rc != ERR_OK) {
        goto out;
    }
    /* Noise proved that the peer owns the X25519 key. The Ed25519 key is a mere claim until it is
     * shown to be the same key; without this check anybody could claim any key. X25519 does not see
     * the sign of a point, so the negative of a key passes, too. Its secret is the negative of the
     * key's secret, which the same owner knows. */
    rc = key_x25519(peer_x25519, m.peer_key);
    if (rc == ERR_OK && sodium_memcmp(peer_x25519, m.noise.remote_static, KEY_SIZE) != 0) {
        rc = ERR_DROP;
    }
    if (rc == ERR_OK) {
        m.remote_index = be32_read(frame + SENDER_AT);
        *out = m;
    }
out:
    handshake_initiation_wipe(&m);
    return rc;
}

/* ---- response ---- */

static void response_header_write(uint8_t frame[HANDSHAKE_RESPONSE_SIZE], uint32_t sender,
                                  uint32_t receiver)
{
    frame[0] = FRAME_TYPE_RESPONSE;
    frame[1] = HANDSHAKE_VERSION;
    be16_write(frame + 2, 0);
    be32_write(frame + SENDER_AT, sender);
    be32_write(frame + RESPONSE_RECEIVER_AT, receiver);
}

int handshake_respond(struct handshake_initiation *initiation, const struct handshake_local *local,
                      uint32_t index, uint8_t frame[HANDSHAKE_RESPONSE_SIZE],
                      struct session_keys *keys)
{
    enum aead aead = aead_choose(&initiation->aeads, &local->aeads);
    uint8_t payload[HANDSHAKE_RESPONDER_PAYLOAD_SIZE] = {(uint8_t)aead};
    uint8_t message[RESPONSE_NOISE_SIZE];
    uint8_t ephemeral[NOISE_KEY_SIZE] = {0};
    int rc = ERR_DROP;

    if (aead == AEAD_NONE) {
        goto out;
    }
    env_random(local->env, ephemeral, sizeof(ephemeral));
    rc = noise_write_second(&initiation->noise, ephemeral, payload, sizeof(payload), message);
    if (rc != ERR_OK) {
        goto out;
    }
    response_header_write(frame, index, initiation->remote_index);
    memcpy(frame + RESPONSE_NOISE_AT, message, sizeof(message));
    macs_write(frame, HANDSHAKE_RESPONSE_SIZE, initiation->noise.remote_static);

    memset(keys, 0, sizeof(*keys));
    keys->aead = aead;
    keys->local_index = index;
    keys->remote_index = initiation->remote_index;
    noise_split(&initiation->noise, keys->receive_key, keys->send_key);
out:
    sodium_memzero(ephemeral, sizeof(ephemeral));
    handshake_initiation_wipe(initiation);
    return rc;
}

/* The chosen AEAD, or AEAD_NONE if the responder broke the rules. */
static enum aead responder_payload_read(const uint8_t payload[HANDSHAKE_RESPONDER_PAYLOAD_SIZE],
                                        const struct aead_list *offered)
{
    struct rbuf r = rbuf_over(payload, HANDSHAKE_RESPONDER_PAYLOAD_SIZE);
    uint8_t id = rbuf_u8(&r);

    rbuf_zeros(&r, HANDSHAKE_RESPONDER_PAYLOAD_SIZE - 1);
    if (!rbuf_done(&r) || !aead_list_has(offered, id) || !aead_available((enum aead)id)) {
        return AEAD_NONE;
    }
    return (enum aead)id;
}

int handshake_read_response(struct handshake *handshake, const struct handshake_local *local,
                            const uint8_t *frame, size_t size, struct session_keys *keys)
{
    struct noise noise = handshake->noise;
    uint8_t payload[HANDSHAKE_RESPONDER_PAYLOAD_SIZE];
    enum aead aead;
    int rc = ERR_DROP;

    if (!handshake_mac1_ok(local->identity, frame, size) || frame[0] != FRAME_TYPE_RESPONSE ||
        be32_read(frame + RESPONSE_RECEIVER_AT) != handshake->local_index) {
        goto out;
    }
    rc = noise_read_second(&noise, frame + RESPONSE_NOISE_AT, RESPONSE_NOISE_SIZE, payload,
                           sizeof(payload));
    if (rc != ERR_OK) {
        goto out;
    }
    aead = responder_payload_read(payload, &handshake->offered);
    if (aead == AEAD_NONE) {
        rc = ERR_SESSION;
    } else {
        memset(keys, 0, sizeof(*keys));
        keys->aead = aead;
        keys->local_index = handshake->local_index;
        keys->remote_index = be32_read(frame + SENDER_AT);
        noise_split(&noise, keys->send_key, keys->receive_key);
    }
    handshake_wipe(handshake);
out:
    noise_wipe(&noise);
    return rc;
}

/* ---- indices ---- */

bool handshake_receiver_index(const uint8_t *frame, size_t size, uint32_t *index)
{
    size_t at;

    if (size == 0) {
        return false;
    }
    switch (frame[0]) {
    case FRAME_TYPE_RESPONSE:
        at = RESPONSE_RECEIVER_AT;
        break;
    case FRAME_TYPE_COOKIE_REPLY:
        at = COOKIE_RECEIVER_AT;
        break;
    case FRAME_TYPE_DATA:
    case FRAME_TYPE_PING:
        at = FRAME_INDEX_AT;
        break;
    default:
        return false;
    }
    if (size < at + 4) {
        return false;
    }
    *index = be32_read(frame + at);
    return true;
}

uint32_t handshake_sender_index(const uint8_t *frame)
{
    return be32_read(frame + SENDER_AT);
}

void handshake_wipe(struct handshake *handshake)
{
    sodium_memzero(handshake, sizeof(*handshake));
}

void handshake_initiation_wipe(struct handshake_initiation *initiation)
{
    sodium_memzero(initiation, sizeof(*initiation));
}

void session_keys_wipe(struct session_keys *keys)
{
    sodium_memzero(keys, sizeof(*keys));
}
