/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each form is one encoding or one labelled hash of the 32 bytes of the key. */
#include "proto/crypto/key_form.h"

#include "proto/base/base32.h"
#include "proto/base/basex.h"
#include "proto/base/bytes.h"
#include "proto/crypto/hash.h"
#include "proto/net/addrplan.h"

#include <string.h>
#include <strings.h>

_Static_assert(BASE32_TEXT_SIZE(KEY_SIZE) + 1 == KEY_TEXT_SIZE, "text form of a key");

const char *key_text(const uint8_t key[KEY_SIZE], char text[KEY_TEXT_SIZE])
{
    base32_encode(text, key, KEY_SIZE);
    return text;
}

const char *key_short(const uint8_t key[KEY_SIZE], char text[KEY_SHORT_SIZE])
{
    char whole[KEY_TEXT_SIZE];

    memcpy(text, key_text(key, whole), KEY_SHORT_SIZE - 1);
    text[KEY_SHORT_SIZE - 1] = '\0';
    return text;
}

int key_parse(uint8_t out[KEY_SIZE], const char *text, size_t size)
{
    uint8_t key[KEY_SIZE];

    if (base32_decode(key, KEY_SIZE, text, size) != ERR_OK) {
        return ERR_DROP;
    }
    memcpy(out, key, KEY_SIZE);
    return ERR_OK;
}

bool key_begins(const uint8_t key[KEY_SIZE], const char *text)
{
    char whole[KEY_TEXT_SIZE];
    size_t size = strlen(text);

    return size >= KEY_SHORT_SIZE - 1 && size < KEY_TEXT_SIZE &&
           strncasecmp(key_text(key, whole), text, size) == 0;
}

const char *key_base58(const uint8_t key[KEY_SIZE], char text[KEY_BASE58_SIZE])
{
    return basex_encode(text, BASEX_58, key, KEY_SIZE);
}

void key_ip6(uint8_t out[16], const uint8_t key[KEY_SIZE])
{
    uint8_t hash[HASH_SIZE];

    hash_label(hash, "ziglan ip6 1", key, KEY_SIZE, NULL, 0);
    addrplan_auto(out, hash);
}

uint32_t key_ip4_hash(const uint8_t key[KEY_SIZE], uint32_t attempt)
{
    uint8_t hash[HASH_SIZE];
    uint8_t number[4];

    be32_write(number, attempt);
    hash_label(hash, "ziglan ip4 1", key, KEY_SIZE, number, sizeof(number));
    return be32_read(hash);
}
