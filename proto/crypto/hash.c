/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libsodium's generic hash is BLAKE2b. Its functions fail only for sizes out of range, and ours are
 * constant or checked by the caller. */
#include "proto/crypto/hash.h"

#include <sodium.h>
#include <string.h>

static void update(crypto_generichash_state *state, const void *data, size_t size)
{
    if (size > 0) {
        crypto_generichash_update(state, data, size);
    }
}

void hash_label(uint8_t out[HASH_SIZE], const char *label, const uint8_t *data, size_t size,
                const uint8_t *more, size_t more_size)
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
    update(&state, label, strlen(label));
    update(&state, data, size);
    update(&state, more, more_size);
    crypto_generichash_final(&state, out, HASH_SIZE);
    sodium_memzero(&state, sizeof(state));
}

void mac_label(uint8_t out[MAC_SIZE], const uint8_t *key, size_t key_size, const char *label,
               const uint8_t *data, size_t size)
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, key, key_size, MAC_SIZE);
    update(&state, label, strlen(label));
    update(&state, data, size);
    crypto_generichash_final(&state, out, MAC_SIZE);
    sodium_memzero(&state, sizeof(state));
}

bool mac_ok(const uint8_t mac[MAC_SIZE], const uint8_t *key, size_t key_size, const uint8_t *data,
            size_t size)
{
    uint8_t want[MAC_SIZE];

    mac_label(want, key, key_size, "", data, size);
    return sodium_memcmp(want, mac, MAC_SIZE) == 0;
}
