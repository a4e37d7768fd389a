/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and steps follow section 5 of the specification (CipherState, SymmetricState,
 * HandshakeState). */
#include "proto/crypto/noise.h"

#include "proto/base/bytes.h"

#include <sodium.h>
#include <string.h>

enum {
    BLOCK_SIZE = 128, /* of BLAKE2b, for HMAC */
    NONCE_SIZE = crypto_aead_chacha20poly1305_ietf_NPUBBYTES,
};

/* HMAC (RFC 2104) of data || more, with BLAKE2b-512 without a key: Noise wants HMAC although
 * BLAKE2b has a keyed mode. The key is always a hash, which is shorter than a block. */
static void hmac(uint8_t out[NOISE_HASH_SIZE], const uint8_t key[NOISE_HASH_SIZE],
                 const uint8_t *data, size_t size, const uint8_t *more, size_t more_size)
{
    crypto_generichash_state state;
    uint8_t inner[BLOCK_SIZE], outer[BLOCK_SIZE];

    memset(inner, 0x36, BLOCK_SIZE);
    memset(outer, 0x5c, BLOCK_SIZE);
    for (size_t i = 0; i < NOISE_HASH_SIZE; i++) {
        inner[i] ^= key[i];
        outer[i] ^= key[i];
    }
    crypto_generichash_init(&state, NULL, 0, NOISE_HASH_SIZE);
    crypto_generichash_update(&state, inner, BLOCK_SIZE);
    if (size > 0) {
        crypto_generichash_update(&state, data, size);
    }
    crypto_generichash_update(&state, more, more_size);
    crypto_generichash_final(&state, out, NOISE_HASH_SIZE);

    crypto_generichash_init(&state, NULL, 0, NOISE_HASH_SIZE);
    crypto_generichash_update(&state, outer, BLOCK_SIZE);
    crypto_generichash_update(&state, out, NOISE_HASH_SIZE);
    crypto_generichash_final(&state, out, NOISE_HASH_SIZE);

    sodium_memzero(&state, sizeof(state));
    sodium_memzero(inner, sizeof(inner));
    sodium_memzero(outer, sizeof(outer));
}

/* HKDF (section 4.3) with `count` outputs, 2 or 3. */
static void hkdf(uint8_t out[3][NOISE_HASH_SIZE], size_t count,
                 const uint8_t chaining_key[NOISE_HASH_SIZE], const uint8_t *input, size_t size)
{
    uint8_t temp[NOISE_HASH_SIZE];

    /* `more` is empty, but must not be NULL. */
    hmac(temp, chaining_key, input, size, chaining_key, 0);
    for (size_t i = 0; i < count; i++) {
        uint8_t number = (uint8_t)(i + 1);

        hmac(out[i], temp, i > 0 ? out[i - 1] : NULL, i > 0 ? NOISE_HASH_SIZE : 0, &number, 1);
    }
    sodium_memzero(temp, sizeof(temp));
}

static void mix_hash(struct noise *noise, const uint8_t *data, size_t size)
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, NOISE_HASH_SIZE);
    crypto_generichash_update(&state, noise->hash, NOISE_HASH_SIZE);
    if (size > 0) {
        crypto_generichash_update(&state, data, size);
    }
    crypto_generichash_final(&state, noise->hash, NOISE_HASH_SIZE);
}

static void set_key(struct noise *noise, const uint8_t key[NOISE_KEY_SIZE])
{
    memcpy(noise->key, key, NOISE_KEY_SIZE);
    noise->nonce = 0;
    noise->key_set = true;
}

static void mix_key(struct noise *noise, const uint8_t *input, size_t size)
{
    uint8_t out[3][NOISE_HASH_SIZE];

    hkdf(out, 2, noise->chaining_key, input, size);
    memcpy(noise->chaining_key, out[0], NOISE_HASH_SIZE);
    set_key(noise, out[1]);
    sodium_memzero(out, sizeof(out));
}

static void mix_psk(struct noise *noise)
{
    uint8_t out[3][NOISE_HASH_SIZE];

    hkdf(out, 3, noise->chaining_key, noise->psk, NOISE_KEY_SIZE);
    memcpy(noise->chaining_key, out[0], NOISE_HASH_SIZE);
    mix_hash(noise, out[1], NOISE_HASH_SIZE);
    set_key(noise, out[2]);
    sodium_memzero(out, sizeof(out));
}

