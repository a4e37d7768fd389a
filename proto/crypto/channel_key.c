/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One keyed BLAKE2b over label, name and channel; no key serves two AEADs or two channels. */
#include "proto/crypto/channel_key.h"

#include <sodium.h>
#include <string.h>

void channel_key(uint8_t out[AEAD_KEY_SIZE], const uint8_t split_key[AEAD_KEY_SIZE], enum aead aead,
                 uint8_t channel)
{
    static const char label[] = "ziglan key 1";
    const char *name = aead_name(aead);
    crypto_generichash_state state;

    crypto_generichash_init(&state, split_key, AEAD_KEY_SIZE, AEAD_KEY_SIZE);
    crypto_generichash_update(&state, (const uint8_t *)label, strlen(label));
    crypto_generichash_update(&state, (const uint8_t *)name, strlen(name));
    crypto_generichash_update(&state, &channel, 1);
    crypto_generichash_final(&state, out, AEAD_KEY_SIZE);
    sodium_memzero(&state, sizeof(state));
}
