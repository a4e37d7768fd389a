/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Of each form only one spelling exists for an Ed25519 key, since protobuf messages of libp2p are
 * deterministic: so a form is a fixed beginning and the bytes of the key.
 */
#include "client/import/libp2p_key.h"

#include "proto/base/base32.h"
#include "proto/base/basex.h"

#include <string.h>

/* What stands before the key: protobuf field 1 (kind: 1, Ed25519), field 2 (its size). */
static const uint8_t multihash[] = {0x00, 0x24, 0x08, 0x01, 0x12, 0x20};
static const uint8_t cid[] = {0x01, 0x72, 0x00, 0x24, 0x08, 0x01, 0x12, 0x20};
static const uint8_t private_64[] = {0x08, 0x01, 0x12, 0x40};
static const uint8_t private_96[] = {0x08, 0x01, 0x12, 0x60};

enum { CID_SIZE = sizeof(cid) + KEY_SIZE };

/* Multibase: the first character names the base. */
static int multibase_decode(uint8_t *out, size_t *size, const char *text, size_t text_size)
{
    if (text_size == 0) {
        return ERR_DROP;
    }
    switch (text[0]) {
    case 'z':
        return basex_decode(out, size, BASEX_58, text + 1, text_size - 1);
    case 'k':
        return basex_decode(out, size, BASEX_36, text + 1, text_size - 1);
    case 'b':
        *size = CID_SIZE;
        return base32_decode(out, CID_SIZE, text + 1, text_size - 1);
    default:
        return ERR_DROP;
    }
}

int libp2p_id_parse(uint8_t out[KEY_SIZE], const char *text, size_t size)
{
    uint8_t bytes[CID_SIZE];
    size_t count = sizeof(bytes);

    if (basex_decode(bytes, &count, BASEX_58, text, size) == ERR_OK &&
        count == sizeof(multihash) + KEY_SIZE && memcmp(bytes, multihash, sizeof(multihash)) == 0) {
        memcpy(out, bytes + sizeof(multihash), KEY_SIZE);
        return ERR_OK;
    }
    count = sizeof(bytes);
    if (multibase_decode(bytes, &count, text, size) != ERR_OK || count != CID_SIZE ||
        memcmp(bytes, cid, sizeof(cid)) != 0) {
        return ERR_DROP;
    }
    memcpy(out, bytes + sizeof(cid), KEY_SIZE);
    return ERR_OK;
}

/* Whether each whole public key behind the seed is the one that belongs to it. */
static bool seed_matches(const uint8_t *body, size_t size)
{
    struct identity identity;
    bool same = true;

    identity_from_seed(&identity, body);
    for (size_t at = IDENTITY_SEED_SIZE; at < size; at += KEY_SIZE) {
        same = same && memcmp(body + at, identity.public_key, KEY_SIZE) == 0;
    }
    identity_wipe(&identity);
    return same;
}

int libp2p_private_key_parse(uint8_t seed[IDENTITY_SEED_SIZE], const char *text, size_t size)
{
    uint8_t bytes[sizeof(private_96) + 96];
    size_t count = sizeof(bytes);
    int rc = ERR_DROP;

    memset(seed, 0, IDENTITY_SEED_SIZE);
    if (size > 0 && text[0] == 'z' &&
        basex_decode(bytes, &count, BASEX_58, text + 1, size - 1) == ERR_OK &&
        ((count == sizeof(private_64) + 64 && memcmp(bytes, private_64, 4) == 0) ||
         (count == sizeof(private_96) + 96 && memcmp(bytes, private_96, 4) == 0)) &&
        seed_matches(bytes + 4, count - 4)) {
        memcpy(seed, bytes + 4, IDENTITY_SEED_SIZE);
        rc = ERR_OK;
    }
    explicit_bzero(bytes, sizeof(bytes));
    return rc;
}