static int mix_dh(struct noise *noise, const uint8_t secret[NOISE_KEY_SIZE],
                  const uint8_t public_key[NOISE_KEY_SIZE])
{
    uint8_t shared[NOISE_KEY_SIZE];
    int rc = ERR_DROP;

    if (crypto_scalarmult(shared, secret, public_key) == 0) {
        mix_key(noise, shared, sizeof(shared));
        rc = ERR_OK;
    }
    sodium_memzero(shared, sizeof(shared));
    return rc;
}

/* Token "e", for either side. With a psk the ephemeral key goes into the key, too (section 9.2), so
 * that no two handshakes with one psk have the same key. */
static void mix_ephemeral(struct noise *noise, const uint8_t public_key[NOISE_KEY_SIZE])
{
    mix_hash(noise, public_key, NOISE_KEY_SIZE);
    if (noise->psk_used) {
        mix_key(noise, public_key, NOISE_KEY_SIZE);
    }
}

static void nonce_next(struct noise *noise, uint8_t nonce[NONCE_SIZE])
{
    CHECK(noise->key_set);
    memset(nonce, 0, NONCE_SIZE);
    nonce[4] = (uint8_t)noise->nonce++; /* little-endian; a key seals two texts at most */
}

static void encrypt_and_hash(struct noise *noise, const uint8_t *plain, size_t size, uint8_t *out)
{
    uint8_t nonce[NONCE_SIZE];

    nonce_next(noise, nonce);
    crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain, size, noise->hash, NOISE_HASH_SIZE,
                                              NULL, nonce, noise->key);
    mix_hash(noise, out, size + AEAD_TAG_SIZE);
}

static int decrypt_and_hash(struct noise *noise, const uint8_t *sealed, size_t size, uint8_t *out)
{
    uint8_t nonce[NONCE_SIZE];

    nonce_next(noise, nonce);
    if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed, size, noise->hash,
                                                  NOISE_HASH_SIZE, nonce, noise->key) != 0) {
        return ERR_DROP;
    }
    mix_hash(noise, sealed, size);
    return ERR_OK;
}

static void init(struct noise *noise, const struct noise_config *config)
{
    const char *name = config->psk != NULL ? "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b"
                                           : "Noise_IK_25519_ChaChaPoly_BLAKE2b";

    memset(noise, 0, sizeof(*noise));
    memcpy(noise->hash, name, strlen(name)); /* shorter than a hash: padded with zeros */
    memcpy(noise->chaining_key, noise->hash, NOISE_HASH_SIZE);
    memcpy(noise->static_secret, config->static_secret, NOISE_KEY_SIZE);
    memcpy(noise->static_public, config->static_public, NOISE_KEY_SIZE);
    if (config->psk != NULL) {
        noise->psk_used = true;
        memcpy(noise->psk, config->psk, NOISE_KEY_SIZE);
    }
    mix_hash(noise, config->prologue, config->prologue_size);
}

void noise_init_initiator(struct noise *noise, const struct noise_config *config,
                          const uint8_t remote_static[NOISE_KEY_SIZE])
{
    init(noise, config);
    memcpy(noise->remote_static, remote_static, NOISE_KEY_SIZE);
    mix_hash(noise, noise->remote_static, NOISE_KEY_SIZE);
}

void noise_init_responder(struct noise *noise, const struct noise_config *config)
{
    init(noise, config);
    mix_hash(noise, noise->static_public, NOISE_KEY_SIZE);
}

int noise_write_first(struct noise *noise, const uint8_t ephemeral_secret[NOISE_KEY_SIZE],
                      const uint8_t *payload, size_t payload_size, uint8_t *out)
{
    uint8_t *e = out;
    uint8_t *s = e + NOISE_KEY_SIZE;
    uint8_t *sealed = s + NOISE_KEY_SIZE + AEAD_TAG_SIZE;
    int rc;

    CHECK(payload_size <= NOISE_PAYLOAD_SIZE_MAX);
    memcpy(noise->ephemeral_secret, ephemeral_secret, NOISE_KEY_SIZE);
    crypto_scalarmult_base(e, noise->ephemeral_secret);
    mix_ephemeral(noise, e);
    rc = mix_dh(noise, noise->ephemeral_secret, noise->remote_static);
    if (rc != ERR_OK) {
        return rc;
    }
    encrypt_and_hash(noise, noise->static_public, NOISE_KEY_SIZE, s);
    rc = mix_dh(noise, noise->static_secret, noise->remote_static);
    if (rc != ERR_OK) {
        return rc;
    }
    encrypt_and_hash(noise, payload, payload_size, sealed);
    return ERR_OK;
}

