/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ed25519 and its X25519 form by libsodium. */
#include "proto/crypto/identity.h"

#include "proto/base/bytes.h"

#include <sodium.h>
#include <string.h>

_Static_assert(crypto_sign_PUBLICKEYBYTES == KEY_SIZE, "Ed25519 key");
_Static_assert(crypto_sign_SECRETKEYBYTES == 64, "Ed25519 secret key");
_Static_assert(crypto_sign_SEEDBYTES == IDENTITY_SEED_SIZE, "Ed25519 seed");
_Static_assert(crypto_sign_BYTES == SIGNATURE_SIZE, "Ed25519 signature");

int identity_library_init(void)
{
    return sodium_init() < 0 ? ERR_SYSTEM : ERR_OK;
}

void identity_from_seed(struct identity *out, const uint8_t seed[IDENTITY_SEED_SIZE])
{
    int failed = 0;

    failed |= crypto_sign_seed_keypair(out->public_key, out->secret_key, seed);
    failed |= crypto_sign_ed25519_sk_to_curve25519(out->x25519_secret, out->secret_key);
    failed |= crypto_scalarmult_base(out->x25519_public, out->x25519_secret);
    CHECK(failed == 0); /* no seed makes these fail */
}

void identity_wipe(struct identity *identity)
{
    sodium_memzero(identity, sizeof(*identity));
}

/* Ed25519 hashes its message twice, so libsodium wants it in one buffer: write label || message to
 * joined. Returns their size, 0 if they do not fit. */
static size_t join(uint8_t joined[IDENTITY_SIGNED_SIZE_MAX], const char *label,
                   const uint8_t *message, size_t size)
{
    size_t label_size = strlen(label);

    if (label_size > IDENTITY_SIGNED_SIZE_MAX || size > IDENTITY_SIGNED_SIZE_MAX - label_size) {
        return 0;
    }
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): bytes, not a string */
    memcpy(joined, label, label_size);
    if (size > 0) {
        memcpy(joined + label_size, message, size);
    }
    return label_size + size;
}

void identity_sign(const struct identity *identity, const char *label, const uint8_t *message,
                   size_t size, uint8_t signature[SIGNATURE_SIZE])
{
    uint8_t joined[IDENTITY_SIGNED_SIZE_MAX];
    size_t joined_size = join(joined, label, message, size);

    CHECK(joined_size > 0);
    CHECK(crypto_sign_detached(signature, NULL, joined, joined_size, identity->secret_key) == 0);
}

bool key_verify(const uint8_t key[KEY_SIZE], const char *label, const uint8_t *message, size_t size,
                const uint8_t signature[SIGNATURE_SIZE])
{
    uint8_t joined[IDENTITY_SIGNED_SIZE_MAX];
    size_t joined_size = join(joined, label, message, size);

    return joined_size > 0 && crypto_sign_verify_detached(signature, joined, joined_size, key) == 0;
}

bool key_is_usable(const uint8_t key[KEY_SIZE])
{
    uint8_t x25519[KEY_SIZE];

    return key_x25519(x25519, key) == ERR_OK;
}

bool url_is_usable(const struct url *url)
{
    bool usable = key_is_usable(url->key);

    for (size_t i = 0; i < url->relays_count; i++) {
        usable = usable && key_is_usable(url->relays[i].key);
    }
    return usable;
}

int key_x25519(uint8_t out[KEY_SIZE], const uint8_t key[KEY_SIZE])
{
    uint8_t converted[KEY_SIZE];

    /* The conversion refuses keys of small and of mixed order. The first check also refuses a
     * second encoding of a point, so that one point is not two keys. */
    if (crypto_core_ed25519_is_valid_point(key) != 1 ||
        crypto_sign_ed25519_pk_to_curve25519(converted, key) != 0) {
        return ERR_DROP;
    }
    memcpy(out, converted, KEY_SIZE);
    return ERR_OK;
}
