/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One exchange of keys for a question and its answer. */
#include "proto/crypto/word.h"

#include "proto/base/bytes.h"

#include <sodium.h>
#include <string.h>

static const char label[] = "stun2 word 1";

enum {
    LABEL_SIZE = sizeof(label) - 1,
    E_AT = WORD_HEADER_SIZE,
    SEALED_AT = E_AT + KEY_SIZE,
    PLAIN_SIZE = WORD_SIZE - SEALED_AT - AEAD_TAG_SIZE,
    KEYS_SIZE = 2 * AEAD_KEY_SIZE, /* of the question, and of the answer */
};

void word_wipe(struct word *word)
{
    sodium_memzero(word, sizeof(*word));
}

/* ERR_DROP if the exchange gives nothing secret. */
static int keys_make(uint8_t keys[KEYS_SIZE], const uint8_t secret[KEY_SIZE],
                     const uint8_t public[KEY_SIZE], const uint8_t e[KEY_SIZE],
                     const uint8_t relay[KEY_SIZE])
{
    uint8_t message[LABEL_SIZE + 3 * KEY_SIZE], *at = message;
    int rc = ERR_DROP;

    memcpy(at, label, LABEL_SIZE);
    at += LABEL_SIZE;
    if (crypto_scalarmult(at, secret, public) != 0) {
        goto out;
    }
    at += KEY_SIZE;
    memcpy(at, e, KEY_SIZE);
    memcpy(at + KEY_SIZE, relay, KEY_SIZE);
    (void)crypto_generichash_blake2b(keys, KEYS_SIZE, message, sizeof(message), NULL, 0);
    rc = ERR_OK;
out:
    sodium_memzero(message, sizeof(message));
    return rc;
}

int word_ask(uint8_t out[WORD_SIZE], struct word *word, const uint8_t to[KEY_SIZE],
             const uint8_t key[KEY_SIZE], const uint8_t random[WORD_RANDOM_SIZE])
{
    uint8_t keys[KEYS_SIZE], plain[PLAIN_SIZE] = {0}, relay[KEY_SIZE], e[KEY_SIZE];
    struct aead_key aead;
    int rc = key_x25519(relay, to);

    if (rc != ERR_OK) {
        return rc;
    }
    (void)crypto_scalarmult_base(e, random);
    rc = keys_make(keys, random, relay, e, to);
    if (rc != ERR_OK) {
        return rc;
    }
    word->number = be64_read(random + KEY_SIZE);
    memcpy(word->answer_key, keys + AEAD_KEY_SIZE, AEAD_KEY_SIZE);
    word_header_write(out, FRAME_TYPE_WORD, word->number);
    memcpy(out + E_AT, e, KEY_SIZE);
    memcpy(plain, key, KEY_SIZE);
    aead_key_init(&aead, AEAD_CHACHA20_POLY1305, keys);
    aead_seal(&aead, 0, out, SEALED_AT, plain, sizeof(plain), out + SEALED_AT);
    aead_key_wipe(&aead);
    sodium_memzero(keys, sizeof(keys));
    return ERR_OK;
}

int word_asked(struct word *word, uint8_t key[KEY_SIZE], const struct identity *own,
               const uint8_t *data, size_t size)
{
    uint8_t keys[KEYS_SIZE], plain[PLAIN_SIZE];
    struct aead_key aead;
    uint64_t number;
    bool opened;

    if (size != WORD_SIZE || !word_header_read(&number, FRAME_TYPE_WORD, data, size) ||
        keys_make(keys, own->x25519_secret, data + E_AT, data + E_AT, own->public_key) != ERR_OK) {
        return ERR_DROP;
    }
    aead_key_init(&aead, AEAD_CHACHA20_POLY1305, keys);
    opened = aead_open(&aead, 0, data, SEALED_AT, data + SEALED_AT, size - SEALED_AT, plain);
    aead_key_wipe(&aead);
    if (opened) {
        word->number = number;
        memcpy(word->answer_key, keys + AEAD_KEY_SIZE, AEAD_KEY_SIZE);
        memcpy(key, plain, KEY_SIZE);
    }
    sodium_memzero(keys, sizeof(keys));
    return opened ? ERR_OK : ERR_DROP;
}

size_t word_answer(uint8_t out[WORD_SIZE], const struct word *word, const uint8_t *body,
                   size_t size)
{
    struct aead_key aead;

    CHECK(size <= WORD_BODY_SIZE_MAX);
    word_header_write(out, FRAME_TYPE_WORD_ANSWER, word->number);
    aead_key_init(&aead, AEAD_CHACHA20_POLY1305, word->answer_key);
    aead_seal(&aead, 0, out, WORD_HEADER_SIZE, body, size, out + WORD_HEADER_SIZE);
    aead_key_wipe(&aead);
    return WORD_HEADER_SIZE + size + AEAD_TAG_SIZE;
}

bool word_number(const uint8_t *data, size_t size, uint64_t *number)
{
    return size >= WORD_HEADER_SIZE + AEAD_TAG_SIZE && size <= WORD_SIZE &&
           word_header_read(number, FRAME_TYPE_WORD_ANSWER, data, size);
}

int word_answered(uint8_t body[WORD_BODY_SIZE_MAX], size_t *body_size, const struct word *word,
                  const uint8_t *data, size_t size)
{
    struct aead_key aead;
    uint64_t number = 0;
    bool opened;

    if (!word_number(data, size, &number) || number != word->number) {
        return ERR_DROP;
    }
    aead_key_init(&aead, AEAD_CHACHA20_POLY1305, word->answer_key);
    opened = aead_open(&aead, 0, data, WORD_HEADER_SIZE, data + WORD_HEADER_SIZE,
                       size - WORD_HEADER_SIZE, body);
    aead_key_wipe(&aead);
    if (!opened) {
        return ERR_DROP;
    }
    *body_size = size - WORD_HEADER_SIZE - AEAD_TAG_SIZE;
    return ERR_OK;
}