static int read_first(struct noise *noise, const uint8_t *message, uint8_t *payload,
                      size_t payload_size)
{
    const uint8_t *s = message + NOISE_KEY_SIZE;
    const uint8_t *sealed = s + NOISE_KEY_SIZE + AEAD_TAG_SIZE;
    int rc;

    memcpy(noise->remote_ephemeral, message, NOISE_KEY_SIZE);
    mix_ephemeral(noise, noise->remote_ephemeral);
    rc = mix_dh(noise, noise->static_secret, noise->remote_ephemeral);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = decrypt_and_hash(noise, s, NOISE_KEY_SIZE + AEAD_TAG_SIZE, noise->remote_static);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = mix_dh(noise, noise->static_secret, noise->remote_static);
    if (rc != ERR_OK) {
        return rc;
    }
    return decrypt_and_hash(noise, sealed, payload_size + AEAD_TAG_SIZE, payload);
}

int noise_read_first(struct noise *noise, const uint8_t *message, size_t size, uint8_t *payload,
                     size_t payload_size)
{
    struct noise next = *noise;
    int rc = ERR_DROP;

    if (size == NOISE_FIRST_OVERHEAD + payload_size) {
        rc = read_first(&next, message, payload, payload_size);
    }
    if (rc == ERR_OK) {
        *noise = next;
    }
    noise_wipe(&next);
    return rc;
}

int noise_write_second(struct noise *noise, const uint8_t ephemeral_secret[NOISE_KEY_SIZE],
                       const uint8_t *payload, size_t payload_size, uint8_t *out)
{
    int rc;

    CHECK(payload_size <= NOISE_PAYLOAD_SIZE_MAX);
    memcpy(noise->ephemeral_secret, ephemeral_secret, NOISE_KEY_SIZE);
    crypto_scalarmult_base(out, noise->ephemeral_secret);
    mix_ephemeral(noise, out);
    rc = mix_dh(noise, noise->ephemeral_secret, noise->remote_ephemeral);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = mix_dh(noise, noise->ephemeral_secret, noise->remote_static);
    if (rc != ERR_OK) {
        return rc;
    }
    if (noise->psk_used) {
        mix_psk(noise);
    }
    encrypt_and_hash(noise, payload, payload_size, out + NOISE_KEY_SIZE);
    return ERR_OK;
}

static int read_second(struct noise *noise, const uint8_t *message, uint8_t *payload,
                       size_t payload_size)
{
    int rc;

    memcpy(noise->remote_ephemeral, message, NOISE_KEY_SIZE);
    mix_ephemeral(noise, noise->remote_ephemeral);
    rc = mix_dh(noise, noise->ephemeral_secret, noise->remote_ephemeral);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = mix_dh(noise, noise->static_secret, noise->remote_ephemeral);
    if (rc != ERR_OK) {
        return rc;
    }
    if (noise->psk_used) {
        mix_psk(noise);
    }
    return decrypt_and_hash(noise, message + NOISE_KEY_SIZE, payload_size + AEAD_TAG_SIZE, payload);
}

int noise_read_second(struct noise *noise, const uint8_t *message, size_t size, uint8_t *payload,
                      size_t payload_size)
{
    struct noise next = *noise;
    int rc = ERR_DROP;

    if (size == NOISE_SECOND_OVERHEAD + payload_size) {
        rc = read_second(&next, message, payload, payload_size);
    }
    if (rc == ERR_OK) {
        *noise = next;
    }
    noise_wipe(&next);
    return rc;
}

void noise_split(const struct noise *noise, uint8_t initiator_key[NOISE_KEY_SIZE],
                 uint8_t responder_key[NOISE_KEY_SIZE])
{
    uint8_t out[3][NOISE_HASH_SIZE];

    hkdf(out, 2, noise->chaining_key, NULL, 0);
    memcpy(initiator_key, out[0], NOISE_KEY_SIZE);
    memcpy(responder_key, out[1], NOISE_KEY_SIZE);
    sodium_memzero(out, sizeof(out));
}

void noise_wipe(struct noise *noise)
{
    sodium_memzero(noise, sizeof(*noise));
}
