/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One AEAD, whose key everybody of the ziglan can make. */
#include "proto/crypto/lan_seal.h"

#include "proto/crypto/hash.h"

#include <sodium.h>
#include <string.h>

_Static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == LAN_SEAL_NONCE_SIZE, "nonce");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == HASH_SIZE, "key");
_Static_assert(LAN_SEAL_NONCE_SIZE + crypto_aead_xchacha20poly1305_ietf_ABYTES == LAN_SEAL_SIZE,
               "size");

void lan_seal(uint8_t *out, const uint8_t *plain, size_t size, const char *label,
              const uint8_t ziglan_key[KEY_SIZE], const uint8_t nonce[LAN_SEAL_NONCE_SIZE])
{
    uint8_t key[HASH_SIZE];

    hash_label(key, label, ziglan_key, KEY_SIZE, NULL, 0);
    memcpy(out, nonce, LAN_SEAL_NONCE_SIZE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(out + LAN_SEAL_NONCE_SIZE, NULL, plain, size,
                                                     NULL, 0, NULL, nonce, key);
    sodium_memzero(key, sizeof(key));
}

int lan_seal_open(uint8_t *plain, const uint8_t *data, size_t size, const char *label,
                  const uint8_t ziglan_key[KEY_SIZE])
{
    uint8_t key[HASH_SIZE];
    int rc;

    hash_label(key, label, ziglan_key, KEY_SIZE, NULL, 0);
    rc = crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, data + LAN_SEAL_NONCE_SIZE,
                                                    size - LAN_SEAL_NONCE_SIZE, NULL, 0, data, key);
    sodium_memzero(key, sizeof(key));
    return rc == 0 ? ERR_OK : ERR_DROP;
}
