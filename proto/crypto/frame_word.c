/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two exchanges of keys: one that nobody can repeat, and one that proves who sent it. */
#include "proto/crypto/frame_word.h"

#include "proto/base/bytes.h"

#include <sodium.h>
#include <string.h>

static const char label[] = "stun2 word 2";

enum {
    LABEL_SIZE = sizeof(label) - 1,
    FROM_AT = WORD_HEADER_SIZE,
    E_AT = FROM_AT + KEY_SIZE,
    KEYS_SIZE = 2 * AEAD_KEY_SIZE, /* of the word, and of the receipt */
    SHARED_SIZE = 2 * KEY_SIZE,    /* with e, and with who sent it */
};

/* The keys of a word with these clear bytes to the relay of this key. */
static void keys_make(uint8_t keys[KEYS_SIZE], const uint8_t shared[SHARED_SIZE],
                      const uint8_t *data, const uint8_t to[KEY_SIZE])
{
    uint8_t message[LABEL_SIZE + SHARED_SIZE + 3 * KEY_SIZE], *at = message;

    memcpy(at, label, LABEL_SIZE);
    at += LABEL_SIZE;
    memcpy(at, shared, SHARED_SIZE);
    at += SHARED_SIZE;
    memcpy(at, data + E_AT, KEY_SIZE);
    memcpy(at + KEY_SIZE, data + FROM_AT, KEY_SIZE);
    memcpy(at + 2 * KEY_SIZE, to, KEY_SIZE);
    (void)crypto_generichash_blake2b(keys, KEYS_SIZE, message, sizeof(message), NULL, 0);
    sodium_memzero(message, sizeof(message));
}

size_t frame_word_seal(uint8_t out[FRAME_WORD_SIZE_MAX], struct word *word,
                       const struct identity *own, const uint8_t to[KEY_SIZE],
                       const uint8_t secret[KEY_SIZE], const uint8_t *body, size_t body_size)
{
    uint8_t keys[KEYS_SIZE], shared[SHARED_SIZE], relay[KEY_SIZE];
    struct aead_key aead;
    size_t size = 0;

    CHECK(body_size > 0 && body_size <= FRAME_WORD_BODY_SIZE_MAX);
    if (key_x25519(relay, to) != ERR_OK || crypto_scalarmult(shared, secret, relay) != 0 ||
        crypto_scalarmult(shared + KEY_SIZE, own->x25519_secret, relay) != 0) {
        goto out;
    }
    word_header_write(out, FRAME_TYPE_FRAME_WORD, word->number);
    memcpy(out + FROM_AT, own->public_key, KEY_SIZE);
    (void)crypto_scalarmult_base(out + E_AT, secret);
    keys_make(keys, shared, out, to);
    memcpy(word->answer_key, keys + AEAD_KEY_SIZE, AEAD_KEY_SIZE);
    aead_key_init(&aead, AEAD_CHACHA20_POLY1305, keys);
    aead_seal(&aead, 0, out, FRAME_WORD_BODY_AT, body, body_size, out + FRAME_WORD_BODY_AT);
    aead_key_wipe(&aead);
    size = FRAME_WORD_BODY_AT + body_size + AEAD_TAG_SIZE;
    sodium_memzero(keys, sizeof(keys));
out:
    sodium_memzero(shared, sizeof(shared));
    return size;
}

bool frame_word_peek(uint8_t from[KEY_SIZE], uint64_t *number, const uint8_t *data, size_t size)
{
    if (size <= FRAME_WORD_BODY_AT + AEAD_TAG_SIZE || size > FRAME_WORD_SIZE_MAX ||
        !word_header_read(number, FRAME_TYPE_FRAME_WORD, data, size)) {
        return false;
    }
    memcpy(from, data + FROM_AT, KEY_SIZE);
    return true;
}

int frame_word_open(struct word *word, uint8_t body[FRAME_WORD_BODY_SIZE_MAX], size_t *body_size,
                    const struct identity *own, const uint8_t *data, size_t size)
{
    uint8_t keys[KEYS_SIZE], shared[SHARED_SIZE], from[KEY_SIZE], sender[KEY_SIZE];
    struct aead_key aead;
    uint64_t number = 0;
    int rc = ERR_DROP;

    if (!frame_word_peek(from, &number, data, size) || key_x25519(sender, from) != ERR_OK ||
        crypto_scalarmult(shared, own->x25519_secret, data + E_AT) != 0 ||
        crypto_scalarmult(shared + KEY_SIZE, own->x25519_secret, sender) != 0) {
        goto out;
    }
    keys_make(keys, shared, data, own->public_key);
    aead_key_init(&aead, AEAD_CHACHA20_POLY1305, keys);
    if (aead_open(&aead, 0, data, FRAME_WORD_BODY_AT, data + FRAME_WORD_BODY_AT,
                  size - FRAME_WORD_BODY_AT, body)) {
        word->number = number;
        memcpy(word->answer_key, keys + AEAD_KEY_SIZE, AEAD_KEY_SIZE);
        *body_size = size - FRAME_WORD_BODY_AT - AEAD_TAG_SIZE;
        rc = ERR_OK;
    }
    aead_key_wipe(&aead);
    sodium_memzero(keys, sizeof(keys));
out:
    sodium_memzero(shared, sizeof(shared));
    return rc;
}

void frame_word_receipt(uint8_t out[FRAME_WORD_RECEIPT_SIZE], const struct word *word)
{
    struct aead_key aead;

    word_header_write(out, FRAME_TYPE_RECEIPT, word->number);
    aead_key_init(&aead, AEAD_CHACHA20_POLY1305, word->answer_key);
    aead_seal(&aead, 0, out, WORD_HEADER_SIZE, out, 0, out + WORD_HEADER_SIZE);
    aead_key_wipe(&aead);
}

bool frame_word_receipt_number(uint64_t *number, const uint8_t *data, size_t size)
{
    return size == FRAME_WORD_RECEIPT_SIZE &&
           word_header_read(number, FRAME_TYPE_RECEIPT, data, size);
}

bool frame_word_is_receipt(const struct word *word, const uint8_t *data, size_t size)
{
    struct aead_key aead;
    uint64_t number = 0;
    uint8_t nothing[1];
    bool opened;

    if (!frame_word_receipt_number(&number, data, size) || number != word->number) {
        return false;
    }
    aead_key_init(&aead, AEAD_CHACHA20_POLY1305, word->answer_key);
    opened = aead_open(&aead, 0, data, WORD_HEADER_SIZE, data + WORD_HEADER_SIZE, AEAD_TAG_SIZE,
                       nothing);
    aead_key_wipe(&aead);
    return opened;
}
